"""GitLab proves a statement as GitHub does: its approvals, versions and accounts are put together. Law 6."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.gitlab.collector import GitLabCollector
from cnmm_collectors.plugin import Collected, LedgerRow
from cnmm_collectors.signals import Gap, Observed, Unknown
from doubles.github.organisation import brought as brought_on_github
from doubles.gitlab.organisation import DEVELOPER, MAINTAINER, Organisation, acme, brought, project, rule
from doubles.gitlab.server import serve
from unit.collectors.records import test_reviewed as on_github
from unit.collectors.records.test_reviewed import BLOB, KEY, PATH, checkout, gather, statements

REMOTE = "https://gitlab.com/acme/governance.git"
OTHER = "0" * 40


def governed(*changes: dict[str, Any], blob: str = BLOB, **given: Any) -> Organisation:
    org = acme()
    org.projects.append(project("governance", **given))
    org.statements["governance", PATH] = {"blob": blob, "changes": list(changes)}
    return org


def proof(
    org: Organisation, place: Path, fault: str = "", where: str = ""
) -> tuple[Any, LedgerRow, Collected]:
    _, (target,) = statements(place, ("host gitlab GITLAB_TOKEN", "acme"))
    assert (target.kind, target.locator) == ("gitlab-statements", "acme/governance")
    with serve(org) as double:
        if fault:
            double.faults.set(where, fault)
        collector = GitLabCollector()
        settings = collector.Settings(url=double.url, max_seconds=0.4, max_wait=0.2, per_minute=0, pause=0.02)
        found = gather(collector, target, settings, {"GITLAB_TOKEN": "glpat-planted"})
    (signal,) = found.signals
    assert (signal.key, str(signal.subject), signal.source) == (KEY, "org:acme", "gitlab")
    return signal.reading, next(row for row in found.ledger if row.unit == "statement"), found


GOOD = brought(7, BLOB, "ann-a", (("cat-c", BLOB),))


def test_a_statement_that_somebody_else_approved_as_it_is_proves(tmp_path: Path) -> None:
    reading, row, found = proof(governed(GOOD), checkout(tmp_path, REMOTE))
    assert isinstance(reading, Observed)
    assert reading.value == "proven 2026-05-01"
    assert any("governance/-/merge_requests/7" in item.excerpt for item in reading.evidence)
    assert (row.requested, row.received) == (1, 1)
    told = repr(found)
    assert not any(name in told for name in ("ann-a", "cat-c", "glpat-planted"))


Who = Sequence[tuple[str, str]]
CASES: dict[str, tuple[Who, Sequence[str | None]]] = {
    "another approved these bytes": ((("cat-c", BLOB),), ()),
    "its author approved": ((("ann-a", BLOB),), ()),
    "nobody approved": ((), ()),
    "another approved other bytes": ((("cat-c", OTHER),), ()),
    "one of its writers approved": ((("cat-c", BLOB),), ("ann-a", "cat-c")),
    "a writer is nobody known": ((("cat-c", BLOB),), ("ann-a", None)),
    "one approved the old bytes, another the new": ((("cat-c", OTHER), ("dan-d", BLOB)), ()),
    "the author approved after another did": ((("cat-c", OTHER), ("ann-a", BLOB)), ()),
}


@pytest.mark.parametrize("case", CASES)
def test_both_hosts_say_the_same(tmp_path: Path, case: str) -> None:
    approvals, writers = CASES[case]
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    first, _, _ = on_github.proof(
        on_github.governed(brought_on_github(7, BLOB, "ann-a", tuple(approvals), tuple(writers))),
        checkout(tmp_path / "one"),
    )
    second, _, _ = proof(
        governed(brought(7, BLOB, "ann-a", approvals, writers)), checkout(tmp_path / "other", REMOTE)
    )
    assert type(first) is type(second)
    if isinstance(first, Observed):
        assert first.value == second.value
    else:
        assert (first.gap, first.detail) == (second.gap, second.detail)


def later(**change: Any) -> dict[str, Any]:
    """Return a change to which other bytes were pushed after its approval."""
    sha = "f" * 40
    row = brought(7, BLOB, "ann-a", (("cat-c", BLOB),))
    return {
        **row, "versions": [*row["versions"], (sha, "2026-05-01T10:00:00Z")],
        "blobs": {**row["blobs"], sha: OTHER}, **change,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("org", "why"),
    [
        (governed(brought(7, BLOB, "ann-a", (("helper-bot", BLOB),))), "nobody but its authors"),
        (governed({**GOOD, "message": "State it\n\nCo-authored-by: Cat <c@x.example>"}), "not wholly known"),
        (governed({**GOOD, "writers": ["ann-a"] * 101}), "not wholly known"),
        (governed({**GOOD, "writers": []}), "not wholly known"),
        (governed({**GOOD, "blob": OTHER}), "other bytes"),
        (governed({**GOOD, "state": "closed"}), "no merged change"),
        (governed({**GOOD, "target_branch": "draft"}), "no merged change"),
        (governed({**GOOD, "elsewhere": True}), "no merged change"),
        # The host noted the approval before anything was pushed, at the same moment, or not at all.
        (governed({**GOOD, "approved": [("cat-c", "2026-05-01T07:00:00Z")]}), "nobody but its authors"),
        (governed({**GOOD, "approved": [("cat-c", "2026-05-01T08:00:00Z")]}), "nobody but its authors"),
        (governed({**GOOD, "versions": []}), "nobody but its authors"),
        (governed({**GOOD, "versions": [("no commit", "2026-05-01T08:00:00Z")]}), "nobody but its authors"),
        (governed(), "no merged change"),
        (governed(GOOD, blob=OTHER), "another one"),
        (governed(GOOD, rules=[]), "not known to be protected"),
        (governed(GOOD, rules=[rule("main", force=True)]), "not known to be protected"),
        (governed(GOOD, rules=[rule("m*"), rule("main", force=True)]), "not known to be protected"),
        (governed(GOOD, rules=[rule("release")]), "not known to be protected"),
        (acme(), "not known"),
    ],
)  # fmt: skip
def test_less_than_that_is_unknown_and_told(tmp_path: Path, org: Organisation, why: str) -> None:
    reading, row, _ = proof(org, checkout(tmp_path, REMOTE))
    assert isinstance(reading, Unknown)
    assert why in reading.detail
    assert (row.received, row.skipped) == (0, 1)
    assert why in row.detail


def test_what_was_pushed_after_an_approval_was_not_approved(tmp_path: Path) -> None:
    # Whoever approved again saw what was pushed last; what was merged is what had been approved first.
    place = checkout(tmp_path, REMOTE)
    reading, _, _ = proof(governed(later()), place)
    assert isinstance(reading, Observed)
    reading, _, _ = proof(governed(later(approved=[("cat-c", "2026-05-01T11:00:00Z")])), place)
    assert isinstance(reading, Unknown)


def test_an_account_that_may_not_write_approves_nothing(tmp_path: Path) -> None:
    org = governed(GOOD)
    org.guests = frozenset({"cat-c"})
    reading, _, _ = proof(org, checkout(tmp_path, REMOTE))
    assert isinstance(reading, Unknown)


def test_whoever_may_not_see_every_rule_takes_no_branch_for_protected(tmp_path: Path) -> None:
    org = governed(GOOD)
    org.role = DEVELOPER
    place = checkout(tmp_path, REMOTE)
    reading, _, _ = proof(org, place)
    assert isinstance(reading, Unknown)
    assert reading.gap is Gap.NOT_PERMITTED
    org.role = MAINTAINER
    reading, _, _ = proof(org, place)
    assert isinstance(reading, Observed)


@pytest.mark.parametrize("fault", ["hidden", "500", "wrong shape"])
@pytest.mark.parametrize(
    "where",
    ["projects/acme%2Fgovernance", "repository/files", "merge_requests", "versions", "statement", "statement files",
     "branch rules", "members/all"],
)  # fmt: skip
def test_a_refusal_anywhere_leaves_the_claim(tmp_path: Path, fault: str, where: str) -> None:
    reading, row, _ = proof(governed(GOOD), checkout(tmp_path, REMOTE), fault, where)
    assert isinstance(reading, Unknown)
    assert row.skipped == 1
