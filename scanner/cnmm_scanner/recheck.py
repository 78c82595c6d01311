"""Citations fetched again with the auditor's own access: same, changed, gone, or not permitted to look."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cnmm_collectors.drawing import order
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import GitRepository
from cnmm_collectors.reader import GitFault, SourceReader
from cnmm_collectors.signals import Gap
from cnmm_scanner.collected_again import CollectedAgain
from cnmm_scanner.faults import Fault

SCHEMA = "cnmm/recheck/1"
SAME, CHANGED, GONE = "same", "changed", "gone"
NOT_PERMITTED, NOT_REACHED, NOT_SUPPORTED = "not permitted", "not reached", "not supported yet"
RESULTS = (SAME, CHANGED, GONE, NOT_PERMITTED, NOT_REACHED, NOT_SUPPORTED)

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WEB = re.compile(r"(https://[^/]+/[^?#]+?)(?:/-)?/(?:blob|tree|raw)/")
_SHOW, _TREE = "git show ", "git ls-tree -r -z "


class RecheckFault(Fault):
    """A repository is not given as NAME=PATH, or is none."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """One citation that was fetched again, and what came of it."""

    evidence: str
    source: str
    repository: str
    what: str
    result: str
    detail: str


def parse_repositories(given: Sequence[str]) -> dict[str, str]:
    """Return paths or URLs by repository name; raises RecheckFault."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, place = text.partition("=")
        if not name or not equals or not place:
            raise RecheckFault(f"--repo {text[:60]!r}", "write NAME=PATH")
        if "://" not in place and not Path(place).is_dir():
            raise RecheckFault(f"--repo {name}: {place} is not a folder")
        found[name] = place
    return found


def choose(evidence: Sequence[Mapping[str, Any]], seed: int, size: int) -> list[Evidence]:
    """Return at most `size` of an assessment's citations, in the order that the seed gives them."""
    known = {item["id"]: Evidence.from_json(item) for item in evidence}
    return [known[key] for key in order(known, seed)[:size]]


class Recheck:
    """Fetches git citations again; each repository is opened once.

    What no repository can show again is compared with a second collection, where the auditor made one.
    A credential goes to the repositories the auditor names and nowhere else: a bundle may cite any host.
    """

    def __init__(
        self, repositories: Mapping[str, str], now: str, cache: Path | None, credential: str = "",
        again: CollectedAgain | None = None,
    ) -> None:  # fmt: skip
        self._given = repositories
        self._again = again
        day = date.fromisoformat(now[:10])
        self._reader = SourceReader(collector="recheck", version="1", as_of=day, now=now, cache=cache)
        self._own = SourceReader(
            collector="recheck", version="1", as_of=day, now=now, cache=cache,
            credential=credential, environment=os.environ,
        )  # fmt: skip
        self._opened: dict[str, GitRepository | GitFault] = {}
        self._listings: dict[tuple[str, str], str] = {}

    def close(self) -> None:
        """Release what the open repositories hold."""
        for one in self._opened.values():
            if not isinstance(one, GitFault):
                one.close()

    def check(self, item: Evidence) -> Rechecked:
        """Return what became of one citation."""
        name, address = repository_of(item)
        what = f"{item.path or item.query} {item.lines}".strip()
        result, detail = self._result(item, name, address)
        return Rechecked(item.id, item.source, name, what, result, detail)

    def _result(self, item: Evidence, name: str, address: str) -> tuple[str, str]:
        if not item.query.startswith((_SHOW, _TREE)):
            if self._again is not None:
                return _compared(item, self._again)
            kind = "a figure over a history" if item.query.startswith("git log") else "no way to ask again"
            how = "collect it with your own access and give --against"
            return NOT_SUPPORTED, f"{item.source}: {kind}: {item.query.split('?')[0][:80]}; {how}"
        place = self._place(name, address)
        if not place:
            return NOT_REACHED, f"no repository was named: --repo {name or 'NAME'}=PATH"
        try:
            repository = self._open(place)
            if not _COMMIT.fullmatch(item.commit):
                return NOT_SUPPORTED, "the citation names no commit"
            if not _holds(repository, item.commit):
                return GONE, "the commit is not in the repository"
            return self._compare(item, repository, place)
        except GitFault as fault:
            return _fault(fault)

    def _place(self, name: str, address: str) -> str:
        for given, place in self._given.items():
            if name == given or name.endswith(f"/{given}"):
                return place
        return address

    def _open(self, place: str) -> GitRepository:
        if place not in self._opened:
            try:
                reader = self._own if place in self._given.values() else self._reader
                repository = reader.git.open(place)
                self._opened[place] = repository
                # Without a commit that is looked at, a clone of ours holds no tree.
                repository.resolve()
            except GitFault as fault:
                self._opened[place] = fault
        found = self._opened[place]
        if isinstance(found, GitFault):
            raise found
        return found

    def _compare(self, item: Evidence, repository: GitRepository, place: str) -> tuple[str, str]:
        if item.query.startswith(_TREE):
            payload = self._listing(repository, place, item.commit)
        else:
            oid = _blob(repository, item.commit, item.path)
            if not oid:
                return GONE, "the commit does not hold the path"
            payload = f"blob {oid}\n{item.lines}\n"
        again = self._reader.cite(
            locator=item.locator, query=item.query, payload=payload.encode(), path=item.path
        )
        if again.digest == item.digest:
            return SAME, f"digest {item.digest}"
        return CHANGED, f"digest was {item.digest}, is {again.digest}"

    def _listing(self, repository: GitRepository, place: str, commit: str) -> str:
        if (place, commit) not in self._listings:
            rows = sorted(_tree(repository, commit))
            text = "".join(f"{oid} {path}\0" for path, oid in rows)
            self._listings[place, commit] = hashlib.sha256(
                text.encode("utf-8", "surrogateescape")
            ).hexdigest()
        return f"tree {self._listings[place, commit]}\n"


def repository_of(item: Evidence) -> tuple[str, str]:
    """Return the name of the repository a citation is about, and its clone URL where it has a public one."""
    web = _WEB.match(item.locator)
    if web:
        return web[1].split("/", 3)[3], web[1]
    base = item.locator.partition(f"@{item.commit}")[0] if item.commit else item.locator
    if base.startswith("git:"):
        return base.removeprefix("git:"), ""
    if base.startswith("https://"):
        return base.split("/", 3)[-1].removesuffix(".git"), base
    return "", ""


def _holds(repository: GitRepository, commit: str) -> bool:
    # A batch check answers `missing` where `git show` would only fail.
    answer = repository.run("cat-file", "--batch-check", stdin=f"{commit}\n".encode())
    return answer.split()[1:2] == [b"commit"]


def _blob(repository: GitRepository, commit: str, path: str) -> str:
    for found, oid in _tree(repository, commit, path):
        if found == path:
            return oid
    return ""


def _tree(repository: GitRepository, commit: str, *paths: str) -> Iterator[tuple[str, str]]:
    listing = repository.run(
        "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths
    )
    for row in listing.split(b"\0"):
        if row:
            facts, _, path = row.decode("utf-8", "surrogateescape").partition("\t")
            yield path, facts.split(" ")[2]


def _compared(item: Evidence, again: CollectedAgain) -> tuple[str, str]:
    """Return what a second collection says of a citation; a refusal is never taken for an absence."""
    found = again.digest_of(item)
    if found == item.digest:
        return SAME, f"digest {item.digest}"
    if found:
        return CHANGED, f"digest was {item.digest}, is {found}"
    if item.source in again.refused:
        return NOT_PERMITTED, f"the second collection was refused a part of {item.source}"
    if item.source in again.lost or item.source not in again.read:
        return NOT_REACHED, f"the second collection did not read all of {item.source}"
    return GONE, "the second collection cites nothing at that place"


def _fault(fault: GitFault) -> tuple[str, str]:
    refused = fault.gap in (Gap.NOT_PERMITTED, Gap.NOT_VISIBLE)
    return NOT_PERMITTED if refused else NOT_REACHED, str(fault)


def build_document(rows: Sequence[Rechecked], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recheck as data, with how many citations ended how."""
    counts = Counter(row.result for row in rows)
    return {
        "schema": SCHEMA,
        **about,
        "counts": {name: counts[name] for name in RESULTS},
        "citations": [asdict(row) for row in rows],
    }


def as_table(told: Mapping[str, Any]) -> str:
    """Return a recheck as a table fit for a working paper."""
    head = (
        f"{told['organisation']} as of {told['as_of']}: {len(told['citations'])} of {told['population']} "
        f"citations, seed {told['seed']}, fetched again at {told['at']}"
    )
    sums = ", ".join(f"{number} {name}" for name, number in told["counts"].items() if number)
    rows = [("result", "repository", "what", "detail")]
    rows += [
        (one["result"], one["repository"], _plain(one["what"]), _plain(one["detail"]))
        for one in told["citations"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join((*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[3]))
        for row in rows
    ]
    return "\n".join([head, f"bundle {told['bundle']}", sums, "", *lines])


def _plain(text: str) -> str:
    from cnmm_reports.inert import line

    return line(text, 160)
