"""Bundles of invented organisations of any size, sealed by the scanner's own code."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from cnmm_collectors import registry
from cnmm_collectors.evidence import Evidence, payload_digest
from cnmm_collectors.plugin import Collected, LedgerRow, Membership, Population
from cnmm_collectors.signals import (
    Absent,
    Masses,
    Observed,
    Signal,
    SignalSpec,
    Tally,
    Unit,
    Value,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules import catalogue
from cnmm_scanner.bundle import RUN, write_bundle
from cnmm_scanner.canonical import document
from cnmm_scanner.container import held
from cnmm_scanner.records import encode
from cnmm_scanner.sealing import catalogue_members, item_lines, spool

FAMILIES = ("git", "docs", "codeowners", "ci", "host")
AS_OF = "2026-11-01"
_ORG = Subject(SubjectKind.ORG, "bench")
_READ = "2026-10-31T00:00:00Z"


def write(folder: Path, size: int, teams: int = 0) -> Path:
    """Return the bundle of an organisation with `size` repositories in `teams` teams, written once."""
    path = folder / f"bundle-{size}-{teams}.cnmm"
    if path.exists():
        return path
    members = spool(item_lines(_bodies(size, teams)), folder / f"spool-{size}-{teams}")
    period = {"from": "2025-11-01", "to": AS_OF}
    run = {"organisation": "bench", "as_of": AS_OF, "period": period, "complete": True}
    members[RUN] = held(document(run))
    members.update(catalogue_members(catalogue.files(), ()))
    about = {
        "organisation": "bench",
        "as_of": AS_OF,
        "complete": True,
        "catalogue": {"id": "cnmm-people", "version": "0"},
        "plugins": [],
        "parent": "",
    }
    write_bundle(path, members, about)
    return path


def _bodies(size: int, teams: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(11)
    repos = tuple(Subject(SubjectKind.REPO, f"bench/r{number}") for number in range(size))
    population = Population(_ORG, SubjectKind.REPO, size, repos, "enumeration")
    owners = tuple(Subject(SubjectKind.TEAM, f"bench/t{number:04d}") for number in range(teams))
    owned = [Membership(repo, owners[number % teams]) for number, repo in enumerate(repos) if owners]
    known = [Population(_ORG, SubjectKind.TEAM, teams, owners, "enumeration")] if owners else []
    yield encode(Collected(populations=[population, *known], memberships=owned))
    specs = [spec for spec in registry.declared(FAMILIES) if not spec.parameters]
    for repo in repos:
        yield encode(invent(repo, specs, rng))


def invent(repo: Subject, specs: Sequence[SignalSpec], rng: random.Random) -> Collected:
    """Return what a scan might have found of one repository and its one or two components."""
    found = Collected(ledger=[LedgerRow("git", "repository", str(repo), 1, 1)])
    parts = [Subject(SubjectKind.COMPONENT, f"{repo.name}/c{n}") for n in range(rng.choice((1, 1, 1, 2)))]
    found.memberships.extend(Membership(part, repo) for part in parts)
    cited = [_cite(repo, number) for number in range(6)]
    for spec in specs:
        subjects = {SubjectKind.REPO: [repo], SubjectKind.COMPONENT: parts}.get(spec.subject, [])
        for subject in subjects:
            evidence = (rng.choice(cited),)
            reading = Absent(evidence) if rng.random() < 0.2 else Observed(_value(spec, rng), evidence)
            found.signals.append(Signal(spec.id, subject, spec.sources[0].name, reading))
    return found


def _cite(repo: Subject, number: int) -> Evidence:
    commit = f"{number:040x}"
    return Evidence(
        source="git",
        locator=f"https://git.bench.example/{repo.name}/blob/{commit}/f{number}.yaml#L1-L3",
        query=f"git show {commit}:f{number}.yaml",
        digest=payload_digest(f"{repo} {number}".encode()),
        captured_at=_READ,
        confirmed_at=_READ,
        collector="git 1",
        path=f"f{number}.yaml",
        commit=commit,
        lines="L1-L3",
        excerpt="kind: Deployment",
    )


def _value(spec: SignalSpec, rng: random.Random) -> Value:
    match spec.unit:
        case Unit.BOOL:
            return rng.random() < 0.6
        case Unit.RATIO:
            return Fraction(rng.randint(0, 20), 20)
        case Unit.TALLY:
            return Tally(rng.randint(0, 5), 5)
        case Unit.MASSES:
            return Masses((("cd/argo", 1),))
        case Unit.DATE:
            return f"2026-0{rng.randint(1, 9)}-01"
        case _:
            return rng.randint(math.ceil(spec.low), 6 if spec.high is None else min(6, math.floor(spec.high)))
