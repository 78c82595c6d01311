"""A sample of a host's repositories: drawn the same by anybody, by stratum, and only ever less than a whole scan."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cnmm_collectors.hosts.drawing import draw
from cnmm_collectors.hosts.facts import Repository, Standing
from cnmm_collectors.signals import Gap, Unknown
from cnmm_collectors.subjects import SubjectKind
from doubles import twins
from doubles.github.server import serve as serve_github
from doubles.gitlab.server import serve as serve_gitlab
from unit.collectors.github.workshop import Scan as GitHubScan
from unit.collectors.gitlab.workshop import Scan as GitLabScan


def repository(number: int, stages: tuple[str, ...] = (), changes: int | None = 0, **more: Any) -> Repository:
    standing = more.get("standing", Standing.ACTIVE)
    return Repository(
        f"r{number:03}", "", standing, "https://h/r.git", "main", (), open_changes=changes, stages=stages
    )


MANY = [
    *(repository(number, ("production",), 20) for number in range(10)),
    *(repository(number, (), 3) for number in range(10, 60)),
    *(repository(number) for number in range(60, 100)),
    *(repository(number, standing=Standing.ARCHIVED) for number in range(100, 140)),
]


def test_strata_give_in_proportion_and_what_is_out_of_use_gives_nothing() -> None:
    found = draw(MANY, 20, 7)
    assert found is not None
    assert found.strata == (
        ("deploys, many open changes", 10, 2), ("does not deploy, few open changes", 50, 10),
        ("does not deploy, no open change", 40, 8),
    )  # fmt: skip
    assert len(found.names) == 20
    assert max(found.names) < "r100"


def test_a_seed_decides_and_the_order_of_the_list_does_not() -> None:
    assert draw(MANY, 20, 7) == draw(MANY[::-1], 20, 7)
    assert draw(MANY, 20, 7) != draw(MANY, 20, 8)


def test_each_repository_is_as_likely_as_any_other() -> None:
    seen: Counter[str] = Counter()
    for seed in range(400):
        found = draw(MANY, 20, seed)
        assert found is not None
        seen.update(found.names)
    # Each is expected 80 times; five standard deviations of a share of one fifth are 40.
    assert len(seen) == 100
    assert all(40 < count < 120 for count in seen.values())


@pytest.mark.parametrize("size", [None, 100, 500])
def test_nothing_is_drawn_where_everything_is_read(size: int | None) -> None:
    assert draw(MANY, size, 7) is None


def scans(host: str, **changes: Any) -> tuple[Any, Any]:
    """Return what a whole scan of one organisation and what one with other settings says."""
    one = twins.reality()
    if host == "github":
        with serve_github(twins.as_github(one)) as double:
            return GitHubScan(double), GitHubScan(double, **changes)
    with serve_gitlab(twins.as_gitlab(one)) as other:
        return GitLabScan(other), GitLabScan(other, **changes)


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_sampled_scan_says_what_a_whole_one_says_or_that_it_did_not_look(host: str) -> None:
    whole, part = scans(host, sample=3, seed=5)
    population = part.population(str(part.found.populations[0].within), SubjectKind.REPO)
    assert population is not None
    assert population.drawn is not None
    assert len(population.drawn) == 3
    drawn = {str(one) for one in population.drawn}
    assert set(part.clones()) == drawn
    full = {(one.key, str(one.subject)): one.reading for one in whole.found.signals}
    told = {(one.key, str(one.subject)): one.reading for one in part.found.signals}
    assert told.keys() == full.keys()
    differ = {key for key in told if told[key] != full[key]}
    assert differ, "nothing was left out"
    for key in differ:
        reading = told[key]
        assert isinstance(reading, Unknown)
        assert (reading.gap, reading.detail) == (Gap.SAMPLED_OUT, "not sampled (budget)")
        assert f"repo:{key[1].partition(':')[2]}" not in drawn
    (row,) = [one for one in part.found.ledger if one.unit == "sampled repository"]
    assert (row.requested, row.received, row.failed) == (population.count, 3, 0)
    assert "seed 5" in row.detail


def busy() -> twins.Reality:
    """Return the organisation with so many changes and issues that a sample's own take fewer calls."""
    one = twins.reality()
    for number in range(100, 1_300):
        name = one.repositories[number % 7].name
        day = f"2026-10-{1 + number % 28:02}"
        one.changes.append(twins.Change(name, number, "ann-a", day, ("cat-c",)))
        one.issues.append(twins.Issue(name, number, "ann-a", day, day))
    return one


WINDOWED = ("changes", "issues", "project changes", "project issues")


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_changes_and_issues_are_asked_of_the_sample_alone_where_that_takes_fewer_calls(host: str) -> None:
    one = busy()
    serve: Any = serve_github if host == "github" else serve_gitlab
    scan: Any = GitHubScan if host == "github" else GitLabScan
    shown = twins.as_github(one) if host == "github" else twins.as_gitlab(one)
    calls, found, predicted = [], [], []
    with serve(shown) as double:
        for chosen in ({}, {"sample": 2, "seed": 5}):
            double.asked.clear()
            made = scan(double, **chosen)
            found.append(made)
            predicted.append(made.predicted)
            calls.append(sum(asked.split()[-1] in ("changes", "issues") for asked in double.asked))
    whole, part = found
    assert calls[1] * 2 < calls[0], calls
    if host == "github":
        assert predicted[1] < predicted[0]
    full = {(one.key, str(one.subject)): one.reading for one in whole.found.signals}
    told = {(one.key, str(one.subject)): one.reading for one in part.found.signals}
    drawn = {one.partition(":")[2] for one in part.clones()}
    kept = ("host.review_coverage_ratio", "host.cross_team_review_ratio")
    for key, reading in told.items():
        place = key[1].partition(":")[2]
        if key[0] in kept and place in drawn:
            assert stated(reading) == stated(full[key]) != "", "of what is drawn every change is read"
        elif reading != full[key] and stated(reading) != stated(full[key]):
            assert isinstance(reading, Unknown)
            assert reading.gap is Gap.SAMPLED_OUT, (key, reading)
            assert place not in drawn
    (row,) = [one for one in part.found.ledger if one.unit == "change"]
    assert (row.failed, row.requested) == (0, row.received)
    assert row.detail.endswith("of the drawn repositories")


def stated(reading: Any) -> str:
    """Return what a reading states beside its citations, empty for nothing."""
    return "" if isinstance(reading, Unknown) else repr(getattr(reading, "value", "absent"))
