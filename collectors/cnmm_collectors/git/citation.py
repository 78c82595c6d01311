"""Citations of one repository at one commit: permalinks where the host is known, git commands always."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from urllib.parse import quote

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.git.excerpts import show_lines
from cnmm_collectors.plugin import Reader


class RepositoryCite:
    """Makes evidence about a repository; implements `model.Cite`."""

    def __init__(
        self, reader: Reader, name: str, commit: str, web: str, remote: str,
        oids: Mapping[str, str], contents: Mapping[str, bytes], asked: str = "",
    ) -> None:  # fmt: skip
        """Cite a commit; `asked` is how its past was asked for where that was not by git."""
        self._reader, self._name, self._commit = reader, name, commit
        self._web, self._remote, self._oids, self._contents = web, remote, oids, contents
        self._asked = asked
        self._trees: dict[str, Evidence] = {}
        self._listing = hashlib.sha256(
            "".join(f"{oid} {path}\0" for path, oid in sorted(oids.items())).encode(
                "utf-8", "surrogateescape"
            )
        ).hexdigest()

    def file(self, path: str, first: int = 0, last: int = 0, excerpt: str = "") -> Evidence:
        """Cite lines first..last (1-based, 0 for the whole file) of a tracked path at the scanned commit.

        The excerpt is the words given, and behind them the lines where they are fit to be shown.
        """
        last = max(first, last)
        lines = "" if not first else f"L{first}" if first == last else f"L{first}-L{last}"
        oid = self._oids.get(path, "")
        shown = show_lines(path, self._contents.get(path, b""), first, last)
        return self._reader.cite(
            locator=self._locate(path, first, last, lines),
            query=f"git show {shlex.quote(f'{self._commit}:{path}')}",
            payload=f"blob {oid}\n{lines}\n".encode(),
            path=path,
            commit=self._commit,
            lines=lines,
            native_id=oid,
            excerpt=": ".join(filter(None, (excerpt, shown))),
        )

    def tree(self, what: str) -> Evidence:
        """Cite the listing of all tracked paths, the proof of an absence; `what` says what was looked for."""
        if what not in self._trees:
            self._trees[what] = self._whole(
                f"git ls-tree -r -z {self._commit}", f"tree {self._listing}\n".encode(),
                f"looked for: {what}; {len(self._oids)} tracked paths",
            )  # fmt: skip
        return self._trees[what]

    def history(self, what: str, aggregate: bytes) -> Evidence:
        """Cite a figure over the history by the digest of its aggregate, naming no commit and no person."""
        query = self._asked or f"git log -c --name-status --no-renames --use-mailmap {self._commit}"
        return self._whole(query, b"history " + what.encode() + b"\n" + aggregate, what)

    def refs(self, what: str) -> Evidence:
        """Cite that a repository has no commit to scan."""
        return self._reader.cite(
            locator=self._web or self._remote or f"git:{self._name}",
            query="git rev-parse --verify HEAD", payload=b"no commit\n", excerpt=what,
        )  # fmt: skip

    def _whole(self, query: str, payload: bytes, excerpt: str) -> Evidence:
        place = (
            f"{self._web}{'/-' if self._is_gitlab() else ''}/tree/{self._commit}"
            if self._web
            else self._plain()
        )
        return self._reader.cite(
            locator=place, query=query, payload=payload, commit=self._commit, excerpt=excerpt
        )

    def _locate(self, path: str, first: int, last: int, lines: str) -> str:
        if not self._web:
            return f"{self._plain()}:{path}" + (f"#{lines}" if lines else "")
        quoted = quote(path.encode("utf-8", "surrogateescape"))
        if self._is_gitlab():
            span = f"#L{first}-{last}" if last > first else f"#{lines}" if lines else ""
            return f"{self._web}/-/blob/{self._commit}/{quoted}{span}"
        return f"{self._web}/blob/{self._commit}/{quoted}" + (f"#{lines}" if lines else "")

    def _plain(self) -> str:
        # A remote that is a folder of this machine would show where somebody keeps files.
        named = self._remote if "://" in self._remote and not self._remote.startswith("file:") else ""
        return f"{named or f'git:{self._name}'}@{self._commit}"

    def _is_gitlab(self) -> bool:
        return "gitlab" in self._web.split("/")[2]
