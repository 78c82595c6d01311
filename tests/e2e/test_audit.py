"""Scans over time and what auditors do with them, through the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from e2e.commands import Bench

TREND = """section: org
criteria:
  - id: org.L1.flagged
    level: 1
    line: 1
    statement: Most repositories carry the flag.
    role: key
    importance: 3
    confidence: strong
    proof: machine
    applies: {organisation: {min_population: 1}}
    test:
      all:
        - {signal: probe.flag, above: 0.50}
        - {trend_of: probe.flag, change: not_falling, over_days: 100}
    reason: More than half is most of them.
    meaning: The flag is what most of them carry.
    next_step: Let the probe read the others.
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, apart=False)


def flagged(bench: Bench, *, share: bool = True) -> None:
    """Let the probe report every repository as flagged, or none."""
    module = bench.site / "probe_plugin_module.py"
    text = module.read_text()
    module.write_text(text.replace(f"Observed({not share},", f"Observed({share},"))


def scan(bench: Bench, target: str, day: str, *more: str, output: str = "out") -> tuple[int, str]:
    status, _, err = bench.scan(target, "--as-of", day, "--history", "h.db", *more, output=output)
    return status, err


def member(bench: Bench, name: str, output: str = "out") -> Any:
    with zipfile.ZipFile(bench.folder / output / "bundle.cnmm") as archive:
        return json.loads(archive.read(name)) if name in archive.namelist() else None


def test_a_trend_is_decided_by_the_sealed_baseline(bench: Bench) -> None:
    rules = bench.site / "probe_plugin_rules.py"
    text = rules.read_text()
    start = text.index('SECTION = """') + len('SECTION = """')
    rules.write_text(text[:start] + TREND + text[text.index('"""', start) :])
    target = bench.recipe()
    assert scan(bench, target, "2026-01-01")[0] == 0
    assert member(bench, "inputs/baseline.json") is None
    assert bench.assessment()["findings"][0]["outcome"] == "unknown"
    assert scan(bench, target, "2026-04-11")[0] == 0
    (fact,) = member(bench, "inputs/baseline.json")
    assert {key: fact[key] for key in ("as_of", "signal", "subject", "low", "high")} == {
        "as_of": "2026-01-01", "signal": "probe.flag", "subject": "org:acme", "low": 1, "high": 1,
    }  # fmt: skip
    assert bench.assessment()["findings"][0]["outcome"] == "met"
    (bench.folder / "h.db").unlink()
    assert bench.run("verify", "out/bundle.cnmm")[0] == 0
    assert bench.run("assess", "out/bundle.cnmm", "-o", "again")[0] == 0
    assert (bench.folder / "again/assessment.json").read_bytes() == (
        bench.folder / "out/assessment.json"
    ).read_bytes()


def test_a_regression_stops_a_pipeline_and_a_loss_of_sight_does_not(bench: Bench) -> None:
    target = bench.recipe()
    gate = "--fail-on-regression"
    assert scan(bench, target, "2026-01-01", gate)[0] == 0
    blind = bench.recipe("blind", crash=["acme/r000", "acme/r001", "acme/r002"], breach=[], items=3)
    module = bench.site / "probe_plugin_module.py"
    text = module.read_text()
    module.write_text(text.replace("Observed(True, (cited,))", 'Unknown(Gap.NOT_PERMITTED, "refused")'))
    status, err = scan(bench, blind, "2026-02-01", gate, output="blind")
    assert (status, bench.assessment("blind")["headline"]["proven"]) == (0, 0), err
    module.write_text(text.replace("Observed(True,", "Observed(False,"))
    status, err = scan(bench, target, "2026-03-01", gate, output="worse")
    assert (status, "regression: proven level of org was 1, is 0" in err) == (1, True)
    assert (bench.folder / "worse/bundle.cnmm").exists()
    status, out, _ = bench.run("history", "list", "--history", "h.db")
    assert (status, [line.split()[3] for line in out.splitlines()]) == (
        0,
        ["complete", "incomplete", "complete"],
    )
    assert bench.run("trend", "--history", "h.db")[0] == 0


def test_a_gate_without_a_history_is_a_mistake(bench: Bench) -> None:
    status, _, err = bench.scan(bench.recipe(), "--fail-on-regression")
    assert (status, "without a history" in err, bench.read()) == (2, True, [])


def test_a_history_that_cannot_be_used_is_found_before_anything_is_read(bench: Bench) -> None:
    (bench.folder / "h.db").write_text("no database " * 1000)
    status, err = scan(bench, bench.recipe(), "2026-01-01")
    assert (status, "not a database" in err, bench.read()) == (2, True, [])


def test_settings_name_the_history_and_how_long_it_is_kept(bench: Bench) -> None:
    settings = bench.folder / "cnmm.yaml"
    settings.write_text(settings.read_text() + "history: {store: kept/h.db, keep_days: 30}\n")
    for day in ("2020-01-01", "2026-01-01"):
        assert bench.scan(bench.recipe(), "--as-of", day)[0] == 0
    assert bench.run("history", "list", "--history", "kept/h.db")[1] == ""
    settings.write_text(settings.read_text().replace("{store: kept/h.db, keep_days: 30}", "kept/h.db"))
    assert bench.scan(bench.recipe(), "--as-of", "2026-01-02")[0] == 0
    assert bench.run("history", "list", "--history", "kept/h.db")[1].startswith("2026-01-02")
    settings.write_text(settings.read_text().replace("kept/h.db", "{shop: 1}"))
    status, _, err = bench.scan(bench.recipe())
    assert (status, "cnmm.yaml:" in err) == (2, True)
