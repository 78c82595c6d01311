"""Exports of Jira, Azure Boards, ServiceNow, Confluence and a paging system, from file to signal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest

from cnmm_collectors import takeup
from cnmm_collectors.plugin import LedgerRow, PersonFact, Target, WorkItem, Yield
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Signal, Unknown
from cnmm_collectors.subjects import Subject
from cnmm_collectors.tables.cast import Order, to_moment
from cnmm_collectors.work import WorkCollector
from cnmm_collectors.work.settings import Counted

AS_OF = date(2026, 11, 1)
JIRA = "Issue key,Issue Type,Labels,Labels,Sprint,Team,Assignee,Created,Resolved"
SERVICENOW = "Number,Task type,Assignment group,Requested by team,Assigned to,Opened,Closed"
ALL = {"tracked": ["*"], "platform": ["platform"]}
NOTHING_MISSES = {"rows": dict.fromkeys(get_args(Counted), 1)}
"""Counts that every export here reaches, so that no row can be missing."""


def ago(days: float, form: str = "%Y-%m-%d %H:%M") -> str:
    return (datetime.combine(AS_OF, datetime.min.time(), UTC) - timedelta(days=days)).strftime(form)


def collect(folder: Path, settings: dict[str, Any] | None = None) -> list[Yield]:
    facts = [("oncall" if path.name.startswith("pages") else "work", str(path)) for path in folder.iterdir()]
    collector = WorkCollector()
    reader = SourceReader(collector="work", version="1", as_of=AS_OF, now="2026-11-01T00:00:00Z")
    target = Target("work", "sources", subject=Subject.parse("org:acme"), facts=tuple(facts))
    chosen = collector.Settings.model_validate({**NOTHING_MISSES, **(settings or {})})
    return [
        one
        for item in collector.plan(target, chosen, reader)  # type: ignore[arg-type]
        for one in (collector.collect(item, chosen, reader) if isinstance(item, WorkItem) else [item])  # type: ignore[arg-type]
    ]


def reading(found: list[Yield], key: str, subject: str = "team:acme/payments") -> Reading:
    return next(
        one.reading for one in found if isinstance(one, Signal) and one.key == key and one.subject == subject
    )


def value(found: list[Yield], key: str, subject: str = "team:acme/payments") -> object:
    told = reading(found, key, subject)
    assert isinstance(told, Observed), told
    return told.value


def write(folder: Path, name: str, header: str, rows: Sequence[str]) -> None:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def jira(folder: Path, people: int = 6, more: Sequence[str] = ()) -> None:
    """Twenty tickets closed in 90 days, five of them bugs; one long ago."""
    rows = [
        f"A-{n},{'Bug' if n % 4 == 0 else 'Story'},retro-action,{'tech-debt' if n == 3 else ''},Sprint 9,"
        f"Payments,Dev {n % people},{ago(60 + n)},{ago(30) if n % 2 == 0 or n < 10 else ''}"
        for n in range(20)
    ]
    rows += [f"B-{n},{'Bug' if n < 2 else 'Story'},,,,Payments,Dev 1,{ago(300)},{ago(20)}" for n in range(5)]
    write(folder, "jira.csv", JIRA, [*rows, f"C-1,Story,,,,Payments,Dev 1,{ago(1)},", *more])


def test_a_tracker_answers_for_the_team_that_works_in_it(tmp_path: Path) -> None:
    jira(tmp_path)
    found = collect(tmp_path, ALL)
    assert value(found, "host.iteration_team_ratio") is True
    closed = 15 + 5
    assert value(found, "host.unplanned_work_ratio") == Fraction(5 + 2, closed)
    assert value(found, "host.retro_action_closed_ratio") == Fraction(15, 20)
    debt = reading(found, "host.debt_managed_ratio")
    assert debt == value_of(debt, True), "the only debt is closed, and was looked at"


def value_of(told: Reading, wanted: bool) -> Reading:
    assert isinstance(told, Observed)
    assert told.value is wanted
    return told


def test_a_team_that_is_not_said_to_track_here_keeps_its_ratios(tmp_path: Path) -> None:
    jira(tmp_path)
    found = collect(tmp_path)
    for key in ("host.unplanned_work_ratio", "host.retro_action_closed_ratio"):
        told = reading(found, key)
        assert isinstance(told, Unknown)
        assert "tracked" in told.detail
    assert value(found, "host.iteration_team_ratio") is True


def test_a_broken_row_opens_every_ratio_and_a_small_team_has_none(tmp_path: Path) -> None:
    jira(tmp_path, more=["D-1,Bug,,,,Payments,Dev 1,someday,"])
    found = collect(tmp_path, ALL)
    assert value(found, "host.unplanned_work_ratio") == Interval(Fraction(7, 21), Fraction(8, 21))
    ledger = next(one for one in found if isinstance(one, LedgerRow))
    assert (ledger.source, ledger.failed) == ("work", 1)
    assert "column created_at: not a date" in ledger.detail
    jira(tmp_path, people=2)
    told = reading(collect(tmp_path, ALL), "host.unplanned_work_ratio")
    assert isinstance(told, Unknown)
    assert told.gap is Gap.NOT_VISIBLE


def test_an_old_export_and_one_that_begins_too_late_say_so(tmp_path: Path) -> None:
    rows = [f"A-{n},Bug,,,,Payments,Dev {n},{ago(200 + n)},{ago(40)}" for n in range(9)]
    write(tmp_path, "jira.csv", JIRA, rows)
    told = reading(collect(tmp_path, ALL), "host.unplanned_work_ratio")
    assert isinstance(told, Unknown)
    assert told.gap is Gap.STALE
    rows = [f"A-{n},Bug,,,,Payments,Dev {n},{ago(3 + n)},{ago(2)}" for n in range(9)]
    write(tmp_path, "jira.csv", JIRA, rows)
    told = reading(collect(tmp_path, ALL), "host.unplanned_work_ratio")
    assert isinstance(told, Unknown)
    assert "begins within" in told.detail


def test_requests_to_platform_teams_are_counted_for_the_team_that_asks(tmp_path: Path) -> None:
    rows = [
        f"R{n},Service Request,Cloud Platform,Payments,Helper {n % 12},{ago(2 + n * 3)},{ago(1 + n * 3)}"
        for n in range(40)
    ]
    rows += [f"S{n},Story,Payments,,Dev {n % 6},{ago(3 + n)},{ago(1)}" for n in range(12)]
    write(tmp_path, "servicenow.csv", SERVICENOW, rows)
    chosen = {**ALL, "teams": {"Cloud*": "platform"}}
    found = collect(tmp_path, chosen)
    assert value(found, "host.request_ticket_rate") == Fraction(30, 3)
    assert value(found, "host.request_resolution_hours_p50") == 24
    assert value(found, "host.platform_interaction_team_ratio") is True
    share = value(found, "host.support_reply_concentration", "org:acme")
    assert isinstance(share, Interval)
    assert (share.low, share.high) == (Fraction(27, 30), 1)
    silent = reading(collect(tmp_path, {"teams": {"Cloud*": "platform"}}), "host.request_ticket_rate")
    assert isinstance(silent, Unknown)


def test_azure_boards_name_a_team_by_its_area(tmp_path: Path) -> None:
    header = (
        "ID,Work Item Type,Tags,Iteration Path,Area Path,Assigned To,Created Date,Changed Date,Closed Date"
    )
    rows = [
        f"{n},User Story,,Shop\\Sprint 3,Shop\\Payments,Dev {n},{ago(40, '%d/%b/%y %I:%M %p')},{ago(3)},"
        for n in range(6)
    ]
    write(tmp_path, "azure.csv", header, rows)
    assert value(collect(tmp_path), "host.iteration_team_ratio") is True


def test_pages_count_outside_the_rotas_own_hours(tmp_path: Path) -> None:
    # 08:30 UTC is 10:30 in Berlin in summer: within. 18:00 UTC is not.
    rows = [f"{n},{ago(1 + n, '%Y-%m-%d')}T08:30:00Z,Payments" for n in range(95)]
    rows += [f"9{n},{ago(1 + n, '%Y-%m-%d')}T18:00:00+00:00,Payments" for n in range(45)]
    write(tmp_path, "pages.csv", "incident_number,created_at,escalation_policy", rows)
    found = collect(tmp_path, {"rotas": {"*": {"zone": "Europe/Berlin"}}})
    weekends = sum((AS_OF - timedelta(days=1 + n)).weekday() > 4 for n in range(90))
    assert value(found, "host.page_out_of_hours_rate") == Fraction(7 * (45 + weekends), 90)
    assert isinstance(reading(collect(tmp_path), "host.page_out_of_hours_rate"), Unknown)
    write(
        tmp_path,
        "pages.csv",
        "incident_number,created_at,escalation_policy",
        [r.replace("Z", "") for r in rows],
    )
    unzoned = reading(
        collect(tmp_path, {"rotas": {"*": {"zone": "Europe/Berlin"}}}), "host.page_out_of_hours_rate"
    )
    assert isinstance(unzoned, Unknown)
    assert "zone" in unzoned.detail


def test_deployments_say_how_long_changes_take_and_how_many_fail(tmp_path: Path) -> None:
    header = "Service,Deployed at,Environment,First commit at,Deployment status"
    rows = [
        f"checkout,{ago(n)},{'production' if n % 2 else 'staging'},{ago(n + 2)},"
        f"{'rolled back' if n % 10 == 1 else 'succeeded'}"
        for n in range(1, 101)
    ]
    write(tmp_path, "deployments.csv", header, rows)
    found = collect(tmp_path)
    assert value(found, "host.change_lead_time_hours_p50", "component:acme/checkout") == 48
    assert value(found, "host.change_fail_ratio", "component:acme/checkout") == Fraction(9, 45)


def test_reviews_roadmaps_and_usage(tmp_path: Path) -> None:
    reviews = [
        f"Access to clusters,{ago(40)},Completed",
        f"Access to hosts,{ago(2)},Open",
        "Rooms,2026-10-30,Completed",
    ]
    write(tmp_path, "reviews.csv", "Access review name,Completed on,Campaign status", reviews)
    write(
        tmp_path,
        "wiki.csv",
        "Page,Last modified,Author",
        [f"Platform roadmap,{ago(9)},P", f"Lunch,{ago(1)},Q"],
    )
    write(
        tmp_path,
        "usage.csv",
        "Assistant,Period end,Active users",
        [f"Helper,{ago(40)},9", f"Helper,{ago(8)},0"],
    )
    found = collect(tmp_path)
    assert value(found, "iam.access_review_date", "org:acme") == ago(40)[:10]
    assert value(found, "catalog.platform_roadmap_date", "org:acme") == ago(9)[:10]
    assert value(found, "host.ai_assistant_in_use", "org:acme") is False


def test_no_text_and_no_name_of_a_ticket_is_told(tmp_path: Path) -> None:
    jira(tmp_path)
    assert "Dev 1" not in repr(collect(tmp_path, ALL))


@pytest.mark.parametrize(
    ("text", "hour", "zoned"),
    [
        ("2026-03-12T15:04:05Z", 15, True),
        ("2026-03-12T15:04:05.123+02:00", 13, True),
        ("2026-03-12 15:04", 15, False),
        ("12/Mar/26 3:04 PM", 15, False),
        ("12/03/2026 12:04 AM", 0, False),
        ("1773327845", 15, True),
        ("2026-03-12", 0, False),
        ("2026-03-12 25:99", None, False),
    ],
)
def test_moments(text: str, hour: int | None, zoned: bool) -> None:
    found = to_moment(text, Order.DAY_FIRST)
    if hour is None:
        assert found is None
    else:
        assert found is not None
        assert (found[0].astimezone(UTC).date(), found[0].astimezone(UTC).hour) == (date(2026, 3, 12), hour)
        assert found[1] is zoned


def test_each_kind_of_export_names_what_it_answers_and_all_together_all_there_is() -> None:
    named = [key for keys in WorkCollector.answers.values() for key in keys]
    assert sorted(named) == sorted(spec.id for spec in WorkCollector.signals)


def test_a_page_of_a_roadmap_and_a_table_of_tickets_say_what_they_answer(tmp_path: Path) -> None:
    write(tmp_path, "wiki.csv", "Page title,Last modified", ["Platform roadmap,2026-10-01"])
    jira(tmp_path)
    facts = tuple(("work", str(path)) for path in sorted(tmp_path.iterdir()))
    collector = WorkCollector()
    reader = SourceReader(collector="work", version="1", as_of=AS_OF, now="2026-11-01T00:00:00Z")
    target = Target("work", "sources", subject=Subject.parse("org:acme"), facts=facts)
    told = {one.group: one.signals for one in collector.probe(target, collector.Settings(), reader)}
    assert told["work: wiki.csv"] == ("catalog.platform_roadmap_date",)
    (tickets,) = (keys for group, keys in told.items() if group != "work: wiki.csv")
    assert "catalog.platform_roadmap_date" not in tickets
    assert "host.unplanned_work_ratio" in tickets


HEADER = "Number,Task type,Labels,Assignment group,Requested by team,Assigned to,Opened,Closed"


def told(found: list[Yield], attribute: str) -> set[str]:
    return {one.value for one in found if isinstance(one, PersonFact) and one.attribute == attribute}


def test_requests_to_platform_teams_are_told_with_what_they_were_about(tmp_path: Path) -> None:
    rows = [
        f"R-1,Request,data-base,platform,Payments,Dev 1,{ago(10)},{ago(9)}",
        f"R-2,Request,data-base,platform,Web,Dev 1,{ago(120)},{ago(110)}",
        f"R-3,Request,data-base,helpdesk,Web,Dev 1,{ago(10)},{ago(9)}",
    ]
    write(tmp_path, "tickets.csv", HEADER, rows)
    found = collect(tmp_path, ALL)
    assert told(found, takeup.REQUEST) == {"team:acme/payments\ndata base\nrequest"}, (
        "90 days, and platform's"
    )
    assert told(found, takeup.TRACKED) == {"", "*"}
    assert told(collect(tmp_path, {"platform": ["platform"]}), takeup.TRACKED) == {""}, "nobody says so"
    asking = {"platform": ["platform"], "asking": ["payments"]}
    assert told(collect(tmp_path, asking), takeup.TRACKED) == {"", "team:acme/payments"}
    write(tmp_path, "tickets.csv", HEADER, [*rows, f"R-4,Request,,platform,,Dev 1,{ago(5)},"])
    assert told(collect(tmp_path, ALL), takeup.TRACKED) == {""}, "whose request that was nobody says"
