"""Signals over docs and the code they describe: lag, change together, removal together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnmm_collectors.git.detect.paths import path_class
from cnmm_collectors.git.history import DAY, History
from cnmm_collectors.git.model import Cite, Component, PathClass
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.git.standing import Standing
from cnmm_collectors.git.touches import Touch
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Unknown

KEYS = ("docs.staleness_lag_days", "docs.cochange_ratio", "docs.removal_cochange_ratio")
_ADDED, _DELETED = ord("A"), ord("D")


@dataclass(frozen=True, slots=True)
class Freshness:
    """Judges one component at a time; `now` is the last second of the audit day."""

    history: History
    settings: Settings
    standing: Standing
    cite: Cite
    now: int

    def judge(
        self, component: Component, paths: Sequence[str], merged: Sequence[tuple[Touch, Touch]]
    ) -> Iterator[Signal]:
        """Yield the freshness signals of a component from its tracked paths and merged changes."""
        outside = self.standing.undated(component)
        start = self.now - self.settings.authorship_days * DAY
        recent = [pair for pair in merged if pair[0].when > start]
        readings: tuple[Reading, ...] = (
            (outside,) * len(KEYS) if outside is not None
            else (self._lag(component, paths), self._together(component, recent),
                  self._removed(component, recent))
        )  # fmt: skip
        for key, reading in zip(KEYS, readings, strict=True):
            yield Signal(key, component.subject, "git", reading)

    def _lag(self, component: Component, paths: Sequence[str]) -> Reading:
        code: list[str] = []
        docs: list[str] = []
        for path in paths:
            kind = path_class(path)
            if kind is PathClass.CODE:
                code.append(path)
            elif kind is PathClass.DOCS:
                docs.append(path)
        if not code or not docs:
            return self.standing.absent("docs beside code, one of them missing")
        if any(path in self.history.unclear for path in (*code, *docs)):
            return Unknown(
                Gap.MALFORMED, "code or docs were last changed by a commit with an impossible date"
            )
        newest_code = max(code, key=lambda path: (self.history.changed[path], path))
        newest_docs = max(docs, key=lambda path: (self.history.changed[path], path))
        lag = max(0, self.history.changed[newest_code] - self.history.changed[newest_docs]) // DAY
        what = f"days from the newest docs change to the newest code change, bulk edits ignored: {lag}"
        evidence = (
            self.cite.history(what, f"{component.subject} {lag}".encode()),
            self.cite.file(newest_docs),
            self.cite.file(newest_code),
        )
        return Observed(lag, evidence)

    def _together(self, component: Component, recent: Sequence[tuple[Touch, Touch]]) -> Reading:
        changed = [pair for pair in recent if self._numbers(pair[0], PathClass.CODE)]
        both = sum(any(self._numbers(touch, PathClass.DOCS) for touch in pair) for pair in changed)
        return self._share(component, "merged changes of code that change docs too", both, len(changed))

    def _removed(self, component: Component, recent: Sequence[tuple[Touch, Touch]]) -> Reading:
        removals = [pair for pair in recent if self._removes_code(pair[0])]
        both = sum(any(self._numbers(touch, PathClass.DOCS) for touch in pair) for pair in removals)
        return self._share(
            component, "merged changes that remove code and change its docs too", both, len(removals)
        )

    def _share(self, component: Component, what: str, part: int, whole: int) -> Reading:
        days = self.settings.authorship_days
        if not whole:
            return self.standing.absent(f"{what}, in {days} days: none to judge")
        cited = self.cite.history(
            f"{what}, in {days} days: {part} of {whole}", f"{component.subject} {part} {whole}".encode()
        )
        return Observed(Fraction(part, whole), (cited,))

    def _numbers(self, touch: Touch, wanted: PathClass) -> bool:
        return any(path_class(self.history.paths[number]) is wanted for number in touch.ids)

    def _removes_code(self, touch: Touch) -> bool:
        """True where a code file goes and no file of that name comes: a move removes nothing."""
        names = self.history.paths
        come = {
            names[number].rpartition("/")[2]
            for number, letter in zip(touch.ids, touch.letters, strict=True) if letter == _ADDED
        }  # fmt: skip
        return any(
            letter == _DELETED
            and path_class(names[number]) is PathClass.CODE
            and names[number].rpartition("/")[2] not in come
            for number, letter in zip(touch.ids, touch.letters, strict=True)
        )
