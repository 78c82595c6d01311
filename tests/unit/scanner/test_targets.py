"""The TARGET grammar."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnmm_collectors.plugin import Target
from cnmm_scanner.targets import TargetFault, parse_target, public, require_accepted


def test_what_people_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "repo").mkdir()
    (tmp_path / "hr.csv").touch()
    assert parse_target(".") == Target("path", str(tmp_path))
    assert parse_target("repo") == Target("path", str(tmp_path / "repo"))
    assert parse_target("hr.csv").kind == "file"
    assert parse_target("git:repo") == Target("git", str(tmp_path / "repo"))
    assert parse_target("git:https://host/o/r.git", "T") == Target("git", "https://host/o/r.git", "T")
    assert parse_target("git:git@host:o/r.git").locator == "git@host:o/r.git"
    assert parse_target("git:ssh://git@host/o/r").locator == "ssh://git@host/o/r"
    assert parse_target("github:acme") == Target("github", "acme", "GITHUB_TOKEN")


@pytest.mark.parametrize("text", ["nowhere", "", "https://host/o/r", "git:https://tok@host/r", "Git:x"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(TargetFault) as caught:
        parse_target(text)
    assert "\n" not in str(caught.value)


def test_a_credential_in_a_url_is_not_repeated() -> None:
    for text in ("git:https://user:hunter2@host/r", "https://hunter2@host/r"):
        with pytest.raises(TargetFault) as caught:
            parse_target(text)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "want"),
    [
        (Target("kube", "jane.roe@prod"), "prod"),
        (Target("git", "jane@git.example:acme/shop"), "git.example:acme/shop"),
        (Target("git", "ssh://jane@git.example/acme/shop"), "ssh://git.example/acme/shop"),
        (Target("path", "/home/jane/work@acme"), "work@acme"),
        (Target("github", "acme/shop"), "acme/shop"),
    ],
)
def test_who_logs_in_is_no_part_of_what_a_target_is_called(target: Target, want: str) -> None:
    assert public(target) == want


class Git:
    def accepts(self, target: Target) -> bool:
        return target.kind == "git"


def test_who_is_needed_is_named() -> None:
    require_accepted([Target("git", "x")], [Git()])
    with pytest.raises(TargetFault, match="no installed plug-in reads 'github' targets"):
        require_accepted([Target("git", "x"), Target("github", "acme")], [Git()])


@pytest.mark.parametrize("text", ["github:acme/checkout", "github:acme", "github:Acme-1/.github"])
def test_an_organisation_or_a_repository_of_github(text: str) -> None:
    assert parse_target(text) == Target("github", text.removeprefix("github:"), "GITHUB_TOKEN")
    assert parse_target(text, "OTHER_TOKEN").credential == "OTHER_TOKEN"


@pytest.mark.parametrize(
    "text", ["github:acme/a/b", "github:https://x/acme", "github:-acme", "github:a b", "github:/"]
)
def test_what_github_cannot_mean(text: str) -> None:
    with pytest.raises(TargetFault):
        parse_target(text)
