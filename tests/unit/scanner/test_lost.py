"""A source that gave nothing is said aloud: a mistyped name must not pass for an empty organisation."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cnmm_collectors.plugin import LedgerRow
from cnmm_scanner.cli import run
from cnmm_scanner.progress import Lines
from cnmm_scanner.work import nothing_read

FAILED = LedgerRow("kubernetes", "cluster", "prod", 1, 0, failed=1, cause="unreachable", detail="no context")
READ = LedgerRow("kubernetes", "list", "prod pods", 1, 1)

ROGUE = "\x1b]0;owned\x07\x1b[31m\u202e<b>.csv"
"""A file name that would set a window's title, colours and the direction of what follows."""
SPELLED = "⟨U+001B⟩]0;owned⟨U+0007⟩⟨U+001B⟩[31m⟨U+202E⟩"


def cnmm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / "cnmm")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, cwd=folder)


def obeyed(text: str) -> list[str]:
    """Return what a terminal would obey of a text."""
    return [one for one in text if not one.isprintable() and one != "\n"]


def test_refused_files_and_broken_rows_are_named_in_every_report_and_no_terminal_obeys_them(
    tmp_path: Path,
) -> None:
    day = "email,team,start date\nann@x.example,web,2020-01-01\n,web,2020-01-01\n"
    (tmp_path / f"roster{ROGUE}").write_text(day, encoding="utf-8")
    (tmp_path / "training.csv").write_bytes(b"\x00\x01 no table")
    sources = {"roster": f"roster{ROGUE}", "training": "training.csv"}
    (tmp_path / "cnmm.yaml").write_text(json.dumps({"organisation": "acme", "sources": sources}), "utf-8")
    done = cnmm(tmp_path, "scan", "-c", "cnmm.yaml", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert (obeyed(done.stderr), obeyed(done.stdout)) == ([], [])
    assert f"roster{SPELLED}<b>.csv" in done.stderr
    assert "training.csv: no row" in done.stderr
    told = json.loads((tmp_path / "out" / "assessment.json").read_text("ascii"))["ledger"]
    lost = {(one["about"], one["cause"], one["failed"]) for one in told["losses"]}
    assert lost == {(f"roster{ROGUE}", "quarantined", 1), ("training.csv", "malformed", 1)}
    assert told["losses_total"] == 2
    assert told["failed"] == sum(one["failed"] for one in told["losses"])
    page = (tmp_path / "out" / "report.html").read_text("utf-8").partition('<section id="ledger"')[2]
    ledger = page.partition("</section>")[0]
    assert f"roster{SPELLED}&lt;b&gt;.csv" in ledger
    assert "1 of 1" in ledger
    assert "line 3" in ledger
    for file in ("report.html", "summary.md", "terminal"):
        text = done.stdout if file == "terminal" else (tmp_path / "out" / file).read_text("utf-8")
        assert "training.csv" in text, file
        assert "rows set aside as broken" in " ".join(text.split()), file


@pytest.mark.parametrize("command", ["scan", "verify", "assess", "report", "diff", "history", "recheck"])
def test_a_fault_is_one_line_that_no_terminal_obeys(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    more = {"diff": [ROGUE], "history": [], "recheck": ["--sample", "1"]}.get(command, [])
    assert run([command, ROGUE, *more]) == 2
    said = capsys.readouterr().err
    assert (obeyed(said), said.count("\n"), said[:6]) == ([], 1, "cnmm: ")


def test_progress_is_not_obeyed() -> None:
    stream = io.StringIO()
    Lines(stream).note(ROGUE)
    Lines(stream).done(ROGUE, ROGUE)
    assert obeyed(stream.getvalue()) == []


@pytest.mark.parametrize(
    ("ledger", "said"), [([], ""), ([READ], ""), ([READ, FAILED], ""), ([FAILED], "prod: no context")]
)
def test_only_what_gave_nothing_is_said(ledger: list[LedgerRow], said: str) -> None:
    assert nothing_read(ledger) == said


def test_a_cluster_that_nobody_knows_is_told_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    cnmm = str(Path(sys.executable).parent / "cnmm")
    command = [cnmm, "scan", "kube:prod-eu", "-o", str(tmp_path / "out"), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0
    assert (
        "nothing was read of prod-eu: no context 'prod-eu': see `kubectl config get-contexts`" in done.stderr
    )
