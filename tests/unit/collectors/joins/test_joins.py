"""Joins over facts of several repositories."""

from __future__ import annotations

from fractions import Fraction
from hashlib import blake2b

from cnmm_collectors.joins.authorship import BREADTH, PLATFORM, AuthorshipJoin
from cnmm_collectors.joins.boilerplate import BoilerplateJoin
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.signals import Interval, Observed, Reading, Unknown
from cnmm_collectors.subjects import Subject

ORG = Subject.parse("org:acme")
CONTEXT = {"organisation": ORG, "now": "2026-11-23T00:00:00Z", "complete": True, "k": 5}


def layers(person: str, *found: str) -> list[PersonFact]:
    rows = [PersonFact(person, "git.author", "1", "git")]
    return rows + [PersonFact(person, "git.layer", layer, "git") for layer in found]


def authorship(facts: list[PersonFact], **context: object) -> dict[str, Reading]:
    return {s.key: s.reading for s in AuthorshipJoin().join(facts, {**CONTEXT, **context})}


def test_breadth_is_told_in_steps_and_never_as_an_exact_count() -> None:
    facts = [row for n in range(60) for row in layers(f"p{n}", "app")]
    facts += [row for n in range(30) for row in layers(f"b{n}", "app", "infra", "data")]
    reading = authorship(facts)[BREADTH]
    assert isinstance(reading, Observed)
    assert isinstance(reading.value, Interval)
    assert reading.value.high is not None
    assert reading.value.low < Fraction(30, 90) < reading.value.high
    assert reading.value.high - reading.value.low > Fraction(2, 90)


def test_groups_below_five_and_partial_populations_stay_unknown() -> None:
    facts = [row for n in range(4) for row in layers(f"p{n}", "app", "infra")]
    assert isinstance(authorship(facts)[BREADTH], Unknown)
    facts += layers("p5", "app")
    assert isinstance(authorship(facts, complete=False)[BREADTH], Unknown)


def test_an_alias_seen_anywhere_makes_one_person() -> None:
    facts = [row for n in range(4) for row in layers(f"p{n}", "app")]
    facts += layers("q4", "infra")
    assert isinstance(authorship(facts)[BREADTH], Observed)
    facts += [PersonFact("q4", "git.alias", "n4", "git"), PersonFact("p3", "git.alias", "n4", "git")]
    # five pseudonyms, four people: a group too small to be told
    assert isinstance(authorship(facts)[BREADTH], Unknown)


def test_platform_practice_needs_three() -> None:
    facts = layers("a", "platform") + layers("b", "platform")
    assert isinstance(authorship(facts, complete=False)[PLATFORM], Unknown)
    no = authorship(facts)[PLATFORM]
    assert isinstance(no, Observed)
    assert no.value is False
    yes = authorship(facts + layers("c", "platform"), complete=False)[PLATFORM]
    assert isinstance(yes, Observed)
    assert yes.value is True


def sketch(name: str, lines: range, kind: str = "own") -> PersonFact:
    drawn = "".join(sorted(blake2b(str(n).encode(), digest_size=6).hexdigest() for n in lines)[:128])
    return PersonFact("", "boilerplate.sketch", f"{kind}:{drawn}", "git", Subject.parse(f"component:{name}"))


def copies(*facts: PersonFact, **context: object) -> dict[str, object]:
    found = BoilerplateJoin().join(list(facts), {**CONTEXT, **context})
    return {s.subject.name: getattr(s.reading, "value", "unknown") for s in found}


def test_copies_across_repositories_but_not_within_one() -> None:
    assert copies(
        sketch("acme/a", range(60)), sketch("acme/b", range(3, 60)), sketch("acme/c", range(90, 150))
    ) == {
        "acme/a": True,
        "acme/b": True,
        "acme/c": False,
    }
    assert copies(sketch("acme/a/x", range(60)), sketch("acme/a/y", range(60))) == {
        "acme/a/x": False,
        "acme/a/y": False,
    }


def test_below_the_bar_and_shared_templates_are_no_copies() -> None:
    assert set(copies(sketch("acme/a", range(60)), sketch("acme/b", range(20, 80))).values()) == {False}
    assert copies(sketch("acme/a", range(60), "shared"), sketch("acme/b", range(60))) == {
        "acme/a": False,
        "acme/b": True,
    }


def test_no_twin_in_a_part_of_the_population_proves_nothing() -> None:
    assert copies(sketch("acme/a", range(60)), complete=False) == {"acme/a": "unknown"}
