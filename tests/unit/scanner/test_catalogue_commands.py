"""The catalogue's rows can be listed by section and level; lint counts what only an auditor can ask."""

from __future__ import annotations

import re

import pytest

from cnmm_collectors import registry
from cnmm_rules.catalogue import files
from cnmm_rules.catalogue.loader import load
from cnmm_scanner.cli import run
from cnmm_scanner.settings import Settings


def test_rows_are_listed_by_section_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    rows = load(files(), registry.load()).criteria
    assert run(["rules", "list", "--section", "security", "--level", "3"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [row.id for row in rows if (row.section, row.level) == ("security", 3)] != []
    assert run(["rules", "list", "--level", "0"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == sum(row.level == 0 for row in rows)
    assert run(["rules", "list", "--level", "6"]) == 2
    assert run(["rules", "list", "--section", "nonsense"]) == 2
    assert "known are" in capsys.readouterr().err


def test_lint_says_how_many_prompts_have_no_effect(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "lint"]) == 0
    found = re.search(r", (\d+) prompts without effect, no fault", capsys.readouterr().out)
    assert found is not None
    assert int(found[1]) == sum(len(row.prompts) for row in load(files(), registry.load()).criteria) > 0


def test_the_settings_schema_explains_its_keys() -> None:
    schema = Settings.model_json_schema(by_alias=True)
    assert "audit date" in schema["properties"]["as_of"]["description"]
    assert "earlier scans" in schema["properties"]["history"]["description"]
