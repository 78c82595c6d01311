"""The worked plug-in of a third party: the commands of its page, and the contract held over it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs/how-to" / name for name in ("write-a-collector.md", "write-a-renderer.md")]
CONTRACT = ROOT / "docs/how-to/test-a-plugin.md"


def commands(page: Path, kind: str = "") -> list[str]:
    """Return the command lines of a page's console blocks of one kind, in order."""
    blocks = re.findall(rf"^```console{kind}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    return [
        line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")
    ]


def installer() -> list[str]:
    """Return a pip that installs for this interpreter, which need not bring one itself."""
    for python in (sys.executable, shutil.which("python3") or "", "/usr/bin/python3"):
        if (
            python
            and subprocess.run(
                [python, "-m", "pip", "--version"], capture_output=True, check=False
            ).returncode
            == 0
        ):
            return [python, "-m", "pip", "--python", sys.executable, "--disable-pip-version-check"]
    return []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, bool, str], None]) -> Path:
    """A folder in which every command of the page was run, with what each said in `said`."""
    pip = installer()
    require("pip", bool(pip), "no interpreter has one, so the example cannot be installed")
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(
        ROOT / "examples/plugin", folder / "examples/plugin", ignore=shutil.ignore_patterns("__pycache__")
    )
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_NO_INPUT": "1", "HOME": str(folder)}
    said: list[tuple[str, int, str]] = []
    for command in dict.fromkeys(command for page in PAGES for command in commands(page)):
        words = shlex.split(command)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            environment[name] = value
            continue
        real = [*pip, *words[3:]] if words[:3] == ["python", "-m", "pip"] else words
        real = [sys.executable, "-m", "cnmm_scanner", *words[1:]] if words[0] == "cnmm" else real
        done = subprocess.run(
            real, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        said.append((command, done.returncode, done.stdout + done.stderr))
    (folder / "said").write_text(json.dumps(said))
    return folder


def test_every_command_of_the_page_works(place: Path) -> None:
    said = json.loads((place / "said").read_text())
    assert len(said) == 6
    assert not [(command, output) for command, status, output in said if status]
    assert "met; the whole range passes" in said[2][2]


def test_the_row_is_judged_from_the_lists_own_readings(place: Path) -> None:
    told = json.loads((place / "out/assessment.json").read_bytes())
    (finding,) = [one for one in told["findings"] if one["criterion"] == "culture.L3.recovery-drilled"]
    assert finding["outcome"] == "met"
    assert [(test["low"], test["high"], test["seen"], test["declared"]) for test in finding["tests"]] == [
        (0.75, 0.75, 4, 4)
    ]
    assert finding["evidence"]
    assert {row["source"]: row["received"] for row in told["ledger"]["by_source"]} == {"drills": 4}
    assert any("culture.L3.recovery-drilled" in one for one in told["catalogue"]["deviations"])


def test_the_report_says_that_it_took_part(place: Path) -> None:
    for file in ("summary.md", "report.html"):
        assert "drills (cnmm-drills 1.0.0)" in (place / "out" / file).read_text("utf-8")
    with zipfile.ZipFile(place / "out/bundle.cnmm") as bundle:
        named = json.loads(bundle.read("manifest.json"))["plugins"]
    assert {one["distribution"] for one in named} == {"cnmm", "cnmm-drills"}


def test_without_plug_ins_it_is_not_there(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": "site"}
    line = [
        sys.executable,
        "-m",
        "cnmm_scanner",
        "scan",
        "--no-plugins",
        "-o",
        "none",
        "drills:examples/plugin/drills.csv",
    ]
    done = subprocess.run(
        line, cwd=place, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", commands(CONTRACT, " checkout"))
def test_the_contract_suite_holds_over_it(place: Path, command: str) -> None:
    """As the page says, in a checkout with the example installed."""
    words = shlex.split(command)
    named = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    program, *arguments = (word for word in words if word.partition("=")[0] not in named)
    assert program == "python"
    done = subprocess.run(
        [sys.executable, *arguments, "-p", "no:cacheprovider"], cwd=ROOT,
        env={**os.environ, **named, "PYTHONPATH": str(place / "site")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= (30 if "collectors" in command else 10)


def test_the_renderer_writes_what_its_page_says(place: Path) -> None:
    text = (place / "errands/errands.txt").read_text("utf-8")
    assert text.startswith("What acme could supply next, as of 2026-11-22:\n1. ")
    assert "rows wait" in text


def test_pages_show_the_code_as_it_is() -> None:
    for page in (*PAGES, CONTRACT):
        for name, content in re.findall(
            r"^```python file=(\S+)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S
        ):
            assert content == (ROOT / "examples/plugin" / name).read_text("utf-8"), name


def test_it_leans_on_the_contract_alone() -> None:
    sources = (ROOT / "examples/plugin/cnmm_drills").glob("*.py")
    text = "\n".join(path.read_text("utf-8") for path in sources)
    used = set(re.findall(r"^from (cnmm_[\w.]+) import", text, re.M))
    assert used == {
        "cnmm_collectors.plugin",
        "cnmm_collectors.reader",
        "cnmm_collectors.signals",
        "cnmm_collectors.subjects",
        "cnmm_reports.inert",
        "cnmm_reports.view",
    }
