"""The sample organisation: built twice the same, scanned, and compared with its written answer."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnmm_collectors.signals import Gap, Observation, State
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.engine import assess
from cnmm_rules.facts import Facts
from cnmm_rules.index import Index
from cnmm_rules.rollup import roll
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.canonical import document
from demo import demo

ACME = Path(__file__).resolve().parents[2] / "examples" / "acme"


def expected() -> dict[str, Any]:
    """Return the known answer, put together from its files; each thing is said in one of them."""
    whole: dict[str, Any] = {}
    for path in sorted(ACME.glob("expected*.yaml")):
        for part, told in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if isinstance(told, dict):
                assert not whole.get(part, {}).keys() & told.keys(), f"{path.name}: {part} said twice"
                whole[part] = {**whole.get(part, {}), **told}
            else:
                whole[part] = [*whole.get(part, []), *told] if isinstance(told, list) else told
    return whole


EXPECTED = expected()
CANARIES = [
    line
    for line in (ACME / "recipe" / "canaries.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
sys.path.insert(0, str(ACME))
from recipe.staff import CANARIES as STAFF  # noqa: E402


@dataclass(frozen=True)
class Scanned:
    """One finished scan: its folder, what it said, and what the bundle seals."""

    home: Path
    out: Path
    said: bytes
    assessment: dict[str, Any]
    facts: Facts
    index: Index
    members: dict[str, bytes]


def build(out: Path) -> Path:
    subprocess.run([sys.executable, str(ACME / "build.py"), str(out)], check=True, timeout=120)
    return out


def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    name = Path(sys.executable).parent / "cnmm"
    assert name.exists(), "install the project first: the console command is part of the test"
    return subprocess.run([str(name), *arguments], capture_output=True, timeout=280, check=False)


def git(repo: Path, *arguments: str) -> bytes:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments], cwd=repo, env=environment, capture_output=True, check=True
    ).stdout


def folder_of(home: Path, name: str) -> Path:
    plain = home / "repos" / name
    return plain if plain.exists() else plain.with_name(f"{name}.git")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory) / "build/acme"


@pytest.fixture(scope="module")
def scanned(home: Path) -> Iterator[Scanned]:
    out = home.parent / "demo"
    said = (home.parents[1] / "screen").read_bytes()
    assessment = json.loads((out / "assessment.json").read_bytes())
    with Bundle(out / "bundle.cnmm") as bundle:
        facts = bundle.facts()
        index = Index(facts, bundle.signals())
        members = {name: bundle.container.read(name) for name in bundle.container.names}
        yield Scanned(home, out, said, assessment, facts, index, members)


def test_build_is_the_same_each_time(home: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "again")
    first, second = files_of(home), files_of(again)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert len(list((home / "repos").iterdir())) == 14


def files_of(folder: Path) -> dict[str, bytes]:
    # What is served writes the ports of the day; git's index holds the times of the files beside it.
    apart = {"index", "served.yaml", "kubeconfig"}
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in apart)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_sample_holds_every_canary(home: Path) -> None:
    stores = [folder_of(home, name.name.removesuffix(".git")) for name in (home / "repos").iterdir()]
    logs = b"".join(git(repo, "log", "-p", "--all", "--format=%an <%ae> %B") for repo in stores)
    missing = [canary for canary in CANARIES if canary.lower().encode() not in logs.lower()]
    assert missing == ["Y29ycmVjdC1wYXJyb3Q"]  # the same secret as a reader might encode it
    exported = b"".join(path.read_bytes().lower() for path in (home / "exports").iterdir())
    assert [canary for canary in STAFF if canary.encode() not in exported] == []


def test_scan_is_about_the_sample(scanned: Scanned) -> None:
    assert scanned.assessment["organisation"] == "acme"
    assert scanned.assessment["as_of"] == EXPECTED["as_of"].isoformat()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_input_changes_no_byte(scanned: Scanned, seed: int) -> None:
    """Law 7 where it is hard: several sources answer one reading, and lists are not whole."""
    with Bundle(scanned.out / "bundle.cnmm") as bundle:
        facts, catalogue = bundle.facts(), bundle.catalogue()
        rng, mixed = random.Random(seed), {}
        for name in ("observations", "memberships", "populations", "claims", "waivers", "ledger"):
            mixed[name] = list(getattr(facts, name))
            rng.shuffle(mixed[name])
        evidence = [(one, facts.evidence[one]) for one in facts.evidence]
        rng.shuffle(evidence)
        shuffled = replace(
            facts, evidence=dict(evidence), **{name: tuple(held) for name, held in mixed.items()}
        )
        again = document(assess(shuffled, catalogue).to_json())
    assert again == (scanned.out / "assessment.json").read_bytes()


@pytest.mark.parametrize("section", sorted(EXPECTED["sections"]))
def test_interval_of_a_section(scanned: Scanned, section: str) -> None:
    found = next(item for item in scanned.assessment["sections"] if item["id"] == section)
    assert {key: found[key] for key in ("proven", "possible")} == EXPECTED["sections"][section]


@pytest.mark.parametrize("team", sorted(EXPECTED["team_sections"]))
def test_intervals_of_a_team(scanned: Scanned, team: str) -> None:
    sections = next(item["sections"] for item in scanned.assessment["teams"] if item["id"] == f"team:{team}")
    wanted = EXPECTED["team_sections"][team]
    found = {one["id"]: {"proven": one["proven"], "possible": one["possible"]} for one in sections}
    assert {section: found[section] for section in wanted} == wanted


def test_decided_rows_are_exactly_the_expected_ones(scanned: Scanned) -> None:
    rows = [row for row in scanned.assessment["findings"] if row["subject"] == "org:acme"]
    found = {row["criterion"]: row["outcome"] for row in rows if row["outcome"] != "unknown"}
    assert found == EXPECTED["rows"]
    assert len(rows) > 150


def bound(value: Any) -> Fraction | None:
    if value is None:
        return None
    return Fraction(value.toordinal()) if isinstance(value, date) else Fraction(str(value))


def ranges() -> Iterator[Any]:
    for key, pair in EXPECTED["signals"].items():
        yield pytest.param("org:acme", key, pair, id=f"acme-{key}")
    for team, signals in EXPECTED["teams"].items():
        for key, pair in signals.items():
            yield pytest.param(f"team:{team}", key, pair, id=f"{team}-{key}")


@pytest.mark.parametrize(("scope", "key", "pair"), list(ranges()))
def test_range_of_a_signal(scanned: Scanned, scope: str, key: str, pair: list[Any]) -> None:
    rolled = roll(scanned.index, key, Subject.parse(scope), None, None)
    low, high = (bound(value) for value in pair)
    assert (rolled.range.low, rolled.range.high) == (low, high)


def readings(facts: Facts, key: str, subject: str) -> list[Observation]:
    return [item for item in facts.observations if item.key == key and str(item.subject) == subject]


@pytest.mark.parametrize(("key", "subject", "value"), EXPECTED["readings"])
def test_reading_of_a_subject(scanned: Scanned, key: str, subject: str, value: Any) -> None:
    # A host that was not allowed to look says so beside the clone that was.
    told = readings(scanned.facts, key, subject)
    found = [one for one in told if one.state is not State.UNKNOWN] or told
    assert len(found) == 1
    if value in ("absent", "unknown"):
        assert found[0].state.value == value
    elif isinstance(value, bool):
        assert found[0].value is value
    else:
        assert isinstance(found[0].value, int | Fraction)
        assert Fraction(found[0].value) == bound(value)


@pytest.mark.parametrize(("key", "told"), sorted(EXPECTED["records"].items()))
def test_what_a_record_amounts_to(scanned: Scanned, key: str, told: str) -> None:
    (found,) = readings(scanned.facts, key, "org:acme")
    if told.startswith(("proven", "claimed")):
        assert found.value == told
    else:
        assert found.state.value == "unknown"
        assert told in found.detail


def test_empty_repository_has_no_value(scanned: Scanned) -> None:
    about = [
        item
        for item in scanned.facts.observations
        if "sandbox-notes" in str(item.subject) and item.source == "git"
    ]
    assert about
    assert {item.state.value for item in about} <= {"absent", "unknown"}


def test_teams_are_the_declared_ones(scanned: Scanned) -> None:
    declared = {str(Subject(SubjectKind.TEAM, name)) for name in EXPECTED["teams"]}
    assert {team["id"] for team in scanned.assessment["teams"]} == declared


@pytest.mark.parametrize(("key", "subject", "path", "says"), EXPECTED["citations"])
def test_citation_leads_to_its_line(scanned: Scanned, key: str, subject: str, path: str, says: str) -> None:
    (reading,) = readings(scanned.facts, key, subject)
    cited = [scanned.facts.evidence[name] for name in reading.evidence]
    places = [item for item in cited if item.path == path]
    assert places, f"cites {[item.path for item in cited]}"
    shown = [
        lines_of(
            git(folder_of(scanned.home, item.locator.split("/")[4]), "show", item.commit + ":" + path), item
        )
        for item in places
    ]
    assert any(says in text for text in shown), shown
    for item in places:
        assert item.locator.startswith("https://git.acme.example/acme/")
        assert item.query == f"git show {item.commit}:{path}"


def lines_of(raw: bytes, item: Any) -> str:
    if not item.lines:
        return raw.decode()
    ends = [int(part.removeprefix("L")) for part in item.lines.split("-")]
    return "\n".join(raw.decode().split("\n")[ends[0] - 1 : ends[-1]])


def test_every_cited_file_is_the_one_git_shows(scanned: Scanned) -> None:
    wrong = []
    for item in scanned.assessment["evidence"]:
        if not item.get("path") or not item.get("commit"):
            continue
        repo = folder_of(scanned.home, item["locator"].split("/")[4])
        blob = git(repo, "rev-parse", f"{item['commit']}:{item['path']}").decode().strip()
        raw = git(repo, "cat-file", "blob", blob)
        last = int(item["lines"].rpartition("L")[2]) if item.get("lines") else 0
        if item["native_id"] != blob or last > len(raw.splitlines()):
            wrong.append(item["locator"])
    assert wrong == []


def test_the_report_shows_the_audit_before_and_what_a_reviewer_said(scanned: Scanned) -> None:
    page = (scanned.out / "report.html").read_text("utf-8")
    assert 'class="trend"' in page
    for words in ("2026-08-01", "because more or less was read", "lead auditor", "disputed"):
        assert words in page
    assert b"Since the last complete scan" in scanned.said


def test_no_canary_in_anything_written_or_said(scanned: Scanned) -> None:
    written = {str(path): path.read_bytes() for path in scanned.out.rglob("*") if path.is_file()}
    everything = {**written, **scanned.members, "the terminal": scanned.said}
    assert sum(b"guardrails" in content for content in everything.values()) > 3
    found = [
        (name, canary)
        for name, content in everything.items()
        for canary in (*CANARIES, *STAFF, "ghp_acme", "acme-auditor")
        if canary.lower().encode() in content.lower()
    ]
    assert found == []


@pytest.mark.parametrize("sources", [("hr", "survey"), ("catalog", "work"), ("github",), ("kubernetes",)])
def test_withholding_what_sources_said_raises_nothing_and_rules_nothing_out(
    scanned: Scanned, sources: tuple[str, ...]
) -> None:
    """Law 4 over the whole sample, for the organisation and every team."""
    with Bundle(scanned.out / "bundle.cnmm") as bundle:
        facts, catalogue = bundle.facts(), bundle.catalogue()
        everything = list(facts.observations)
        assert set(sources) <= {one.source for one in everything}
        seen = [
            replace(one, state=State.UNKNOWN, value=None, gap=Gap.NOT_COLLECTED, evidence=())
            if one.source in sources else one
            for one in everything
        ]  # fmt: skip
        found = assess(replace(facts, observations=seen), catalogue)
    parts = [("org", found.sections), *((str(team), sections) for team, sections in found.teams)]
    less = {(about, one.id): (one.proven, one.possible) for about, sections in parts for one in sections}
    told = [("org", scanned.assessment["sections"])]
    told += [(team["id"], team["sections"]) for team in scanned.assessment["teams"]]
    for about, sections in told:
        for one in sections:
            proven, possible = less.get((about, one["id"]), (None, None))
            if proven is not None and possible is not None and one["proven"] is not None:
                assert proven <= one["proven"], (about, one["id"])
                assert possible >= one["possible"], (about, one["id"])


def test_clones_alone_prove_no_level_that_exports_prove(scanned: Scanned) -> None:
    """The same bundle without what exports, records, the catalogue, the host and the clusters said."""
    with Bundle(scanned.out / "bundle.cnmm") as bundle:
        facts, catalogue = bundle.facts(), bundle.catalogue()
        alone = replace(facts, observations=[one for one in facts.observations if one.source == "git"])
        proven = {one.id: one.proven for one in assess(alone, catalogue).sections if one.rated}
    whole = {one["id"]: one["proven"] for one in scanned.assessment["sections"] if one["rated"]}
    assert proven.keys() == whole.keys()
    assert all(proven[name] <= whole[name] for name in proven)
    assert set(proven.values()) == {0}
    assert [name for name in ("org", "teams", "upskilling", "culture") if whole[name] < 2] == []


def test_bundle_verifies(scanned: Scanned) -> None:
    done = command("verify", str(scanned.out / "bundle.cnmm"))
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
