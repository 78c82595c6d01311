"""What a hostile or a broken host leaves out of a list is never read as not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from cnmm_collectors.signals import Unknown
from doubles.gitlab import server
from doubles.gitlab.organisation import Organisation, acme
from doubles.gitlab.server import serve
from unit.collectors.github.test_faults import within
from unit.collectors.github.test_hostile import Healthy, emptied, shape, walk
from unit.collectors.gitlab.workshop import Scan

Row = dict[str, Any]
TRACKING = {"teams": ["*"], "platform": ["payments"], "requests": ["ledger"]}
QUESTIONS = {
    "group": "descendantGroups", "projects": "branchRules", "changes": "approvedBy", "stalled": "reviewState",
    "issues": "webPath type", "vulnerabilities": "vulnerabilities(", "pipelines": "jobArtifacts",
}  # fmt: skip
"""Questions, each by a text that no other holds."""


@pytest.fixture(scope="module")
def healthy() -> Healthy:
    plain, shapes = server.answer, defaultdict[str, dict[tuple[str, ...], None]](dict)

    def note(org: Organisation, query: str, variables: Row) -> Row:
        found = plain(org, query, variables)
        for name in (name for name, words in QUESTIONS.items() if words in query):
            shapes[name].update((shape(place)[1:], None) for place in walk(found.get("data")))
        return found

    with pytest.MonkeyPatch.context() as patch, serve(acme()) as double:
        patch.setattr(server, "answer", note)
        found = Scan(double, tracking=TRACKING).found
    truth = {(one.key, str(one.subject)): one.reading for one in found.signals}
    return Healthy(truth, {name: list(each) for name, each in shapes.items()})


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_row_that_is_withheld_anywhere_widens_and_never_answers(
    name: str, healthy: Healthy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each list of each answer one row at a time is null, without any error beside it."""
    plain: Callable[..., Row] = server.answer
    with serve(acme()) as double:
        for wanted in healthy.shapes[name]:

            def spoil(org: Organisation, query: str, variables: Row, wanted: Any = wanted) -> Row:
                found = plain(org, query, variables)
                place = next((one for one in walk(found.get("data")) if shape(one)[1:] == wanted), None)
                chosen = QUESTIONS[name] in query and place is not None
                return {"data": emptied(found["data"], place)} if chosen and place else found

            monkeypatch.setattr(server, "answer", spoil)
            windowed = name in ("changes", "stalled", "issues")
            for one in Scan(double, tracking=TRACKING, activity=windowed).found.signals:
                known = healthy.truth.get((one.key, str(one.subject)))
                assert known is not None or isinstance(one.reading, Unknown), (wanted, one)
                assert known is None or within(one.reading, known), (wanted, one, known)
