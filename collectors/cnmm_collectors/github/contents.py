"""The files of a repository through the API alone: its list in one call, the wanted contents by the hundred.

What comes is kept as git keeps it, under the ids that the host names, and the Git collector reads it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.github.content_queries import contents_query
from cnmm_collectors.github.working import read_worked
from cnmm_collectors.hosts.facts import Unread
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.plugin import GitDeposit, GivenEntry, LedgerRow, Reader, Target, Wanted, Yield
from cnmm_collectors.reader import GitFault
from cnmm_collectors.signals import Gap

CONTENTS = "github-contents"
CALLS = 3
"""The calls of a repository of usual size: one list, one or two questions for contents and work."""
_BATCH, _BYTES, _LARGEST, _USUAL = 100, 4 * 1024**2, 512_000, 8 * 1024
"""Contents in one question, their bytes together, the largest that is given whole, and a guess."""
_ROUNDS = 3
_MODES = frozenset({"100644", "100755"})
_ID = re.compile(r"[0-9a-f]{40}")
_NO_READER = Unread(Gap.NOT_COLLECTED, "no collector of this run reads files")
_HIDDEN = Unread(Gap.NOT_VISIBLE, "files cannot be read; needs contents: read")
_CUT = Unread(Gap.UNSUPPORTED, "the host lists only part of so many files: clone it")
_LARGE = Unread(Gap.UNSUPPORTED, "larger than the API gives whole")
_MANY = Unread(Gap.SAMPLED_OUT, "beyond the number of files that the API is asked for")
_FALSE = Unread(Gap.MALFORMED, "the API gave no text, or another content than the file's own")


@dataclass(frozen=True, slots=True)
class _Got:
    """What came of the files whose content is wanted: received, skipped for their number or size, or failed.

    `why` is the reason for the gravest of what is missing.
    """

    wanted: Wanted
    received: int
    skipped: int
    failed: int
    why: Unread | None


def read_contents(client: Client, target: Target, reader: Reader) -> Iterator[Yield]:
    """Yield the folder with the files of a repository as a target, and what became of them."""
    yield from _yield(target, reader, lambda deposit: _fill(client, target, reader, deposit))


def refuse_contents(target: Target, reader: Reader, why: Unread) -> Iterator[Yield]:
    """Yield the folder of a repository of which nothing can be asked, with the reason in it."""
    yield from _yield(target, reader, lambda _: why)


def _yield(target: Target, reader: Reader, fill: Callable[[GitDeposit], _Got | Unread]) -> Iterator[Yield]:
    try:
        deposit = reader.git.deposit(target.fact("url"))
        got = fill(deposit)
        if isinstance(got, Unread):
            deposit.settle({"refused": True, "gap": got.gap.value, "detail": got.detail})
    except GitFault as fault:
        yield _refused(target, Unread(fault.gap, str(fault)))
        return
    yield _refused(target, got) if isinstance(got, Unread) else _received(target, got)
    facts = (("default_branch", target.fact("default_branch")), ("organisation", target.fact("organisation")))
    yield Target("git", deposit.locator, "", target.subject, facts)


def _fill(client: Client, target: Target, reader: Reader, deposit: GitDeposit) -> _Got | Unread:
    commit, tree = target.fact("commit"), target.fact("tree")
    if not commit or not tree:
        return _HIDDEN
    try:
        listed = _list(client, target.locator, tree, deposit)
        if isinstance(listed, Unread):
            return listed
        got = _read(client, target.locator, reader, deposit, listed)
    except GitFault as fault:
        return Unread(fault.gap, str(fault))
    if isinstance(got, Unread):
        return got
    worked = read_worked(client, target.locator, commit, got.wanted, deposit.told())
    missing = got.why or Unread(Gap.NOT_COLLECTED, "")
    deposit.settle({
        "refused": False, "commit": commit, "tree": tree, "gap": missing.gap.value, "detail": missing.detail,
        "worked": worked.folders, "asked": worked.asked, "seen": worked.seen,
    })  # fmt: skip
    return got


def _list(
    client: Client, place: str, tree: str, deposit: GitDeposit
) -> tuple[Sequence[GivenEntry], Mapping[str, int]] | Unread:
    """Return the files of a tree, from the host where they are not here yet, and the sizes it told."""
    if not deposit.holds(tree):
        body, outcome = client.get(f"/repos/{place}/git/trees/{tree}", recursive=1)
        if outcome.kind is not Kind.PRESENT:
            return unread(outcome)
        rows = body.get("tree") if isinstance(body, Mapping) else None
        entries = [_entry(row) for row in rows] if isinstance(rows, list) else [None]
        if isinstance(body, Mapping) and body.get("truncated") is True:
            return _CUT
        known = [one for one in entries if one is not None]
        if len(known) < len(entries):
            return Unread(Gap.MALFORMED, "the host's list of files is malformed")
        deposit.plant(known, tree)
        return [one for one in known if one.kind != "tree"], {one.oid: one.size for one in known}
    return deposit.entries(tree), {}


def _entry(row: Any) -> GivenEntry | None:
    if not isinstance(row, Mapping):
        return None
    path, mode, kind, oid = (row.get(key) for key in ("path", "mode", "type", "sha"))
    size = row.get("size")
    if not all(isinstance(one, str) for one in (path, mode, kind, oid)):
        return None
    return GivenEntry(str(path), str(mode), str(kind), str(oid), size if isinstance(size, int) else -1)


def _read(
    client: Client,
    place: str,
    reader: Reader,
    deposit: GitDeposit,
    listed: tuple[Sequence[GivenEntry], Mapping[str, int]],
) -> _Got | Unread:
    """Return what came of the contents that are wanted; what is read first may ask for more."""
    files, sizes = {one.path: one.oid for one in listed[0] if one.mode in _MODES}, listed[1]
    names, known = list(files), dict[str, bytes]()
    asked, tried = set[str](), set[str]()
    wanted: Wanted | None = None
    why: Unread | None = None
    for _ in range(_ROUNDS):
        if (wanted := reader.wants(names, known)) is None:
            return _NO_READER
        more = sorted(wanted.paths - asked, key=lambda path: (path.count("/"), path))
        if not more:
            break
        asked |= set(more)
        absent = deposit.missing(files[path] for path in more)
        fit = [
            files[path] for path in more if files[path] in absent and sizes.get(files[path], 0) <= _LARGEST
        ]
        chosen = list(dict.fromkeys(fit))[: client.settings.contents_files - len(tried)]
        tried |= set(chosen)
        why = _fetch(client, place, chosen, sizes, deposit) or why
        held = deposit.contents(files[path] for path in more)
        known |= {path: held[files[path]] for path in more if files[path] in held}
    if wanted is None:
        return _NO_READER
    lost = asked - known.keys()
    failed = sum(files[path] in tried for path in lost)
    over = any(sizes.get(files[path], 0) > _LARGEST for path in lost)
    why = why or (_LARGE if over else _MANY) if lost else None
    return _Got(wanted, len(known), len(lost) - failed, failed, why)


def _fetch(
    client: Client, place: str, oids: Sequence[str], sizes: Mapping[str, int], deposit: GitDeposit
) -> Unread | None:
    """Fetch contents; return why some did not come. A question that is too much is asked in halves."""
    organisation, _, name = place.partition("/")
    waiting = list(_batches(oids, sizes))
    why: Unread | None = None
    while waiting:
        batch = waiting.pop(0)
        answer, outcome = client.query(contents_query(batch), org=organisation, name=name)
        if answer is None and outcome.kind is Kind.ERROR and len(batch) > 1:
            middle = len(batch) // 2
            waiting[:0] = [batch[:middle], batch[middle:]]
            continue
        if answer is None or answer.at("repository") is None:
            miss = answer.miss("repository") if answer is not None else None
            return unread(miss or outcome)
        true = deposit.add(dict(_texts(batch, answer.at("repository"))))
        if len(true) < len(batch):
            miss = answer.miss("repository")
            why = unread(miss) if miss is not None else _FALSE
    return why


def _batches(oids: Iterable[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    total = 0
    for oid in oids:
        size = max(0, sizes.get(oid, _USUAL))
        if batch and (len(batch) >= _BATCH or total + size > _BYTES):
            yield batch
            batch, total = [], 0
        batch.append(oid)
        total += size
    if batch:
        yield batch


def _texts(batch: Sequence[str], found: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the contents that came as text; whether each is the file's own is for its id to say."""
    for number, oid in enumerate(batch):
        blob = found.get(f"b{number}") if isinstance(found, Mapping) else None
        text = blob.get("text") if isinstance(blob, Mapping) else None
        if isinstance(text, str):
            yield oid, text.encode("utf-8", "surrogatepass")


def _refused(target: Target, why: Unread) -> LedgerRow:
    return LedgerRow(
        "github", "repository's files", target.locator, 1, 0, failed=1, cause=why.gap.value, detail=why.detail
    )


def _received(target: Target, got: _Got) -> LedgerRow:
    return LedgerRow(
        "github", "file", target.locator, got.received + got.skipped + got.failed, got.received, got.skipped,
        got.failed, got.why.gap.value if got.why else "", got.why.detail if got.why else "",
    )  # fmt: skip
