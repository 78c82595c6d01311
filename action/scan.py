"""The scan step: from inputs to a command line, guarded where readers are the public, and its outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from own import is_own_bundle, refuse_others
from runner import (
    Refused,
    commands_stopped,
    flag_input,
    lines_input,
    say_error,
    text_input,
    words_input,
    write_output,
)
from visibility import is_public, own_repository

from cnmm_reports.wording import interval
from cnmm_scanner.faults import Fault
from cnmm_scanner.settings import Settings, read_settings

REASONS = {0: "ok", 1: "gate", 2: "usage", 3: "incomplete", 4: "internal", 130: "interrupted"}
_FORMATS = ("html", "json", "markdown", "sarif", "terminal")
_PARTS = ("proven", "possible", "coverage")
_REPORTED = frozenset({0, 1, 3, 130})
_FILES = {
    "bundle_path": "bundle.cnmm", "report_path": "report.html", "sarif_path": "findings.sarif",
    "summary_path": "summary.md", "assessment_path": "assessment.json", "diff_path": "diff.txt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What the inputs ask for: the command line, and whether only the own repository may be shown."""

    arguments: tuple[str, ...]
    folder: Path
    guarded: bool
    compare_with: str


def scan() -> int:
    """Run the scan and write the outputs; a gate that is not met is left to the last step."""
    try:
        plan = make_plan()
    except (Refused, Fault) as fault:
        reason = "refused" if isinstance(fault, Refused) else "usage"
        say_error("cnmm did not scan", str(fault))
        write_output(status="2", exit_reason=reason, published="false")
        return 0
    status = run(plan)
    if plan.guarded and status in _REPORTED and not is_own_bundle(plan.folder / _FILES["bundle_path"]):
        say_error("cnmm withheld its report", "it holds more than this public repository: set publish: true")
        write_output(status="2", exit_reason="withheld", published="false")
        return 0
    _echo(plan)
    if status in _REPORTED and plan.compare_with:
        _compare(plan)
    _report(plan, status)
    return 0


def make_plan() -> Plan:
    """Return what the inputs ask for; raises Refused, or the Fault of settings that cannot be used."""
    guarded = not flag_input("PUBLISH") and is_public()
    config = text_input("CONFIG")
    settings = read_settings(Path(config)) if config else Settings()
    given = lines_input("TARGETS")
    declared = [entry if isinstance(entry, str) else entry.target for entry in settings.targets]
    targets = given or ([] if declared else ["."])
    if guarded:
        refuse_others(targets or declared, settings)
    compare_with = text_input("COMPARE_WITH")
    if compare_with and not Path(compare_with).is_file():
        raise Refused("input compare-with: no such bundle")
    folder = Path(os.environ["CNMM_FOLDER"])
    organisation = text_input("ORGANISATION") or settings.organisation or own_repository().partition("/")[0]
    arguments = ("scan", f"--organisation={organisation}", f"--output={folder}", *_options(), "--", *targets)
    return Plan(arguments, folder, guarded, compare_with)


def _options() -> Iterator[str]:
    yield from (f"--format={name}" for name in _FORMATS)
    for name, option in (("CONFIG", "config"), ("HISTORY", "history"), ("AS_OF", "as-of")):
        if text_input(name):
            yield f"--{option}={text_input(name)}"
    for name in ("FAIL_UNDER", "REQUIRE_COVERAGE", "REQUIRE"):
        yield from (f"--{name.lower().replace('_', '-')}={word}" for word in words_input(name))
    for name, option in (("STRICT", "strict"), ("FAIL_ON_REGRESSION", "fail-on-regression")):
        if flag_input(name):
            yield f"--{option}"


def run(plan: Plan) -> int:
    """Run cnmm, apart from what the job may have set for other programs; return its exit status.

    Where only the own repository may be shown, what it says is held back until that is certain.
    """
    command = [sys.executable, "-I", "-m", "cnmm_scanner", *plan.arguments]
    if not plan.guarded:
        with commands_stopped():
            return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    with _log(plan).open("wb") as log:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
        ).returncode


def _log(plan: Plan) -> Path:
    return plan.folder / "scan.log"


def _echo(plan: Plan) -> None:
    if plan.guarded:
        with commands_stopped():
            sys.stdout.write(_log(plan).read_text("utf-8", "replace"))


def _compare(plan: Plan) -> None:
    new = plan.folder / _FILES["bundle_path"]
    command = [sys.executable, "-I", "-m", "cnmm_scanner", "diff", "--", plan.compare_with, str(new)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    (plan.folder / _FILES["diff_path"]).write_bytes(done.stdout if done.returncode == 0 else done.stderr)


def _report(plan: Plan, status: int) -> None:
    assessment = plan.folder / _FILES["assessment_path"]
    if status not in _REPORTED or not assessment.is_file():
        write_output(status=str(status), exit_reason=REASONS.get(status, "internal"), published="false")
        return
    document = json.loads(assessment.read_bytes())
    paths = {name: plan.folder / file for name, file in _FILES.items()}
    write_output(
        status=str(status),
        exit_reason=REASONS[status],
        published="true",
        **_levels(document),
        **{name: str(path) if path.is_file() else "" for name, path in paths.items()},
    )


def _levels(document: dict[str, Any]) -> dict[str, str]:
    top, sections = document["headline"], document["sections"]
    return {
        "headline": interval(top["proven"], top["possible"]),
        "proven_level": str(top["proven"]),
        "possible_level": str(top["possible"]),
        **{part: json.dumps({one["id"]: one[part] for one in sections}) for part in _PARTS},
    }
