"""The history, read to its end when it is first asked for: until then git walks it beside us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cnmm_collectors.git.history import History, Parser
from cnmm_collectors.reader import GitFault
from cnmm_collectors.signals import Gap

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Past:
    """The history, or None with the gap and the line that say why it is not known."""

    history: History | None
    gap: Gap | None = None
    detail: str = ""


class LatePast:
    """Parses the commits once, at the first call of `finish`."""

    def __init__(self, parser: Parser, stream: Iterable[bytes]) -> None:
        self._parser, self._stream = parser, stream
        self._past: Past | None = None

    def finish(self) -> Past:
        """Return the past; a history that breaks off is none, with its cause."""
        if self._past is None:
            try:
                self._past = Past(self._parser.feed(self._stream))
            except GitFault as fault:
                self._past = Past(None, fault.gap, f"history cannot be read: {fault}")
        return self._past


class LateDates(Mapping[str, Span]):
    """Path -> epoch seconds of its first and its last real change; empty where history is not known."""

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
    """Return for every dated path when it first appeared and when it last really changed."""
    return {path: (history.added.get(path, last), last) for path, last in history.changed.items()}
