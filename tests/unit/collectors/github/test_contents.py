"""Files through the API alone: what a clone of the same commit says, or less, and never anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.git.collector import GitCollector
from cnmm_collectors.git.settings import Settings as GitSettings
from cnmm_collectors.github.collector import GitHubCollector
from cnmm_collectors.github.contents import CONTENTS
from cnmm_collectors.plugin import Collected, Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Tally, Unknown
from cnmm_scanner.contract import Contract, keep
from doubles.github.files import give
from doubles.github.organisation import Organisation, acme
from doubles.github.server import Double, serve
from unit.collectors.git.repos import BOT, JANE, OMAR, History, days_ago
from unit.collectors.github.workshop import AS_OF, NOW, Scan, asking, repo, settings

SHOP = {
    "app/main.py": "import flask\n", "app/Dockerfile": "FROM python:3.12\n",
    "app/requirements.txt": "flask==3\n", "app/k8s/deploy.yaml": "apiVersion: apps/v1\nkind: Deployment\n",
    "legacy/main.go": "package main\n", "legacy/Dockerfile": "FROM golang:1\n", "legacy/go.mod": "module x\n",
    "bots/index.js": "1\n", "bots/Dockerfile": "FROM node:22\n", "bots/package.json": "{}\n",
    "CODEOWNERS": "* @acme/payments\n/app/ @acme/web\n", "docs/runbook.md": "# Runbook\nrestart it\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    uses: acme/ci/.github/workflows/x.yml@v1\n",
    "README.md": "# Shop\n", "docs/adr/0001-use-mesh.md": "# 1. Use a mesh\n\nStatus: accepted\n",
    "docs/ünïcode and space.md": "# x\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository with one part that people, one that a bot, and one that nobody works on."""
    history = History()
    first = history.commit(SHOP, days=400, by=JANE)
    second = history.commit({"app/main.py": "import flask as f\n"}, days=20, by=OMAR, parent=first)
    third = history.commit({"bots/index.js": "2\n"}, days=5, by=BOT, parent=second)
    history.commit({"logo.bin": b"\0\1\2"}, days=400, by=JANE, parent=third, at=days_ago(4))
    return history.write(tmp_path_factory.mktemp("shop") / "shop")


@pytest.fixture(scope="module")
def organisation(shop: Path) -> Organisation:
    org = acme()
    org.repositories = [one for one in org.repositories if one["name"] in ("checkout", "ledger")]
    give(org, "checkout", shop)
    return org


@pytest.fixture
def double(organisation: Organisation) -> Iterator[Double]:
    with serve(organisation) as found:
        yield found


@pytest.fixture(scope="module")
def given(organisation: Organisation, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scan, Collected]:
    """Return what a scan through the API alone says."""
    with serve(organisation) as double:
        return through_api(double, tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def whole(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Any, Reading]:
    """Return what a clone of the repository says."""
    clone = Target("git", str(shop), "", repo("checkout"), (("organisation", "acme"),))
    return readings(read([clone], tmp_path_factory.mktemp("clone")))


def contents_target(double: Double) -> Target:
    """Return the target under which the collector reads the repository's files."""
    node = double.organisation.repositories[0]
    told = (("default_branch", "main"), ("organisation", "acme"), ("url", f"{double.url}/acme/checkout.git"),
            ("commit", node["defaultBranchRef"]["target"]["oid"]), ("tree", node["defaultBranchRef"]["target"]["tree"]["oid"]))  # fmt: skip
    return Target(CONTENTS, "acme/checkout", "GITHUB_TOKEN", repo("checkout"), told)


def through_api(double: Double, cache: Path, **changes: Any) -> tuple[Scan, Collected]:
    """Scan without a clone; return what the host said, and what the files it gave say."""
    double.asked.clear()
    chosen = {"clone": False, "activity": False, "analyses": False, **changes}
    scan = Scan(double, cache=cache, **chosen)
    return scan, read(scan.found.targets, cache)


def read(targets: list[Target], cache: Path) -> Collected:
    """Read every repository the way the run does."""
    found, collector = Collected(), GitCollector()
    contract = Contract(collector.signals)
    for target in [one for one in targets if one.kind == "git"]:
        door = SourceReader(collector="git", version="1", as_of=AS_OF, now=NOW, cache=cache)
        for item in collector.plan(target, GitSettings(), door):
            yields = collector.collect(item, GitSettings(), door) if isinstance(item, WorkItem) else [item]
            for one in yields:
                keep(found, one, contract)
    return found


def readings(found: Collected, name: str = "checkout") -> dict[tuple[str, str], Reading]:
    """Return the readings about one repository and its components."""
    return {
        (one.key, str(one.subject)): one.reading for one in found.signals if f"/{name}" in f"{one.subject}/"
    }


def says_no_more(part: Reading, whole: Reading) -> bool:
    """True where a reading is the other one, open, or a range around it."""
    if isinstance(part, Unknown):
        return True
    if isinstance(part, Absent) or isinstance(whole, Absent):
        return isinstance(part, Absent) and isinstance(whole, Absent)
    assert isinstance(part, Observed)
    if not isinstance(whole, Observed):
        return False
    if isinstance(part.value, Interval) and isinstance(whole.value, int | Fraction):
        return part.value.low <= whole.value <= (part.value.high or whole.value)
    if isinstance(part.value, Tally) and isinstance(whole.value, Tally):
        return part.value.passed == whole.value.passed
    return part.value == whole.value


def test_the_api_says_what_a_clone_says_or_less(
    given: tuple[Scan, Collected], whole: Mapping[Any, Reading]
) -> None:
    part = readings(given[1])
    assert part.keys() == whole.keys()
    wrong = {key: (part[key], whole[key]) for key in part if not says_no_more(part[key], whole[key])}
    assert not wrong
    told = [key for key in part if not isinstance(part[key], Unknown)]
    assert len(told) > len(part) / 3, "the API says next to nothing"


def test_what_it_says_is_cited_at_the_hosts_own_commit(
    given: tuple[Scan, Collected], organisation: Organisation
) -> None:
    _, found = given
    commit = organisation.repositories[0]["defaultBranchRef"]["target"]["oid"]
    cited = [one for signal in found.signals for one in getattr(signal.reading, "evidence", ())]
    cited = [one for one in cited if "checkout" in one.locator]
    assert cited
    assert {one.commit for one in cited} == {commit}
    files = [one for one in cited if one.path]
    assert files and all(f"/blob/{commit}/" in one.locator and one.native_id for one in files)


def test_which_parts_are_in_use_is_asked_of_the_host(
    given: tuple[Scan, Collected], organisation: Organisation
) -> None:
    _, found = given
    image = {
        str(one.subject).rpartition("/")[2]: one.reading for one in found.signals
        if one.key == "git.containerised_repo_ratio" and "checkout" in str(one.subject)
    }  # fmt: skip
    assert isinstance(image["app"], Observed)
    assert isinstance(image["legacy"], Absent), "nobody worked on it in the window"
    assert isinstance(image["bots"], Absent), "a bot alone did"
    (asked,) = {one.query for one in image["legacy"].evidence}
    assert "Commit.history" in asked, "it was no git log that said so"


def test_history_is_unknown_and_says_why(given: tuple[Scan, Collected], organisation: Organisation) -> None:
    _, found = given
    part = readings(found)
    (effort,) = [reading for (key, subject), reading in part.items()
                 if key == "git.contributor_absence_factor" and subject.endswith("/app")]  # fmt: skip
    assert isinstance(effort, Unknown)
    assert effort.gap is Gap.NOT_COLLECTED
    assert "clone it" in effort.detail


def test_a_repository_takes_one_rest_call_and_an_unchanged_one_none(double: Double, tmp_path: Path) -> None:
    through_api(double, tmp_path)
    own = [asked for asked in double.asked if "git/trees" in asked or asked.endswith(("contents", "work"))]
    assert [asked.split()[0] for asked in own].count("GET") == 1
    assert len(own) == 3
    through_api(double, tmp_path)
    assert not [
        asked for asked in double.asked if "git/trees" in asked or asked.endswith(("contents", "work"))
    ]


def test_files_that_the_credential_may_not_see_are_unknown(
    given: tuple[Scan, Collected], organisation: Organisation
) -> None:
    scan, found = given
    ledger = readings(found, "ledger")
    assert ledger
    assert {one.gap for one in ledger.values() if isinstance(one, Unknown)} == {Gap.NOT_VISIBLE}
    assert all(isinstance(one, Unknown) for one in ledger.values())
    (row,) = [one for one in scan.found.ledger if one.about == "acme/ledger"]
    assert (row.requested, row.failed, row.cause) == (1, 1, "not_visible")


FAULTS = (
    *((place, fault) for place in ("git/trees", "contents", "work") for fault in ("forbidden", "wrong shape")),
    *(("git/trees", fault) for fault in ("hidden", "too many", "elsewhere", "reset", "html")),
    *(("contents", fault) for fault in ("all forbidden", "500", "reset")), ("work", "not found"),
)  # fmt: skip


@pytest.mark.parametrize(("place", "fault"), FAULTS)
def test_a_fault_leaves_readings_open_and_is_in_the_ledger(
    place: str, fault: str, double: Double, whole: Mapping[Any, Reading], tmp_path: Path
) -> None:
    found = Collected()
    target = contents_target(double)
    double.faults.set(place, fault)
    collector, chosen = GitHubCollector(), settings(double, clone=False, max_wait=0.1)
    door = asking(tmp_path)
    (item,) = [one for one in collector.plan(target, chosen, door) if isinstance(one, WorkItem)]
    for one in collector.collect(item, chosen, door):
        keep(found, one, Contract(collector.signals))
    files = read(found.targets, tmp_path)
    part = readings(files)
    assert part
    wrong = {key: one for key, one in part.items() if not says_no_more(one, whole.get(key, one))}
    assert not wrong
    if place == "work":
        assert not [
            one for (_, subject), one in part.items() if "component" in subject and isinstance(one, Observed)
        ]
    else:
        assert [one for one in (*found.ledger, *files.ledger) if one.failed and "checkout" in one.about]


def lie(double: Double, change: Any) -> None:
    """Let the host's list of files be another one than the true one."""
    from doubles.github import files

    org = double.organisation

    def rest(path: str) -> tuple[int, Any]:
        if "/git/trees/" not in path:
            status, body, _ = _server_rest(double, path)
            return status, body
        status, body = files.listing(org, path)
        return status, change(json.loads(json.dumps(body)))

    double.rest = rest


def _server_rest(double: Double, path: str) -> tuple[int, Any, dict[str, str]]:
    from doubles.github.server import rest

    kept, double.rest = double.rest, None
    try:
        return rest(double, path, "")
    finally:
        double.rest = kept


def _drop(body: Any) -> Any:
    body["tree"] = body["tree"][1:]
    return body


def _swap(body: Any) -> Any:
    for row in body["tree"]:
        if row["path"] == "README.md":
            row["sha"] = "1" * 40
    return body


def _stray(body: Any) -> Any:
    body["tree"].append({"path": "no/such/folder/x", "mode": "100644", "type": "blob", "sha": "1" * 40})
    return body


def _escape(body: Any) -> Any:
    body["tree"].append({"path": "../x", "mode": "100644", "type": "blob", "sha": "1" * 40})
    return body


@pytest.mark.parametrize("change", [_drop, _swap, _stray, _escape])
def test_a_list_that_is_not_the_commits_is_believed_in_nothing(
    change: Any, double: Double, tmp_path: Path
) -> None:
    lie(double, change)
    _, found = through_api(double, tmp_path)
    part = readings(found)
    assert part
    assert {getattr(one, "gap", None) for one in part.values()} == {Gap.MALFORMED}


def test_a_cut_list_is_unsupported_and_says_to_clone(double: Double, tmp_path: Path) -> None:
    lie(double, lambda body: {**body, "truncated": True})
    _, found = through_api(double, tmp_path)
    assert {getattr(one, "gap", None) for one in readings(found).values()} == {Gap.UNSUPPORTED}


def test_beyond_the_cap_nothing_is_absent(
    double: Double, whole: Mapping[Any, Reading], tmp_path: Path
) -> None:
    scan, found = through_api(double, tmp_path, contents_files=2)
    (row,) = [one for one in scan.found.ledger if one.unit == "file"]
    assert row.cause == "sampled_out"
    assert row.skipped
    part = readings(found)
    assert not {key: one for key, one in part.items() if not says_no_more(one, whole[key])}


def test_what_a_folder_elsewhere_says_of_itself_is_not_believed(shop: Path, tmp_path: Path) -> None:
    forged = {"refused": False, "commit": "1" * 40, "tree": "2" * 40, "worked": {"": True}}
    place = shop / ".git" / "given.json"
    place.write_text(json.dumps(forged), encoding="utf-8")
    try:
        opened = SourceReader(collector="git", version="1", as_of=AS_OF, now=NOW, cache=tmp_path).git.open(
            str(shop)
        )
        assert opened.given is None
        opened.close()
    finally:
        place.unlink()
