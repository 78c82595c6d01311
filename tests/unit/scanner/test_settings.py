"""Settings: what is wrong is said with file, line and column."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from cnmm_scanner.faults import Fault
from cnmm_scanner.located import read_yaml
from cnmm_scanner.settings import (
    Settings,
    SettingsFault,
    TargetEntry,
    collector_settings,
    read_settings,
)
from cnmm_scanner.statements import read_statements


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cnmm.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def fault(tmp_path: Path, text: str) -> str:
    path = write(tmp_path, text)
    with pytest.raises(Fault) as caught:
        read_settings(path)
    return str(caught.value).replace(f"{path}:", "")


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "repos").mkdir()
    settings = read_settings(
        write(
            tmp_path,
            """
organisation: acme
as_of: 2026-11-22
period: {from: 2026-01-01, to: 2026-11-22}
targets:
  - repos
  - git:https://host/o/r
  - {target: "git:https://host/o/s", credential: HOST_TOKEN}
scope:
  declared_by: register of 2026-11-01
  repositories: [acme/a, acme/b]
  teams:
    acme/pay: {repositories: [acme/a]}
collectors: {git: {window_days: 90}}
waivers: waivers.yaml
formats: [json]
""",
        )
    )
    assert settings.as_of == date(2026, 11, 22)
    assert settings.period is not None
    assert settings.period.start == date(2026, 1, 1)
    assert settings.targets == (
        str(tmp_path / "repos"),
        "git:https://host/o/r",
        TargetEntry(target="git:https://host/o/s", credential="HOST_TOKEN"),
    )
    assert settings.scope is not None
    assert settings.scope.teams["acme/pay"].repositories == ("acme/a",)
    assert settings.waivers == tmp_path / "waivers.yaml"
    assert settings.k == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("organisaton: acme\n", "1:1: unknown key 'organisaton', did you mean 'organisation'?"),
        ("k: 4\n", "1:1: k: must be 5 or more"),
        (
            "scope:\n  declared_by: x\n  teams:\n    a/b:\n      repos: [x]\n",
            "5:7: unknown key 'repos'",
        ),
        ("period:\n  from: 2026-01-01\n  to: 2026-02-01\n  at: x\n", "4:3: unknown key 'at'"),
        ("as_of: soon\n", "1:1: as_of: must be a date such as"),
        ("targets: [{target: x, credential: ghp_abcdef}]\n", "1:23: targets.0.credential: "),
        ("organisation: a b\n", "1:1: organisation: may hold no blanks"),
        ("a: [1\n", "2:1: did not find expected"),
        ("k: 5\nk: 6\n", "2:1: 'k' is there twice"),
        ("scope: {repositories: 3}\n", "1:1: scope.declared_by: is missing"),
        ("\x01\n", "1:1: not YAML"),
        ("- a\n", "1:1: must be `key: value` lines"),
        ("[]\n", "1:1: must be `key: value` lines"),
        ("0\n", "1:1: must be `key: value` lines"),
        ("sources: {rooster: x.csv}\n", "1:11: unknown key 'rooster', did you mean 'roster'?"),
        (
            "scope: {declared_by: x, repositories: few}\n",
            "1:25: scope.repositories: must be a whole number, or a list",
        ),
        ("scope: {declared_by: x, teams: {a b: {}}}\n", "1:33: scope.teams.a b: may hold no blanks"),
        ("sources: {roster: 5}\n", "1:11: sources.roster: must be a list"),
        ("targets: x\n", "1:1: targets: must be a list"),
        ("targets: [5]\n", "1:11: targets.0: must be `key: value` lines"),
        ("k: many\n", "1:1: k: must be a whole number"),
        ("period: {from: 2026-01-01}\n", "1:1: period.to: is missing"),
        ("history: {store: x, keep_days: 0}\n", "1:21: history.keep_days: must be 1 or more"),
    ],
)
def test_faults_have_a_place(tmp_path: Path, text: str, says: str) -> None:
    message = fault(tmp_path, text)
    assert message.startswith(says), message


_JARGON = re.compile(r"\[key\]|constrained|tuple\[|Input|model_|type=|pydantic|instance|validator")


@pytest.mark.parametrize(
    "value", ["5", "x", "[x]", "{x: y}", "true", "1.5", "2026-01-01", "[[1]]", "{5: [x]}"]
)
def test_no_fault_speaks_of_how_it_was_found(tmp_path: Path, value: str) -> None:
    """Whatever stands at any key, what is said is one line for each place, in the words of the file."""
    for key in Settings.model_fields:
        path = write(tmp_path, f"{key}: {value}\n")
        try:
            read_settings(path)
        except Fault as caught:
            lines = str(caught).splitlines()
            assert len({line.split(": ")[0] for line in lines}) >= 1
            for line in lines:
                assert line.startswith(f"{path}:1:")
                assert not _JARGON.search(line), line


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    assert len(fault(tmp_path, "k: 1\nformat: x\nas_of: never\n").splitlines()) == 3


def test_a_value_is_never_repeated(tmp_path: Path) -> None:
    secret = "ghp_0123456789abcdefghijABCDEFGHIJ456789"
    assert secret not in fault(tmp_path, f"targets: [{{target: x, credential: {secret}}}]\nk: {secret}\n")


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read"):
        read_settings(tmp_path / "none.yaml")


class Own(BaseModel):
    model_config = ConfigDict(extra="forbid")
    window_days: int = 90


def test_a_collectors_settings_are_checked_by_its_own_model(tmp_path: Path) -> None:
    path = write(tmp_path, "collectors:\n  git:\n    window_day: 3\n")
    with pytest.raises(SettingsFault, match=r":3:5: unknown key 'window_day', did you mean 'window_days'"):
        collector_settings(read_settings(path), "git", Own, read_yaml(path))
    assert collector_settings(Settings(), "git", Own, None) == Own()


def test_statements_are_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    row = "criterion: org.L1.a, subject: 'org:acme', reason: r, expires: 2027-01-01"
    path.write_text(f"waivers:\n  - {{{row}, owner: CTO, approver: cto}}\n")
    with pytest.raises(SettingsFault, match=r":2:5: waivers.0: .*approver and owner are the same"):
        read_statements("waivers", path)
    path.write_text(f"waivers:\n  - {{{row}, owner: CTO, approver: CISO}}\n")
    assert read_statements("waivers", path)[0]["approver"] == "CISO"
