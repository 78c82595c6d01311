"""The benchmark's bookkeeping: every promised row is named, measured or shown as missing, under one id."""

from __future__ import annotations

import pytest

from bench.rows import Row, at_most, growth
from bench.run import GROUPS, PROMISED, document, unmeasured

CONTRACT = (
    "git-vs-git-log", "git-vs-pydriller", "assess-vs-load", "cold-start-vs-python", "github-calls-per-repo",
    "github-second-scan-calls", "gitlab-calls-per-project", "kube-vs-paging", "exports-vs-duckdb",
    "xlsx-vs-calamine", "html-vs-json", "dask-same-conclusions",
)  # fmt: skip


def test_every_row_of_the_output_contract_is_promised() -> None:
    promised = [name for names in PROMISED.values() for name in names]
    assert set(CONTRACT) <= set(promised)
    assert len(set(promised)) == len(promised)
    assert set(GROUPS) <= set(PROMISED)


def test_a_row_that_nobody_measured_is_named() -> None:
    rows = [at_most("git-vs-git-log", 1.2, 1.5, "")]
    assert "git-vs-git-log" not in unmeasured(rows, ["git"])
    assert "git-peak" in unmeasured(rows, ["git"])
    assert unmeasured([], ["start"]) == ["cold-start-vs-python"]


def test_the_file_has_the_keys_that_others_script_against() -> None:
    row = Row("x", 1.0, 2.0, "x", True, "why")
    (found,) = document([row], "a machine")
    assert found == {
        "id": "x", "value": 1.0, "target": 2.0, "unit": "x", "pass": True, "detail": "why", "machine": "a machine",
    }  # fmt: skip
    with pytest.raises(ValueError, match="one id"):
        document([row, row], "a machine")


def test_growth_is_the_exponent() -> None:
    assert growth([(size, 3 * size**1.5) for size in (10, 100, 1_000)]) == pytest.approx(1.5)
    assert growth([(size, 7.0) for size in (10, 100, 1_000)]) == pytest.approx(0)
