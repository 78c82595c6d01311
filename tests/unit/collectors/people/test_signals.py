"""Exports of a small organisation with a known answer, from file to signal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors import accounts
from cnmm_collectors.people import PeopleCollector
from cnmm_collectors.people.exports import Exports
from cnmm_collectors.people.registers import REGISTERS
from cnmm_collectors.people.settings import Settings
from cnmm_collectors.plugin import LedgerRow, PersonFact, Population, Target, WorkItem, Yield
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.reader.people import pseudonym
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Signal, Unknown
from cnmm_collectors.subjects import Subject
from contract.judging import tells_no_more

AS_OF = date(2026, 11, 1)
NOTHING_MISSES = {
    "headcount": 1,
    "rows": dict.fromkeys(("training", "certifications", "openings", *REGISTERS), 1),
}
"""Counts that every export here reaches, so that what a test is about is not left open by rows that may be missing."""
TITLES = ("Senior Platform Engineer", "Software Developer", "Site Reliability Engineer", "Product Owner")


def write(folder: Path, name: str, header: str, rows: Sequence[str]) -> None:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def roster(folder: Path, people: int = 80, more: Sequence[str] = ()) -> None:
    rows = [
        f"{n:05d},p{n}@corp.example,{TITLES[n % 4]},Team {n % 8},{n % 8:05d},{'yes' if n % 8 == 1 else ''}"
        for n in range(people)
    ]
    write(
        folder,
        "roster.csv",
        "Employee ID,Work Email,Job Title,Team,Manager,Security Champion",
        [*rows, *more],
    )


def collect(folder: Path, settings: dict[str, Any] | None = None, k: int = 5) -> list[Yield]:
    kinds = ("roster", "training", "certifications", "survey", "openings", *REGISTERS)
    facts = tuple((kind, str(path)) for kind in kinds for path in sorted(folder.glob(f"{kind}*")))
    collector = PeopleCollector()
    reader = SourceReader(collector="people", version="1", as_of=AS_OF, now="2026-11-01T00:00:00Z")
    target = Target("people", "sources", subject=Subject.parse("org:acme"), facts=(*facts, ("k", str(k))))
    chosen = collector.Settings.model_validate({**NOTHING_MISSES, **(settings or {})})
    return [
        one
        for item in collector.plan(target, chosen, reader)  # type: ignore[arg-type]
        for one in (collector.collect(item, chosen, reader) if isinstance(item, WorkItem) else [item])  # type: ignore[arg-type]
    ]


def reading(found: list[Yield], key: str, subject: str = "org:acme") -> Reading:
    return next(
        one.reading for one in found if isinstance(one, Signal) and one.key == key and one.subject == subject
    )


def value(found: list[Yield], key: str, subject: str = "org:acme") -> object:
    told = reading(found, key, subject)
    assert isinstance(told, Observed), told
    return told.value


def row(found: list[Yield], name: str) -> LedgerRow:
    return next(one for one in found if isinstance(one, LedgerRow) and one.about == name)


def test_a_roster_answers_what_rosters_answer(tmp_path: Path) -> None:
    roster(tmp_path)
    found = collect(tmp_path)
    assert value(found, "roster.engineer_count") == Interval(Fraction(60), Fraction(64))
    assert value(found, "roster.role_filled{role=platform}") is True
    assert value(found, "roster.role_filled{role=trust-safety}") is False
    assert value(found, "roster.team_size_p50") == Interval(Fraction(10), Fraction(14))
    assert value(found, "roster.security_champion_ratio", "team:acme/team-1") is True
    assert value(found, "roster.security_champion_ratio", "team:acme/team-2") is False
    senior = value(found, "hr.senior_ratio{population=engineers}")
    assert isinstance(senior, Interval)
    assert senior.low <= Fraction(20, 60) <= (senior.high or 1)
    assert senior.low > Fraction(1, 4)
    # Another list may name the teams of product owners too: they are outside of what is asked of engineers.
    assert isinstance(reading(found, "roster.security_champion_ratio", "team:acme/team-3"), Absent)
    teams = next(one for one in found if isinstance(one, Population))
    # Product owners have teams of their own; nobody's team is counted where engineers are the fewer.
    assert teams.count == 6


def test_leavers_conflicts_and_rows_without_a_key_do_not_count(tmp_path: Path) -> None:
    more = [
        "00001,p2@corp.example,Software Developer,Team 1,,",
        ",,Software Developer,Team 1,,",
        "00077,p1@corp.example,Software Developer,Team 1,,",
        "00003,p3@corp.example,Product Owner,Team 9,,",
    ]
    roster(tmp_path, more=more)
    found = collect(tmp_path)
    assert value(found, "roster.engineer_count") == Interval(Fraction(60), Fraction(69))
    told = row(found, "roster.csv")
    assert told.failed == 3
    assert "line 82: contradicts itself" in told.detail
    assert "line 83: no person key" in told.detail
    assert "line 84: contradicts itself" in told.detail


@pytest.mark.parametrize("people", [4, 16])
def test_groups_below_k_are_not_told(tmp_path: Path, people: int) -> None:
    roster(tmp_path, people)
    found = collect(tmp_path)
    platform = reading(found, "hr.senior_ratio{population=platform}")
    assert isinstance(platform, Unknown)
    assert platform.gap is Gap.NOT_VISIBLE
    assert str(people // 4) not in platform.detail
    if people == 4:
        assert value(found, "roster.engineer_count") == Interval(Fraction(0), Fraction(4))


def test_only_finished_learning_counts(tmp_path: Path) -> None:
    roster(tmp_path)
    states = ["Completed", "Enrolled", "In progress", "Not passed", "Attended"]
    rows = [
        f"p{n}@corp.example,Introduction to Kubernetes,{states[n % 5]},{'2026-05-03' if n % 5 == 0 else ''}"
        for n in range(80)
    ]
    rows += [
        "p1@corp.example,Introduction to Kubernetes,Completed,2027-01-01",
        "x@x.example,Helm,Completed,2026-01-02",
    ]
    write(tmp_path, "training.csv", "Email,Course Title,Status,Completion Date", rows)
    found = collect(tmp_path)
    either = value(found, "training.fundamentals_ratio{population=engineers}")
    assert isinstance(either, Interval)
    assert either.high == 1, "certificates count as well, and none were read"
    share = value(found, "training.topic_ratio{topic=k8s-core,population=engineers}")
    done = sum(n % 5 == 0 for n in range(80) if n % 4 != 3)
    assert isinstance(share, Interval)
    assert share.low <= Fraction(done, 60) <= (share.high or 1)
    assert (share.high or 1) - share.low <= Fraction(12, 60), (
        "a row that was not read counts as a step of five"
    )
    told = row(found, "training.csv")
    assert told.failed == 1
    assert "line 82, column completed_on" in told.detail
    assert "not finished: 60 or more" in told.detail
    assert "not in the roster" not in told.detail


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    roster(tmp_path)
    rows = [
        f"p{n % 90}@corp.example,Course {n % 7},{'Completed' if n % 2 else 'Enrolled'},"
        f"{'' if n % 3 else f'2026-04-0{n % 9 + 1}'}"
        for n in range(500)
    ]
    rows[10] = "short"
    rows[20] = ",Course,Completed,2026-04-04"
    rows[30] = "p1@corp.example,Course,Completed,never"
    write(tmp_path, "training.csv", "Email,Course Title,Status,Completion Date", rows)
    exports = Exports(Settings(), AS_OF)
    exports.read({"roster": [tmp_path / "roster.csv"], "training": [tmp_path / "training.csv"]})
    account = exports.intakes[1]
    assert account.rows == 500
    assert sorted(reject.line for reject in account.rejects) == [12, 22, 32]
    assert account.accepted + account.quarantined + account.excluded.total() == 500
    assert account.accepted == int(sum(n % 2 and n % 90 < 80 for n in range(500) if n not in (10, 20, 30)))


def test_dates_that_read_both_ways_stop_the_file_and_nothing_else(tmp_path: Path) -> None:
    roster(tmp_path)
    header = "Email,Course Title,Status,Completion Date"
    rows = [f"p{n}@corp.example,Kubernetes basics,Completed,03/04/2026" for n in range(40)]
    write(tmp_path, "training.csv", header, rows)
    found = collect(tmp_path)
    told = reading(found, "training.active_learner_ratio_365d")
    assert isinstance(told, Unknown)
    assert "date_order" in told.detail
    assert row(found, "training.csv").failed == 1
    assert value(found, "roster.engineer_count") == Interval(Fraction(60), Fraction(64))
    settled = collect(tmp_path, {"mappings": {"training.csv": {"date_order": "dmy"}}})
    assert isinstance(value(settled, "training.active_learner_ratio_365d"), Interval)


def test_certificates_over_populations(tmp_path: Path) -> None:
    roster(tmp_path)
    rows = [
        f"p{n}@corp.example,CKA: Certified Kubernetes Administrator,The Linux Foundation,2025-0{n % 9 + 1}-11,"
        f"LF-abcdef{n:04d}"
        for n in range(0, 40, 4)
    ]
    rows += ["p4@corp.example,CKA,The Linux Foundation,2023-01-01,"]
    rows += [f"p{n}@corp.example,CKA,The Linux Foundation,2023-01-01,LF-abcdef{n:04d}" for n in (1, 5)]
    write(tmp_path, "certifications.csv", "Recipient Email,Badge Name,Issuer,Issued At,Credential ID", rows)
    found = collect(tmp_path)
    assert value(found, "training.cert_active_count{cert=any}") == Interval(Fraction(10), None)
    share = value(found, "training.cert_holder_ratio{cert=cka,population=platform}")
    assert isinstance(share, Interval)
    assert share.low <= Fraction(1, 2) <= (share.high or 1)
    assert share.low > Fraction(15, 100)
    assert value(found, "training.kubestronaut_at_least_5") is False
    assert value(found, "training.cks_record_gap_at_least_5") is False


def test_badge_files_are_read_and_a_page_of_several_is_no_whole(tmp_path: Path) -> None:
    import json

    badges = [
        {
            "issued_at_date": "2025-08-29",
            "expires_at_date": None,
            "state": "accepted",
            "recipient_email": f"p{n}@corp.example",
            "issuer": {"entities": [{"entity": {"name": "The Linux Foundation"}}]},
            "badge_template": {
                "name": "KCNA: Kubernetes and Cloud Native Associate",
                "type_category": "Certification",
            },
        }
        for n in range(7)
    ]
    badges.append({**badges[0], "state": "pending", "recipient_email": "p9@corp.example"})
    document = {"data": badges, "metadata": {"next_page_url": "page=2"}}
    roster(tmp_path)
    (tmp_path / "certifications.json").write_text(json.dumps(document))
    found = collect(tmp_path)
    assert value(found, "training.cert_active_count{cert=kcna-or-kcsa}") == Interval(Fraction(5), None)
    assert isinstance(reading(found, "training.cert_active_count{cert=cka-or-ckad}"), Unknown)
    assert isinstance(reading(found, "training.kubestronaut_at_least_5"), Unknown)


def test_a_survey_needs_its_scale_its_number_invited_and_a_date(tmp_path: Path) -> None:
    rows = [f"2026-09-01,{n % 7 + 1},{7 - n % 7},x" for n in range(70)]
    write(tmp_path, "survey.csv", "Timestamp,[load] one,[trust] two (R),Any comment?", rows)
    for declared, told in (
        ({}, "scale is not declared"),
        ({"scale": 7}, "how many were invited"),
        ({"scale": 5, "invited": 80}, "7-point"),
        ({"scale": 7, "invited": 80}, "how many answered"),
        ({"scale": 7, "invited": 800, "answered": 70}, "fewer valid answers"),
    ):
        found = collect(tmp_path, {"surveys": {"*.csv": declared}})
        answer = reading(found, "survey.construct_mean{construct=load}")
        assert isinstance(answer, Unknown)
        assert told in answer.detail
    found = collect(tmp_path, {"surveys": {"*.csv": {"scale": 7, "invited": 80, "answered": 70}}})
    load = value(found, "survey.construct_mean{construct=load}")
    assert isinstance(load, Interval)
    assert load.low < 4 < (load.high or 0)
    # Both columns run the same way once the reversed one is turned round.
    assert value(found, "survey.construct_mean{construct=trust}") == load


@pytest.mark.parametrize("answers", [4, 9])
def test_sensitive_constructs_need_ten(tmp_path: Path, answers: int) -> None:
    write(
        tmp_path,
        "survey.csv",
        "Timestamp,[trust],[load]",
        [f"2026-09-01,{n % 7 + 1},4" for n in range(answers)],
    )
    found = collect(tmp_path, {"surveys": {"*.csv": {"scale": 7, "invited": 10, "answered": answers}}})
    assert isinstance(reading(found, "survey.construct_mean{construct=trust}"), Unknown)
    assert isinstance(
        reading(found, "survey.construct_mean{construct=load}"), Observed if answers == 9 else Unknown
    )


def test_old_surveys_are_stale(tmp_path: Path) -> None:
    write(tmp_path, "survey.csv", "Timestamp,[load]", [f"2025-09-01,{n % 7 + 1}" for n in range(40)])
    found = collect(tmp_path, {"surveys": {"*.csv": {"scale": 7, "invited": 50, "answered": 40}}})
    answer = reading(found, "survey.construct_mean{construct=load}")
    assert isinstance(answer, Unknown)
    assert answer.gap is Gap.STALE


def test_everything_that_no_export_answers_is_unknown_by_name(tmp_path: Path) -> None:
    roster(tmp_path)
    found = collect(tmp_path)
    keys = {one.key for one in found if isinstance(one, Signal) and one.subject == "org:acme"}
    for spec in PeopleCollector.signals:
        if spec.subject.value == "org":
            assert any(key.split("{")[0] == spec.id for key in keys), spec.id
    answer = reading(found, "training.topic_ratio{topic=k8s-core,population=ml}")
    assert isinstance(answer, Unknown)
    assert "training" in answer.detail
    gone = collect(tmp_path / "nothing")
    assert isinstance(reading(gone, "roster.engineer_count"), Unknown)


def test_person_facts_carry_pseudonyms_alone(tmp_path: Path) -> None:
    roster(tmp_path)
    facts = [one for one in collect(tmp_path) if isinstance(one, PersonFact)]
    assert len({fact.person for fact in facts} - {""}) == 80
    assert all(len(fact.person) in (0, 64) for fact in facts)
    assert "corp.example" not in repr(facts)
    assert {fact.value for fact in facts if fact.attribute == "roster.team"} >= {"team-0", "team-1"}


def test_registers_answer_for_accounts_and_say_whether_they_are_whole(tmp_path: Path) -> None:
    roster(tmp_path)
    write(tmp_path, "vendors.csv", "Email,Last Day", ["v1@vendor.example,", "v2@vendor.example,2026-10-01"])
    write(tmp_path, "services.csv", "Account,Owner", ["release-robot,team-1", "orphan-robot,"])
    write(tmp_path, "directory.csv", "Email,Group", ["p1@corp.example,admins; readers", ",nobody"])
    facts = [one for one in collect(tmp_path) if isinstance(one, PersonFact)]
    answered = [(one.person, one.source) for one in facts if one.attribute == accounts.ANSWERED]
    assert answered == [
        (pseudonym("login:release-robot"), "services"),
        (pseudonym("address:v1@vendor.example"), "vendors"),
    ]
    groups = {one.value for one in facts if one.attribute == accounts.IN_GROUP}
    assert groups == {accounts.group_tag("oidc:admins"), accounts.group_tag("readers")}
    whole = {one.source: one.value for one in facts if one.attribute == accounts.LISTED}
    assert whole == {
        "vendors": "whole", "services": "whole", "directory": "partial", "roster": "whole", "training": "whole",
    }  # fmt: skip


def test_a_register_that_is_not_there_is_never_whole(tmp_path: Path) -> None:
    roster(tmp_path)
    write(tmp_path, "vendors.csv", "Email,Last Day", ["v1@vendor.example,"])
    (tmp_path / "vendors-2.csv").symlink_to(tmp_path / "gone.csv")
    facts = [one for one in collect(tmp_path) if isinstance(one, PersonFact)]
    assert {one.value for one in facts if one.attribute == accounts.LISTED and one.source == "vendors"} == {
        "partial"
    }


def test_an_address_that_two_people_claim_belongs_to_neither(tmp_path: Path) -> None:
    roster(tmp_path, more=["00300,p1@corp.example,Software Developer,Team 1,,"])
    write(tmp_path, "training.csv", "Email,Course Title,Status,Completion Date", [
        f"p{n}@corp.example,Kubernetes Fundamentals,Completed,2026-05-01" for n in range(40)
    ])  # fmt: skip
    found = collect(tmp_path)
    told = row(found, "training.csv").detail
    # 39 of 40 are linked: 35 to 39 of those that count, 0 to 4 of strangers.
    assert "linked with the roster: 89 % to 100 % of the rows" in told
    facts = [one for one in found if isinstance(one, PersonFact)]
    known = {name for one in facts for name in (one.person, one.value)}
    assert pseudonym("address:p2@corp.example") in known
    assert pseudonym("address:p1@corp.example") not in known


def test_rows_that_were_there_before_count_once_and_are_accounted_for(tmp_path: Path) -> None:
    again = [
        f"{n:05d},p{n}@corp.example,{TITLES[n % 4]},Team {n % 8},{n % 8:05d},{'yes' if n % 8 == 1 else ''}"
        for n in range(12)
    ]
    roster(tmp_path, more=again)
    write(tmp_path, "certifications.csv", "Email,Badge Name,Issuer,Issued At", [
        f"p{n % 10}@corp.example,CKA,CNCF,2026-01-01" for n in range(20)
    ])  # fmt: skip
    finished = [f"p{n},p{n}@corp.example,Helm,Completed,2026-05-0{n % 9 + 1}" for n in range(20)]
    other = [
        "p1,p1@corp.example,Helm,Completed,2026-05-09",
        "p1,p1@corp.example,Kubernetes,Completed,2026-05-02",
    ]
    open_ = ["p1,p1@corp.example,Helm,Enrolled,"] * 7
    write(tmp_path, "training.csv", "Record,Email,Course Title,Status,Completion Date",
          [*finished, *other, *finished[:7], *finished[:5], *open_])  # fmt: skip
    found = collect(tmp_path)
    assert value(found, "roster.engineer_count") == Interval(Fraction(60), Fraction(64))
    assert row(found, "training.csv").received == 20, "22 different rows, in steps of five"
    assert "not finished: 5 or more" in row(found, "training.csv").detail
    for name, fewest in (("roster.csv", 10), ("certifications.csv", 10), ("training.csv", 10)):
        told = row(found, name)
        assert f"a row that was there before: {fewest} or more" in told.detail
        assert told.requested == told.received + told.skipped + told.failed


def test_the_golden_set_is_told_by_its_date_and_for_groups_alone(tmp_path: Path) -> None:
    roster(tmp_path)
    codes = (
        ["KCNA", "KCSA", "CKA", "CKAD", "CKS", "PCA", "ICA", "CCA", "CAPA", "CGOA", "CBA", "OTCA", "KCA", "CNPA", "CNPE", "LFCS"]
    )  # fmt: skip
    for holders, told in ((5, True), (4, False)):
        write(tmp_path, "certifications.csv", "Email,Badge Name,Issuer,Issued At", [
            f"p{n}@corp.example,{code},The Linux Foundation,2026-05-01" for n in range(holders) for code in codes
        ])  # fmt: skip
        found = collect(tmp_path)
        assert value(found, "training.golden_set_at_least_5") is told
        cited = reading(found, "training.golden_set_at_least_5").evidence
        assert "holders of the 16 asked for on 2026-11-01" in cited[0].query


def test_start_dates_that_can_be_read_two_ways_are_left_alone_and_said(tmp_path: Path) -> None:
    for day, told in (("2026-10-05", "junior 2026-10-05"), ("05/10/2026", "junior"), ("2024-10-05", "")):
        rows = [f"p{n}@corp.example,Junior Developer,Team 1,{day}" for n in range(9)]
        write(tmp_path, "roster.csv", "Email,Job Title,Team,Start date", rows)
        found = collect(tmp_path)
        joined = {
            one.value for one in found if isinstance(one, PersonFact) and one.attribute == "roster.joined"
        }
        assert joined == ({told} if told else set())
        assert ("start dates can be read two ways" in row(found, "roster.csv").detail) is (told == "junior")


def test_learning_of_people_whom_no_roster_knows_denies_nothing(tmp_path: Path) -> None:
    header = "Email,Course Title,Provider,Status,Completion Date"
    write(tmp_path, "training.csv", header, [
        f"p{n}@corp.example,Kubernetes Fundamentals,{('Internal Academy', 'Linux Foundation')[n % 2]},Completed,2026-05-01"
        for n in range(40)
    ])  # fmt: skip
    roster(tmp_path)
    assert value(collect(tmp_path), "training.source_diversity_count") == 2
    (tmp_path / "roster.csv").unlink()
    # None of them is known now, and each may have used whatever there is.
    assert value(collect(tmp_path), "training.source_diversity_count") == Interval(Fraction(0), Fraction(3))


def test_half_of_a_roster_rules_nothing_out_where_the_headcount_is_declared(tmp_path: Path) -> None:
    header = "Employee ID,Work Email,Job Title,Team,Expert Group,Champion"
    rows = [
        f"{n:05d},p{n}@corp.example,{TITLES[n % 4]},Team {n % 8},{'kubernetes' if n > 70 else ''},no"
        for n in range(80)
    ]
    write(tmp_path, "certifications.csv", "Email,Badge Name,Issuer,Issued At", [
        f"p{n}@corp.example,CKA,CNCF,2026-01-01" for n in range(60, 80)
    ])  # fmt: skip
    write(tmp_path, "roster.csv", header, rows)
    whole = {one.key: one.reading for one in collect(tmp_path, {"headcount": 80})
             if isinstance(one, Signal) and one.subject == Subject.parse("org:acme")}  # fmt: skip
    write(tmp_path, "roster.csv", header, rows[:40])
    half = collect(tmp_path, {"headcount": 80})
    for one in half:
        if isinstance(one, Signal) and one.key in whole and str(one.subject) == "org:acme":
            assert tells_no_more(one.reading, whole[one.key]), one.key
    teams = next(one for one in half if isinstance(one, Population))
    assert teams.count == 8 + 40
    unaware = collect(tmp_path)
    assert value(unaware, "training.cert_active_count{cert=any}") == Interval(Fraction(0), Fraction(4))
