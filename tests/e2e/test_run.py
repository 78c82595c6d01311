"""A run survives kills and crashes, gives the same answer in any order, and leaks nothing."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from e2e.commands import Bench, wait_until

CANARY = "canary-5f1e0c7b9d"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def members(bench: Bench, output: str) -> dict[str, bytes]:
    """Return what a bundle holds, without the time it was read at."""
    with zipfile.ZipFile(bench.folder / output / "bundle.cnmm") as archive:
        return {
            name: re.sub(rb'"20[0-9-]+T[0-9:]+Z"', b'"T"', archive.read(name))
            for name in archive.namelist()
            if name not in ("manifest.json", "signature")
        }


@pytest.mark.parametrize("executor", ["1", "threads:1"])
def test_a_killed_scan_goes_on_without_reading_again(bench: Bench, executor: str) -> None:
    slow = bench.recipe(items=8, sleep=0.25)
    process = bench.start(
        "scan", "-c", "cnmm.yaml", slow, "-o", "out", "--format", "plain", "--executor", executor
    )
    wait_until(lambda: len(bench.read()) >= 4)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not (bench.folder / "out/bundle.cnmm").exists()
    work = bench.folder / "out/.cnmm-work"
    assert stat.S_IMODE(work.stat().st_mode) == 0o700
    finished = (work / "journal").read_bytes().count(b'"item":"probe:')
    assert finished >= 2
    begun = len(bench.read())

    bench.recipe(items=8, sleep=0.25)
    status, _, err = bench.scan(slow, "--resume", "--executor", executor)
    assert status == 0, err
    # Whatever was finished is not read again; what was under way when the kill came is.
    assert len(bench.read()) <= begun + 8 - finished
    assert bench.assessment()["complete"] is True
    assert bench.assessment()["ledger"]["received"] == 8
    assert not work.exists()


def test_a_full_disk_is_one_line_and_what_was_read_is_not_read_again(bench: Bench) -> None:
    target = bench.recipe(items=60)
    command = [
        sys.executable,
        "-m",
        "cnmm_scanner",
        "scan",
        "-c",
        "cnmm.yaml",
        target,
        "-o",
        "out",
        "--quiet",
    ]
    limited = ["bash", "-c", 'ulimit -f 16; exec "$@"', "-", *command, "--executor", "threads:2"]
    full = subprocess.run(
        limited,
        cwd=bench.folder,
        # Python would leave half of its own compiled files behind.
        env=bench.environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 2
    (line,) = full.stderr.splitlines()
    assert line.startswith("cnmm: out/.cnmm-work: cannot be written: ")
    assert line.endswith("(make room there, then go on with --resume)")
    finished = (bench.folder / "out/.cnmm-work/journal").read_bytes().count(b'"item":"probe:')
    begun = len(bench.read())
    assert finished > 0
    status, _, err = bench.scan(target, "--resume", "--executor", "threads:2")
    assert status == 0, err
    assert len(bench.read()) <= begun + 60 - finished + 1, "a half written line is read again"
    assert bench.assessment()["ledger"]["received"] == 60
    assert sorted(path.name for path in (bench.folder / "out").iterdir()) == [
        "assessment.json", "bundle.cnmm", "plain.txt"
    ]  # fmt: skip


def test_other_settings_are_other_inputs(bench: Bench) -> None:
    slow = bench.recipe(items=4, sleep=0.2)
    process = bench.start(
        "scan", "-c", "cnmm.yaml", slow, "-o", "out", "--executor", "1", "--format", "plain"
    )
    wait_until(lambda: len(bench.read()) >= 3)
    process.kill()
    process.communicate(timeout=60)
    begun = len(bench.read())
    assert bench.scan(slow, "--resume", "--as-of", "2026-11-21")[0] == 0
    assert len(bench.read()) == begun + 4


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_leaves_a_partial_bundle_that_says_so(bench: Bench, how: signal.Signals) -> None:
    slow = bench.recipe(items=40, sleep=0.2)
    process = bench.start(
        "scan", "-c", "cnmm.yaml", slow, "-o", "out", "--format", "plain", "--executor", "1"
    )
    wait_until(lambda: len(bench.read()) >= 4)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume" in err
    assert bench.assessment()["complete"] is False
    test = bench.assessment()["findings"][0]["tests"][0]
    assert 0 < test["seen"] < test["declared"] == 40
    assert bench.run("verify", "out/bundle.cnmm")[0] == 0
    assert len(bench.read()) < 40
    assert bench.run("clean", "out")[0] == 0
    assert not (bench.folder / "out/.cnmm-work").exists()


def test_one_items_failure_stops_no_other(bench: Bench) -> None:
    target = bench.recipe(items=8, crash=["acme/r001"], kill=["acme/r003"], breach=["acme/r005"])
    status, _, err = bench.scan(target, "--executor", "2")
    assert status == 0, err
    test = bench.assessment()["findings"][0]["tests"][0]
    assert (test["seen"], test["declared"], test["low"], test["high"]) == (5, 8, 0.625, 1)
    ledger = bench.assessment()["ledger"]
    assert (ledger["failed"], ledger["received"]) == (3, 5)
    assert bench.assessment()["complete"] is False
    assert "jane@example.org" not in err
    assert bench.run("verify", "out/bundle.cnmm")[0] == 0


def test_a_plan_that_crashes_is_in_the_ledger(bench: Bench) -> None:
    status, _, err = bench.scan(bench.recipe("bad", plan="crash"), bench.recipe("good"))
    assert status == 0, err
    assert bench.assessment()["ledger"]["failed"] == 1
    assert bench.assessment()["complete"] is False


def test_targets_that_are_found_on_the_way_are_read_once(bench: Bench) -> None:
    first = bench.recipe("first", items=2, next=str(bench.folder / "second.json"))
    bench.recipe("second", items=5, next=str(bench.folder / "first.json"))
    assert bench.scan(first, first)[0] == 0
    assert sorted(bench.read()) == [f"acme/r{number:03}" for number in range(5)]
    assert {"source": "run", "unit": "target"}.items() <= bench.assessment()["ledger"]["by_source"][
        -1
    ].items()


@pytest.mark.parametrize("turned", [False, True])
def test_two_targets_that_hold_one_name_are_told_apart(bench: Bench, turned: bool) -> None:
    """One of them is read, the same whatever the order, and the other is in the ledger."""
    folders = [checkout(bench.folder / side / "checkout", side) for side in ("left", "right")]
    recipes = [bench.recipe(name, items=2) for name in ("one", "two")]
    targets = [*map(str, folders), *recipes]
    assert bench.scan(*(targets[::-1] if turned else targets))[0] == 0
    facts = members(bench, "out")
    ledger = b"".join(content for name, content in facts.items() if name.startswith("ledger"))
    rows = [json.loads(row) for row in ledger.splitlines()]
    told = sorted(row["about"] for row in rows if row.get("cause") == "another target holds one of this name")
    assert told == ["repo:acme/checkout", "repo:acme/r000", "repo:acme/r001"]
    assert all(
        row["requested"] == sum(row.get(key, 0) for key in ("received", "skipped", "failed")) for row in rows
    )
    seen = b"".join(content for name, content in facts.items() if name.startswith("evidence"))
    left, right = (commit_of(folder) for folder in folders)
    assert left in seen and right not in seen


def checkout(folder: Path, word: str) -> Path:
    """Make a repository without a remote whose one file holds the word."""
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM {word}\n")
    git = ["git", "-C", str(folder), "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *command], check=True)
    return folder


def commit_of(folder: Path) -> bytes:
    return subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True
    ).stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "status"), [(("scan", "--strict"), 3), (("scan",), 0), (("rules", "list"), 0)]
)
def test_a_reader_that_leaves_changes_neither_status_nor_files(
    bench: Bench, arguments: tuple[str, ...], status: int
) -> None:
    """As with `| head`: what was asked for is done, and nothing complains."""
    target = bench.recipe(items=2, crash=["acme/r000"])
    command, *rest = arguments
    more = ("-c", "cnmm.yaml", target, "-o", "out", "--quiet") if command == "scan" else ()
    process = bench.start(command, *rest, *more)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(timeout=60) == status, said
    assert "Error" not in said and "pipe" not in said.lower()
    assert command != "scan" or (bench.folder / "out/bundle.cnmm").exists()


def test_a_limit_on_calls_leaves_the_rest_unknown(bench: Bench) -> None:
    assert bench.scan(bench.recipe(items=5, lane="api", calls=10), "--max-calls", "25")[0] == 0
    assert len(bench.read()) == 2
    assert bench.assessment()["ledger"]["skipped"] == 3
    assert bench.assessment()["complete"] is False


def test_order_and_executor_do_not_matter(bench: Bench) -> None:
    target = bench.recipe(items=9)
    assert bench.scan(target, "--executor", "2", output="one")[0] == 0
    bench.recipe(items=9, reversed=True)
    assert bench.scan(target, "--executor", "threads:4", output="two")[0] == 0
    bench.recipe(items=9, lane="api")
    assert bench.scan(target, output="three")[0] == 0
    assert members(bench, "one") == members(bench, "two") == members(bench, "three")
    digests = {bench.assessment(name)["conclusions_digest"] for name in ("one", "two", "three")}
    assert len(digests) == 1


def test_no_credential_and_no_person_fact_reaches_a_file(bench: Bench) -> None:
    target = bench.recipe(items=30, sleep=0.1, crash=["acme/r000"])
    with (bench.folder / "cnmm.yaml").open("a") as settings:
        settings.write(f"targets: [{{target: '{target}', credential: MY_TOKEN}}]\n")
    process = bench.start(
        "scan", "-c", "cnmm.yaml", "-o", "out", "--format", "plain", "--executor", "1", MY_TOKEN=CANARY
    )
    wait_until(lambda: len(bench.read()) >= 4)
    process.kill()
    out, err = process.communicate(timeout=60)
    assert leaks(bench, out + err) == []
    status, out, err = bench.scan("--resume", MY_TOKEN=CANARY)
    assert status == 0, err
    assert leaks(bench, out + err) == []
    assert "RuntimeError" in err


def leaks(bench: Bench, said: str) -> list[str]:
    forbidden = (CANARY, "payments-secret-team", "jane@example.org", "ghp_0123456789")
    found = [f"screen: {word}" for word in forbidden if word in said]
    for path in (bench.folder / "out").rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            found += [f"{path.name}: {word}" for word in forbidden if word.encode() in raw]
    return found


def test_a_long_temporary_folder_stops_no_worker(bench: Bench) -> None:
    deep = bench.folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    target = bench.recipe(items=3)
    status, _, err = bench.run(
        "scan", "-c", "cnmm.yaml", target, "-o", "out", "--executor", "2", TMPDIR=str(deep)
    )
    assert status == 0, err
    assert bench.assessment()["complete"] is True
