"""Citations are fetched again from real repositories; whatever was not asked again is said by name."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cnmm_collectors.evidence import Evidence
from cnmm_scanner.cli import run
from cnmm_scanner.collected_again import CollectedAgain, place_of
from cnmm_scanner.recheck import Recheck, RecheckFault, parse_repositories, repository_of
from unit.scanner.diff.worlds import build

NOW = "2026-11-22T00:00:00Z"
IDENTITY = {
    name: "builder@example.org" if name.endswith("EMAIL") else "Builder"
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **IDENTITY},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "First")
    return folder


FILES = {
    "CODEOWNERS": "* @acme/payments\n",
    "Dockerfile": "FROM alpine\n",
    "docs/how to [run].md": "# Runbook\n\nHow to deploy, and how to go back when it fails.\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    uses: acme/shared/.github/workflows/a.yml@v1\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("recheck") / "shop", FILES)


@pytest.fixture(scope="module")
def evidence(shop: Path) -> list[Evidence]:
    """What a real scan cites of the repository."""
    out = shop.parent / "out"
    assert (
        run(["scan", str(shop), "-o", str(out), "--format", "json", "--quiet", "--executor", "threads"]) == 0
    )
    told = json.loads((out / "assessment.json").read_bytes())
    return [Evidence.from_json(item) for item in told["evidence"]]


@pytest.fixture
def checker(shop: Path) -> Iterator[Recheck]:
    made = Recheck({"shop": str(shop)}, NOW, None)
    yield made
    made.close()


def test_what_a_scan_cited_is_found_again(evidence: list[Evidence], checker: Recheck) -> None:
    results = {item.query.split()[1]: checker.check(item).result for item in evidence}
    assert {"show", "ls-tree"} <= results.keys()
    assert results.pop("log", "not supported yet") == "not supported yet"
    assert set(results.values()) == {"same"}


def test_the_command_prints_a_table(
    shop: Path, evidence: list[Evidence], capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(shop.parent / "out/bundle.cnmm")
    assert run(["recheck", bundle, "--sample", "500", "--repo", f"shop={shop}"]) == 0
    text = capsys.readouterr().out
    assert f"{len(evidence)} of {len(evidence)} citations" in text
    assert "not supported yet  " in text
    assert run(["recheck", bundle, "--sample", "2", "--seed", "4", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (len(told["citations"]), told["counts"]["same"]) == (2, 0)
    assert {one["result"] for one in told["citations"]} <= {"not reached", "not supported yet"}
    assert run(["recheck", bundle, "--repo", "shop"]) == 2
    assert str(shop) not in capsys.readouterr().out


def shown(evidence: list[Evidence]) -> Evidence:
    return next(item for item in evidence if item.query.startswith("git show"))


def test_other_content_under_the_cited_place_is_changed(evidence: list[Evidence], checker: Recheck) -> None:
    forged = replace(shown(evidence), digest="sha256:" + "1" * 64)
    assert checker.check(forged).result == "changed"
    listed = next(item for item in evidence if item.query.startswith("git ls-tree"))
    assert checker.check(replace(listed, digest="sha256:" + "1" * 64)).result == "changed"


def test_a_commit_or_path_that_went_is_gone(
    evidence: list[Evidence], checker: Recheck, tmp_path: Path
) -> None:
    item = shown(evidence)
    elsewhere = item.locator.replace(item.commit, "1" * 40)
    found = checker.check(replace(item, commit="1" * 40, locator=elsewhere))
    assert found.result == "gone", found
    assert checker.check(replace(shown(evidence), path="nowhere")).result == "gone"
    other = Recheck({"shop": str(repository(tmp_path / "shop", {"a": "b"}))}, NOW, None)
    assert other.check(shown(evidence)).result == "gone"
    other.close()


def test_a_repository_that_cannot_be_read_is_no_answer(evidence: list[Evidence], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    other = Recheck({"shop": str(tmp_path / "shop")}, NOW, None)
    assert other.check(shown(evidence)).result in ("not reached", "not permitted")
    refused = Recheck({"shop": "http://127.0.0.1:9/acme/shop"}, NOW, tmp_path / "cache")
    assert refused.check(shown(evidence)).result in ("not reached", "not permitted")


def asked(digit: str, source: str = "probe") -> Evidence:
    digest = f"sha256:{digit * 64}"
    return Evidence(source, f"https://api.example.org/{digit}", "GET /x", digest, NOW, NOW, "probe 1")


def test_what_no_repository_shows_needs_a_second_collection(checker: Recheck) -> None:
    found = checker.check(asked("0"))
    assert found.result == "not supported yet"
    assert found.detail == (
        "probe: no way to ask again: GET /x; collect it with your own access and give --against"
    )


def test_a_second_collection_says_same_changed_gone_or_nothing() -> None:
    def result(item: Evidence, **more: frozenset[str]) -> str:
        sources = {"read": frozenset({"probe"}), "refused": frozenset(), "lost": frozenset(), **more}
        again = CollectedAgain({place_of(asked("0")): asked("0").digest}, **sources)
        return Recheck({}, NOW, None, again=again).check(item).result

    assert result(asked("0")) == "same"
    assert result(replace(asked("0"), digest="sha256:" + "1" * 64)) == "changed"
    assert result(replace(asked("0"), captured_at="2026-11-23T00:00:00Z")) == "same"
    assert result(asked("1")) == "gone"
    assert result(asked("1"), refused=frozenset({"probe"})) == "not permitted"
    assert result(asked("1"), lost=frozenset({"probe"})) == "not reached"
    assert result(asked("1", "other")) == "not reached"


def test_the_command_compares_with_a_second_collection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = build(tmp_path / "first.cnmm", {"a": True, "b": True})
    same = build(tmp_path / "same.cnmm", {"a": True, "b": True}, judged=False)
    refused = build(tmp_path / "refused.cnmm", {"a": True, "b": None}, judged=False)
    assert run(["recheck", str(first), "--against", str(same), "--format", "json"]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert counts == {name: 2 * (name == "same") for name in counts}
    assert run(["recheck", str(first), "--against", str(refused), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["changed"] == 0


@pytest.mark.parametrize(
    ("locator", "name", "address"),
    [
        ("https://h.org/acme/shop/blob/{c}/a.py#L1", "acme/shop", "https://h.org/acme/shop"),
        ("https://h.org/g/s/shop/-/tree/{c}", "g/s/shop", "https://h.org/g/s/shop"),
        ("git:acme/shop@{c}:a.py", "acme/shop", ""),
        ("https://h.org/acme/shop.git@{c}:a.py", "acme/shop", "https://h.org/acme/shop.git"),
        ("probe:x", "", ""),
    ],
)
def test_the_repository_of_a_citation(locator: str, name: str, address: str) -> None:
    commit = "a" * 40
    item = Evidence(
        "git", locator.format(c=commit), "git show x", "sha256:" + "0" * 64, NOW, NOW, "git 1", commit=commit
    )
    assert repository_of(item) == (name, address)


@pytest.mark.parametrize("given", ["shop", "=x", "shop=", "shop=/no/such/folder"])
def test_a_repository_is_named_with_its_place(given: str) -> None:
    with pytest.raises(RecheckFault):
        parse_repositories([given])
