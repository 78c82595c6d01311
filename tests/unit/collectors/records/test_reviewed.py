"""A statement merged after somebody else approved it is proof; everything less stays a claim. Law 6."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors import registry
from cnmm_collectors.github.collector import GitHubCollector
from cnmm_collectors.plugin import Collected, LedgerRow, Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.records import RecordsCollector
from cnmm_collectors.signals import Gap, Observed, Signal, Unknown, seal
from cnmm_collectors.subjects import Subject
from cnmm_rules.criteria import Record, RecordKind
from cnmm_rules.facts import Facts
from cnmm_rules.index import Index
from cnmm_rules.measures import Cache, SubjectMeasures
from cnmm_rules.predicates import RecordState
from cnmm_scanner.contract import Contract, keep
from doubles.github.organisation import Organisation, acme, brought, connection, repository
from doubles.github.server import serve

AS_OF = date(2026, 11, 1)
DOCUMENT = b"# Charter\n"
STATEMENT = (
    f"key: exec-sponsor\nrole: CTO\ndate: 2026-05-01\nexpires: 2027-04-01\n"
    f"artefact: {{file: charter.md, digest: 'sha256:{hashlib.sha256(DOCUMENT).hexdigest()}'}}\n"
).encode()
PATH = "attestations/sponsor.yaml"
BLOB = hashlib.sha1(b"blob %d\0" % len(STATEMENT) + STATEMENT, usedforsecurity=False).hexdigest()
REMOTE = "https://github.com/acme/governance.git"
KEY = "attest.record{key=exec-sponsor}"


def checkout(folder: Path, remote: str = REMOTE, statement: bytes = STATEMENT) -> Path:
    """Make a repository whose attestations folder holds one statement and what backs it."""
    place = folder / "governance" / "attestations"
    place.mkdir(parents=True)
    (place / "sponsor.yaml").write_bytes(statement)
    (place / "charter.md").write_bytes(DOCUMENT)
    subprocess.run(["git", "init", "-q", str(folder / "governance")], check=True)
    subprocess.run(["git", "-C", str(folder / "governance"), "remote", "add", "origin", remote], check=True)
    return place


def gather(collector: Any, target: Target, settings: Any, environment: dict[str, str]) -> Collected:
    reader = SourceReader(
        collector=collector.name, version="1", as_of=date(2026, 11, 1), now="2026-11-01T00:00:00Z",
        credential=target.credential, environment=environment,
    )  # fmt: skip
    found, contract = Collected(), Contract(collector.signals)
    for one in collector.plan(target, settings, reader):
        for yielded in collector.collect(one, settings, reader) if isinstance(one, WorkItem) else [one]:
            keep(found, yielded, contract)
    return found


def statements(place: Path, *hosts: tuple[str, str]) -> tuple[Collected, list[Target]]:
    """Return what the records say by themselves, and what they ask hosts about."""
    facts = (("attestations", str(place)), *hosts)
    target = Target("records", "sources", subject=Subject.parse("org:acme"), facts=facts)
    collector = RecordsCollector()
    found = gather(collector, target, collector.Settings(), {})
    return found, found.targets


def governed(*changes: dict[str, Any], blob: str = BLOB, **node: Any) -> Organisation:
    """Return an organisation whose repository of statements got this one through these changes."""
    org = acme()
    org.repositories.append(repository("governance", **node))
    org.statements[("governance", PATH)] = {"blob": blob, "changes": list(changes)}
    return org


def proof(org: Organisation, place: Path) -> tuple[Any, LedgerRow, Collected]:
    """Return the host's reading of the statement in a folder, and its account."""
    _, (target,) = statements(place, ("host github GITHUB_TOKEN", "acme"))
    with serve(org) as double:
        collector = GitHubCollector()
        settings = collector.Settings(
            api=double.url, max_seconds=20.0, max_wait=2.0, per_minute=0, pause=0.05
        )
        found = gather(collector, target, settings, {"GITHUB_TOKEN": "ghp_planted"})
    (signal,) = found.signals
    assert (signal.key, str(signal.subject), signal.source) == (KEY, "org:acme", "github")
    return signal.reading, next(row for row in found.ledger if row.unit == "statement"), found


GOOD = brought(7, BLOB, "ann-a", (("cat-c", BLOB),))


def test_a_statement_that_somebody_else_approved_as_it_is_proves(tmp_path: Path) -> None:
    place = checkout(tmp_path)
    alone, _ = statements(place)
    own = next(one.reading for one in alone.signals if one.key == KEY)
    assert isinstance(own, Observed)
    assert own.value == "claimed 2026-05-01"
    reading, row, found = proof(governed(GOOD), place)
    assert isinstance(reading, Observed)
    assert reading.value == "proven 2026-05-01"
    assert any("governance/pull/7" in item.excerpt for item in reading.evidence)
    assert (row.requested, row.received) == (1, 1)
    told = repr(found)
    assert not any(name in told for name in ("ann-a", "cat-c", "ghp_planted"))


@pytest.mark.parametrize(
    ("org", "why"),
    [
        (governed(brought(7, BLOB, "ann-a", (("ann-a", BLOB),))), "nobody but its authors"),
        (governed(brought(7, BLOB, "ann-a", ())), "nobody but its authors"),
        (governed(brought(7, BLOB, "ann-a", (("helper[bot]", BLOB),))), "nobody but its authors"),
        (governed(brought(7, BLOB, "ann-a", (("cat-c", "0" * 40),))), "nobody but its authors"),
        (governed(brought(7, BLOB, "ann-a", (("cat-c", BLOB),), ("ann-a", "cat-c"))), "nobody but its authors"),
        (governed(brought(7, BLOB, "ann-a", (("cat-c", BLOB),), ("ann-a", None))), "not wholly known"),
        (governed({**GOOD, "commits": {"totalCount": 101, "nodes": []}}), "not wholly known"),
        (governed({**GOOD, "mergeCommit": {"file": {"oid": "0" * 40}}}), "other bytes"),
        (governed({**GOOD, "merged": False}), "no merged change"),
        (governed({**GOOD, "baseRefName": "draft"}), "no merged change"),
        (governed({**GOOD, "baseRepository": {"nameWithOwner": "eve/governance"}}), "no merged change"),
        (governed(), "no merged change"),
        (governed(GOOD, blob="0" * 40), "another one"),
        (
            governed(GOOD, defaultBranchRef={
                "name": "main", "branchProtectionRule": None, "rules": connection([]),
            }),
            "not known to be protected",
        ),
        (acme(), "not known"),
    ],
)  # fmt: skip
def test_less_than_that_is_unknown_and_told(tmp_path: Path, org: Organisation, why: str) -> None:
    reading, row, _ = proof(org, checkout(tmp_path))
    assert isinstance(reading, Unknown)
    assert why in reading.detail
    assert (row.received, row.skipped) == (0, 1)
    assert why in row.detail


def test_a_row_cites_the_statement_its_document_and_the_merge(tmp_path: Path) -> None:
    place = checkout(tmp_path)
    own, _ = statements(place)
    _, _, host = proof(governed(GOOD), place)
    claims = [one for one in own.signals if one.key == KEY]

    def judged(signals: list[Signal]) -> RecordState:
        facts = Facts("acme", AS_OF, (AS_OF, AS_OF), [seal(one) for one in signals])
        measures = SubjectMeasures(Index(facts, registry.load()), facts.org, None, Cache(), {})
        return measures.record(Record("exec-sponsor", RecordKind.EITHER, 400))

    alone, both = judged(claims), judged([*claims, *host.signals])
    assert (alone.proven, both.proven) == (False, True)
    assert set(alone.rolled.evidence) < set(both.rolled.evidence)
    assert len(both.rolled.evidence) == 3


def test_a_statement_behind_a_link_is_asked_about_by_the_links_own_path(tmp_path: Path) -> None:
    place = checkout(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (place / "sponsor.yaml").rename(tmp_path / "elsewhere" / "sponsor.yaml")
    (place / "linked.yaml").symlink_to(tmp_path / "elsewhere" / "sponsor.yaml")
    facts = (("attestations", str(place / "linked.yaml")), ("host github TOKEN", "acme"))
    target = Target("records", "sources", subject=Subject.parse("org:acme"), facts=facts)
    collector = RecordsCollector()
    found = gather(collector, target, collector.Settings(), {})
    assert [path for one in found.targets for _, path in one.facts] in ([], ["attestations/linked.yaml"])
    assert any(row.about == "linked.yaml" for row in found.ledger)


def test_a_host_that_is_not_scanned_is_not_asked(tmp_path: Path) -> None:
    place = checkout(tmp_path)
    for host in ((), (("host github GITHUB_TOKEN", "other"),), (("host github TOKEN", "acme/checkout"),)):
        assert not statements(place, *host)[1]
    assert [one.credential for one in statements(place, ("host github T", "acme/governance"))[1]] == ["T"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"expires: 2027-04-01\n", b""),
        (b"2027-04-01", b"2026-10-01"),
        (b"charter.md", b"gone.md"),
        (b"'sha256:", b"'sha256:0000"[:11]),
    ],
)
def test_a_statement_that_lacks_more_than_a_review_is_not_asked_about(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    place = checkout(tmp_path, statement=STATEMENT.replace(old, new) if new != old else STATEMENT[:-70])
    assert not statements(place, ("host github GITHUB_TOKEN", "acme"))[1]


def test_a_host_that_refuses_leaves_the_claim(tmp_path: Path) -> None:
    _, (target,) = statements(checkout(tmp_path), ("host github GITHUB_TOKEN", "acme"))
    with serve(governed(GOOD)) as double:
        double.faults.set("statement", "forbidden")
        collector = GitHubCollector()
        settings = collector.Settings(api=double.url, max_seconds=0.3, max_wait=0.2, per_minute=0, pause=0.02)
        found = gather(collector, target, settings, {"GITHUB_TOKEN": "ghp_planted"})
    (signal,) = found.signals
    assert isinstance(signal.reading, Unknown)
    assert signal.reading.gap is Gap.NOT_PERMITTED
