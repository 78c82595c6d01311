"""A source that gave nothing is said aloud: a mistyped name must not pass for an empty organisation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cnmm_collectors.plugin import LedgerRow
from cnmm_scanner.work import nothing_read

FAILED = LedgerRow("kubernetes", "cluster", "prod", 1, 0, failed=1, cause="unreachable", detail="no context")
READ = LedgerRow("kubernetes", "list", "prod pods", 1, 1)


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
