"""The benchmark's bookkeeping: every promised row is named, measured or shown as missing, under one id."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.rows import Row, at_most, growth
from bench.run import GROUPS, PROMISED, choose, document, measure

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


def test_a_row_that_nobody_measured_is_named_and_short(capsys: pytest.CaptureFixture[str]) -> None:
    rows, why = measure("git", PROMISED["git"], lambda: [at_most("git-vs-git-log", 1.2, 1.5, "")])
    assert why == ""
    assert [row.id for row in rows] == [*PROMISED["git"]]
    assert [row.pass_ for row in rows] == [True] + [False] * (len(rows) - 1)
    assert "SHORT git-peak" in capsys.readouterr().out


def test_a_group_that_breaks_off_keeps_what_it_measured_and_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaking() -> Iterator[Row]:
        yield at_most("assess-vs-load", 1.2, 2, "")
        raise OSError("the disk is full")

    rows, why = measure("assess", PROMISED["assess"], breaking)
    assert why == "OSError: the disk is full"
    assert {row.id: row.pass_ for row in rows} == {
        name: name == "assess-vs-load" for name in PROMISED["assess"]
    }
    assert "the disk is full" in rows[-1].detail
    assert "breaking" in capsys.readouterr().err


def test_a_row_may_be_measured_alone() -> None:
    wanted = choose(["git-peak", "start", "git-growth"])
    assert wanted == {"git": ("git-peak", "git-growth"), "start": PROMISED["start"]}

    def rows() -> Iterator[Row]:
        yield from (at_most(name, 1, 2, "") for name in ("git-vs-git-log", "git-peak"))
        raise AssertionError("nobody asked for more")

    assert [row.id for row in measure("git", ("git-peak",), rows)[0]] == ["git-peak"]
    with pytest.raises(KeyError):
        choose(["git-pike"])


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
