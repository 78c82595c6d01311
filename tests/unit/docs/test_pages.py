"""The documentation holds together: links lead somewhere, and what it names exists."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from cnmm_collectors.signals import Gap
from cnmm_reports.catalogue_markdown import anchor
from cnmm_rules.assessment import Outcome
from cnmm_scanner.plugins import COLLECTORS, discover, load_collectors
from cnmm_scanner.settings import Settings
from unit.docs.pages import PAGES, ROOT


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target, place in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", page.read_text("utf-8")):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{page.name}: {target}"
        if place:
            heads = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.M)
            assert place[1:] in {anchor(head) for head in heads}, f"{page.name}: {target}{place}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_and_module_in_code_spans_exists(page: Path) -> None:
    for span in re.findall(
        r"`((?:scanner|collectors|rules|reports|tests|docs|examples|tools)/[\w./]+)`", page.read_text("utf-8")
    ):
        where = ROOT / re.sub(r"[A-Z]{4,}(\.\w+)+$", "", span)  # a file name in capitals is to be filled in
        assert where.exists(), f"{page.name}: {span}"
    for span in re.findall(r"`(cnmm_\w+(?:\.\w+)+)`", page.read_text("utf-8")):
        room = span.partition(".")[0].removeprefix("cnmm_")
        inner = ROOT / room / span.replace(".", "/")
        parent = inner.parent.with_suffix(".py")
        named = parent.is_file() and re.search(rf"^(class|def) {inner.name}\b", parent.read_text(), re.M)
        assert inner.is_dir() or inner.with_suffix(".py").is_file() or named, f"{page.name}: {span}"


def test_recipes_have_at_most_five_steps_and_name_real_entry_points() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    recipes = re.findall(r"^## Add an? (\w+)\n(.*?)(?=^## )", text, re.M | re.S)
    assert [name for name, _ in recipes] == ["signal", "criterion", "collector", "renderer"]
    for name, body in recipes:
        steps = re.findall(r"^(\d)\. ", body, re.M)
        assert steps == [str(number) for number in range(1, len(steps) + 1)], name
        assert 1 <= len(steps) <= 5, name
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert set(re.findall(r"`(cnmm\.[a-z]+)`", text)) <= set(groups)


def test_honesty_lists_every_outcome_and_every_cause() -> None:
    text = " ".join((ROOT / "docs/explanation/honesty.md").read_text("utf-8").split())
    table = re.findall(r"\| ([a-z ]+) \| ", text)
    for outcome in Outcome:
        assert outcome.value.replace("_", " ") in table
    for gap in Gap:
        assert gap.value.replace("_", " ") in text


def test_generated_pages_are_written_checked_and_cleaned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = load_generator()
    assert generator.main(["--to", str(tmp_path)]) == 0
    assert generator.main(["--to", str(tmp_path), "--check"]) == 0
    (tmp_path / "cli.md").write_text("changed")
    (tmp_path / "settings.md").unlink()
    (tmp_path / "old.md").write_text("left over")
    assert generator.main(["--to", str(tmp_path), "--check"]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 3
    for words in ("cli.md differs", "settings.md is missing", "old.md is no longer written"):
        assert words in said
    assert generator.main(["--to", str(tmp_path)]) == 0
    assert generator.main(["--to", str(tmp_path), "--check"]) == 0


def test_the_command_page_shows_every_command_and_option() -> None:
    from cnmm_scanner.cli import ENTRIES

    generator = load_generator()
    text = generator.pages()["cli.md"].decode()
    for name in ENTRIES:
        assert f"## cnmm {name}\n" in text
    for option in ("--fail-under", "--sign-key", "--adjudications", "--section"):
        assert option in text


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=f"{page.name} {number}") for page in PAGES
              for number, block in enumerate(re.findall(r"^```yaml settings\n(.*?)^```", page.read_text("utf-8"), re.M | re.S))]
)  # fmt: skip
def test_settings_on_a_page_are_settings(block: str) -> None:
    """Every key is known to the settings or to the collector's own part of them."""
    document = yaml.safe_load(block)
    settings = Settings.model_validate(document)
    loaded = load_collectors(discover(COLLECTORS, own_only=True))
    for name, part in settings.collectors.items():
        loaded[name].Settings.model_validate(part)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_hides_from_the_tests(page: Path) -> None:
    """A block that is not run shows other programs, or cnmm where it needs what no test has."""
    for info, body in re.findall(r"^```(\w+)[^\n]*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
        if info != "console":
            assert not re.search(r"^(\$ )?cnmm ", body, re.M), f"{page.name}: {body}"


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text("utf-8")
    linked = {(ROOT / "docs" / target).resolve() for target in re.findall(r"\]\(([^)#]+)\)", index)}
    pages = {
        path for folder in (".", "how-to", "explanation") for path in (ROOT / "docs" / folder).glob("*.md")
    }
    assert {path.name for path in pages - linked} == {"index.md"}
