"""Whose pipelines and charts are copies: sketches of all components compared, without their text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from cnmm_collectors import registry
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject

KEY = "git.boilerplate_duplicate_ratio"
ALIKE = Fraction(80, 100)
_DIGITS = 12
_KEPT = 128


@dataclass(frozen=True, slots=True)
class _Sketch:
    subject: Subject
    repository: str
    shared: bool
    shingles: frozenset[str]


class BoilerplateJoin:
    """Implements `plugin.Join`; `context`: `now`, and `complete`, True where the population was read."""

    name: ClassVar[str] = "boilerplate"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("git",)) if spec.id == KEY
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(("boilerplate.sketch",), ("git",))

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield for each component with a sketch whether another repository holds nearly the same."""
        sketches = sorted(_read(facts), key=lambda item: item.subject)
        copies = _copies(sketches)
        for sketch in sketches:
            yield Signal(KEY, sketch.subject, "git", _judge(sketch, sketch.subject in copies, context))


def _judge(sketch: _Sketch, copied: bool, context: Mapping[str, Any]) -> Reading:
    if sketch.shared:
        # Whoever refers to a shared template reuses it, whatever else there is.
        what = "its pipeline refers to a shared template"
        return Observed(False, (cite_join("boilerplate", context, what, what.encode()),))
    if not copied and not context.get("complete"):
        return Unknown(Gap.NOT_COLLECTED, "not every repository of the population was read to compare with")
    what = f"pipeline and chart files 80 % the same as another repository's: {'yes' if copied else 'no'}"
    return Observed(copied, (cite_join("boilerplate", context, what, what.encode()),))


def _read(facts: Sequence[PersonFact]) -> Iterator[_Sketch]:
    for fact in facts:
        if fact.attribute == "boilerplate.sketch" and fact.subject is not None:
            shared, _, drawn = fact.value.partition(":")
            shingles = frozenset(drawn[n : n + _DIGITS] for n in range(0, len(drawn) - _DIGITS + 1, _DIGITS))
            repository = "/".join(fact.subject.name.split("/")[:2])
            yield _Sketch(fact.subject, repository, shared == "shared", shingles)


def _copies(sketches: Sequence[_Sketch]) -> set[Subject]:
    """Return the components nearly the same as one of another repository; who refers to a shared template
    reuses it.
    """
    buckets: dict[tuple[int, str], list[_Sketch]] = defaultdict(list)
    for sketch in sketches:
        for band, minima in enumerate(_bands(sketch.shingles)):
            buckets[band, minima].append(sketch)
    found: set[Subject] = set()
    for bucket in buckets.values():
        for sketch in bucket:
            if not sketch.shared and sketch.subject not in found and _has_twin(sketch, bucket):
                found.add(sketch.subject)
    return found


def _has_twin(sketch: _Sketch, others: Sequence[_Sketch]) -> bool:
    return any(
        other.repository != sketch.repository and _similarity(sketch.shingles, other.shingles) >= ALIKE
        for other in others
    )


def _similarity(one: frozenset[str], other: frozenset[str]) -> Fraction:
    union = sorted(one | other)[:_KEPT]
    return Fraction(sum(item in one and item in other for item in union), len(union) or 1)


def _bands(shingles: frozenset[str]) -> list[str]:
    """Return 12 bands of two minima; two sketches that are 80 % alike miss all of them once in 200,000."""
    minima: list[str] = []
    # Shingles are hashes already: each rotation of their digits orders them anew.
    for turned in (shingles, {item[::-1] for item in shingles}):
        minima += [min((item[n:] + item[:n] for item in turned), default="") for n in range(_DIGITS)]
    return [minima[n] + minima[n + _DIGITS] for n in range(_DIGITS)]
