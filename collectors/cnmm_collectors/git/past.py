"""The history, read to its end when it is first asked for: until then git walks it beside us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cnmm_collectors.git.history import History, Parser
from cnmm_collectors.reader import GitFault
from cnmm_collectors.signals import Gap

Span = tuple[int | None, int]


@dataclass(frozen=True, slots=True)
class Past:
    """The history, or None with the gap and the line that say why it is not known."""

    history: History | None
    gap: Gap | None = None
    detail: str = ""


class LatePast:
    """Parses the commits once, at the first call of `finish`."""

    def __init__(self, parser: Parser, stream: Iterable[bytes]) -> None:
        self._parser: Parser | None = parser
        self._stream = stream
        self._past: Past | None = None

    def finish(self) -> Past:
        """Return the past; a history that breaks off is none, with its cause."""
        if self._past is None:
            # What it took to tell the history goes with the parser: as much again for a large tree.
            parser, self._parser = self._parser, None
            try:
                self._past = Past(parser.feed(self._stream) if parser is not None else None)
            except GitFault as fault:
                self._past = Past(None, fault.gap, f"history cannot be read: {fault}")
        return self._past


class LateDates(Mapping[str, Span]):
    """What `spans` says of the history, once it is asked for; empty where history is not known."""

    def __init__(self, past: LatePast) -> None:
        self._past = past
        self._known: dict[str, Span] | None = None

    def __getitem__(self, path: str) -> Span:
        return self._spans()[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans())

    def __len__(self) -> int:
        return len(self._spans())

    def __bool__(self) -> bool:
        # Asking whether there are any must not make anybody wait for the history.
        return True

    def _spans(self) -> dict[str, Span]:
        if self._known is None:
            history = self._past.finish().history
            self._known = spans(history) if history is not None else {}
        return self._known


def spans(history: History) -> dict[str, Span]:
    """Return for every dated path when it was added, None where no dated commit was seen to add it, and
    when it last really changed; for the empty path, the repository itself, its first commit, None where some
    commit has no date, and its first dated one.
    """
    found: dict[str, Span] = {path: (history.added.get(path), last) for path, last in history.changed.items()}
    if history.first is not None:
        found[""] = (None if history.undated else history.first, history.first)
    return found
