"""A contributing guide that lies with the owner counts for the repositories that inherit it, and denies nothing."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.registry import declared
from cnmm_collectors.signals import Observation, Observed, Signal, State
from cnmm_rules.resolution import resolve
from doubles.github.organisation import Organisation, repository
from doubles.github.server import serve
from unit.collectors.github.workshop import Scan

KEY = "docs.contributing_ratio"
OWNER = "https://github.example/acme/.github/blob/main/CONTRIBUTING.md"
BODY = "# How to help\nAsk first.\nAdd tests.\nKeep it small.\n"
SECRET = "Ask Lena Lead, she knows."


def guides(guide: Any, **changes: Any) -> list[Signal]:
    shop = repository("shop", **changes)
    with serve(Organisation(repositories=[shop], guide=guide)) as double:
        scan = Scan(double, activity=False, analyses=False, contents=False, clone=False)
    assert "POST /graphql repository" not in double.asked
    return [one for one in scan.found.signals if one.key == KEY]


def test_an_inherited_guide_is_a_yes_that_cites_where_it_lies_and_not_what_it_says() -> None:
    (one,) = guides({"url": OWNER, "body": BODY + SECRET}, contributingGuidelines={"url": OWNER})
    assert str(one.subject) == "component:acme/shop"
    assert isinstance(one.reading, Observed)
    assert one.reading.value is True
    said = repr(one.reading.evidence)
    assert OWNER in said
    assert "Lena" not in said


OWN = "https://github.example/acme/shop/blob/main/CONTRIBUTING.md"


@pytest.mark.parametrize(
    ("guide", "changes"),
    [
        (None, {"contributingGuidelines": {"url": OWNER}}),
        ({"url": OWNER, "body": "# To do\n"}, {"contributingGuidelines": {"url": OWNER}}),
        ({"url": OWNER, "body": None}, {"contributingGuidelines": {"url": OWNER}}),
        ({"url": OWNER, "body": BODY}, {"contributingGuidelines": None}),
        ({"url": OWNER, "body": BODY}, {"contributingGuidelines": {"url": OWN}}),
        ({"url": OWNER, "body": BODY}, {"contributingGuidelines": {"url": OWNER}, "isArchived": True}),
    ],
)  # fmt: skip
def test_nothing_else_is_said_of_it(guide: Any, changes: dict[str, Any]) -> None:
    assert guides(guide, **changes) == []


@pytest.mark.parametrize("cloned", [True, False, None])
def test_the_hosts_yes_stands_beside_whatever_a_clone_says(cloned: bool | None) -> None:
    (spec,) = (one for one in declared(("docs",)) if one.id == KEY)
    (host,) = guides({"url": OWNER, "body": BODY}, contributingGuidelines={"url": OWNER})
    said = observation("github", host.subject, True)
    own = [] if cloned is None else [observation("git", host.subject, cloned)]
    for readings in ([said, *own], [*own, said]):
        found = resolve(readings, spec)
        assert (found.value, found.contested, found.state) == (True, False, State.OBSERVED)
    if own:
        assert resolve(own, spec).value is cloned


def observation(source: str, subject: Any, value: bool) -> Observation:
    return Observation(KEY, subject, source, State.OBSERVED, value, ("e" * 64,))
