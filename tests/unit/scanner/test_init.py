"""`cnmm init` proposes what is in sight, never a secret, and never overwrites."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from cnmm_scanner.located import Located
from cnmm_scanner.settings import Settings, read_settings, validate

SECRET = "ghp_" + "Zz9Yy8Xx" * 4 + "Ww7V"
KUBECONFIG = f"""
contexts:
  - {{name: prod, context: {{cluster: a, user: root}}}}
  - {{name: "evil\\n- x: y", context: {{}}}}
users: [{{name: root, user: {{token: {SECRET}}}}}]
"""


def init(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(folder / "home"), **more}
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "cnmm_scanner", "init", *arguments, str(folder)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    remotes = (f"https://user:{SECRET}@github.com/acme/shop.git", "git@gitlab.example.org:group/sub/shop.git")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    for position, url in enumerate(remotes):
        command = ["git", "-C", str(tmp_path), "remote", "add", f"r{position}", url]
        subprocess.run(command, check=True)
    (tmp_path / "home/.kube").mkdir(parents=True)
    (tmp_path / "home/.kube/config").write_text(KUBECONFIG)
    (tmp_path / "exports").mkdir()
    for name in ("exports/HR roster 2026.csv", "exports/a'\": [certificates].xlsx", "sales.csv"):
        (tmp_path / name).write_text(f"token\n{SECRET}\n")
    (tmp_path / "catalog-info.yaml").write_text("kind: Component\n")
    return tmp_path


def uncommented(text: str) -> str:
    """Return the proposal with every offer taken."""
    text = re.sub(r"^  # - ", "  - ", text, flags=re.M)
    return re.sub(r"^# (?=sources:$|collectors:$|scope:|history:|  \w+: )", "", text, flags=re.M)


def test_proposal_is_valid_and_names_what_is_in_sight(place: Path) -> None:
    done = init(place, GITHUB_TOKEN=SECRET)
    assert done.returncode == 0, done.stderr
    text = (place / "cnmm.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=./cnmm.schema.json\n")
    settings = read_settings(place / "cnmm.yaml")
    assert (settings.organisation, len(settings.targets)) == ("acme", 1)
    assert '"github:acme", credential: GITHUB_TOKEN}' in text and "GITHUB_TOKEN is set" in text
    assert '"gitlab' in text and '"kube:prod"' in text
    assert "https://gitlab.example.org into collectors.gitlab.url" in text
    assert "evil" not in text and "sales" not in text
    schema = jsonschema_rs.validator_for((place / "cnmm.schema.json").read_text())
    schema.validate(yaml.safe_load(text))


def test_every_offer_is_valid_once_it_is_taken(place: Path) -> None:
    text = uncommented(init(place, "--print").stdout)
    document = yaml.safe_load(text)
    settings = validate(Settings, Located("cnmm.yaml", document, None), document)
    assert len(settings.targets) >= 3
    assert {kind.value for kind in settings.sources} == {"roster", "certifications", "catalog"}
    assert settings.scope is not None and settings.history is not None
    assert settings.collectors["people"]["headcount"] == 0


def test_no_secret_is_written_or_said(place: Path) -> None:
    done = init(place, GITHUB_TOKEN=SECRET, GITLAB_TOKEN=SECRET)
    written = "".join((place / name).read_text() for name in ("cnmm.yaml", "cnmm.schema.json"))
    assert SECRET not in written + done.stdout + done.stderr
    assert "user:" not in written


def test_nothing_is_overwritten(place: Path) -> None:
    (place / "cnmm.yaml").symlink_to(place / "elsewhere")
    done = init(place)
    assert done.returncode == 2 and "is there already" in done.stderr
    assert not (place / "elsewhere").exists() and not (place / "cnmm.schema.json").exists()


def test_print_writes_nothing(place: Path) -> None:
    before = sorted(place.iterdir())
    assert init(place, "--print").stdout.startswith("# yaml-language-server")
    assert sorted(place.iterdir()) == before


def test_a_folder_with_nothing_in_sight(tmp_path: Path) -> None:
    assert init(tmp_path, KUBECONFIG=str(tmp_path / "missing")).returncode == 0
    assert read_settings(tmp_path / "cnmm.yaml").targets == ()
