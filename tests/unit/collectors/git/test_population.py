"""Absent means outside the population, and nothing else: for every signal that a clone answers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from cnmm_collectors import registry
from cnmm_collectors.git.collector import FAMILIES, GitCollector
from cnmm_collectors.signals import Absence, Absent, Observed, split_key
from unit.collectors.git.repos import JANE, OMAR, History, git, scan

CODE = "def main():\n    return 1\n"
CODEOWNERS = "* @acme/platform\n/policy/ @acme/security\n"
REPOSITORIES = {
    "bare": {"app.py": CODE},
    "documented": {"app.py": CODE, "README.md": "# App\n", "docs/guide.md": "It says how it is used.\n"},
    "owned": {"app.py": CODE, "CODEOWNERS": CODEOWNERS},
    "unowned": {"app.py": CODE, "CODEOWNERS": "# nobody yet\n"},
    "infra": {"main.tf": "resource x y {}\n", "k8s/a.yaml": "apiVersion: apps/v1\nkind: Deployment\n"},
    "data": {"train.py": "import torch\n", "requirements.txt": "torch==2\n", "a.ipynb": "{}"},
}  # fmt: skip


def test_no_signal_of_a_clone_counts_what_is_absent() -> None:
    assert [spec.id for spec in registry.declared(FAMILIES) if spec.absent is not Absence.INELIGIBLE] == []


@pytest.mark.parametrize("name", REPOSITORIES)
def test_what_is_absent_in_a_repository_in_use_is_declared_to_be_outside(tmp_path: Path, name: str) -> None:
    history = History()
    history.commit(REPOSITORIES[name], days=20, by=JANE)
    history.commit({"more.txt": "x"}, days=10, by=OMAR)
    out = scan(history.write(tmp_path / "shop"))
    specs = {spec.id: spec for spec in GitCollector.signals}
    absent = {split_key(s.key)[0] for s in out.signals if isinstance(s.reading, Absent)}
    assert absent
    silent = [key for key in sorted(absent) if "outside the population" not in specs[key].definition]
    assert silent == []


def test_a_repository_without_an_ownership_file_covers_nothing(tmp_path: Path) -> None:
    history = History()
    history.commit({"app.py": CODE}, days=5)
    out = scan(history.write(tmp_path / "shop"))
    assert out.reading("codeowners.path_coverage_ratio") == Observed(
        Fraction(0),
        out.reading("codeowners.team_owner_ratio").evidence,  # type: ignore[union-attr]
    )
    assert out.value("git.plaintext_secret_count") == 0


def test_an_empty_repository_is_in_no_population(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "shop")
    out = scan(tmp_path / "shop")
    assert isinstance(out.reading("codeowners.path_coverage_ratio"), Absent)
    assert isinstance(out.reading("git.plaintext_secret_count"), Absent)
