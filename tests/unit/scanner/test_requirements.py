"""Requirements pass on what was read and holds, and on nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnmm_scanner.bundle import Bundle, write_bundle
from cnmm_scanner.canonical import record
from cnmm_scanner.container import held
from cnmm_scanner.gates import GateFault
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.requirements import check_requirements, parse_requirements, unmet_requirements
from unit.scanner.small import ABOUT, cite, facts, make

SIGNALS = "observations/signals/x.ndjson"


def said(bundle: Bundle, *wanted: str) -> list[str]:
    told = json.loads(bundle.container.read(ASSESSMENT))
    requirements = parse_requirements(wanted)
    check_requirements(requirements, bundle.catalogue(), bundle.signals())
    return list(unmet_requirements(requirements, told, bundle.facts(), bundle.signals()))


def observed(name: str, state: str, **more: Any) -> bytes:
    about = {"signal": "x.flag", "subject": f"repo:{name}", "source": "probe", "state": state}
    cited = [] if state == "unknown" else [cite(name).id]
    return record({**about, "evidence": cited, "value": None, **more})


def test_a_row_and_every_reading(tmp_path: Path) -> None:
    with Bundle(make(tmp_path / "good.cnmm")) as bundle:
        assert said(bundle, "org.L1.flagged", "x.flag=1", "x.flag>=1", "x.flag>0") == []
        assert said(bundle, "x.flag<1") == ["gate not met: x.flag < 1 is required, and it fails for 2 of 2"]
    with Bundle(make(tmp_path / "half.cnmm", {"a": True, "b": False})) as bundle:
        assert said(bundle, "x.flag=1") == ["gate not met: x.flag = 1 is required, and it fails for 1 of 2"]
        assert said(bundle, "org.L1.flagged") == ["gate not met: org.L1.flagged is required, and it is unmet"]


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        ([observed("a", "observed", value=True), observed("b", "unknown", gap="not_permitted")],
         "is not known for 1 of 2"),
        ([observed("a", "observed", value=True)], "is not known for 1 of 2"),
        ([observed("a", "observed", value=False)], "fails for 1 of 2 and is not known for 1 of 2"),
        ([observed("a", "observed", value=True), observed("b", "absent")], "fails for 1 of 2"),
        ([], "was not read"),
    ],
    ids=["refused", "declared, not read", "both", "absent counts as zero", "nothing"],
)  # fmt: skip
def test_what_was_not_read_is_no_pass(tmp_path: Path, lines: list[bytes], want: str) -> None:
    path = tmp_path / "bundle.cnmm"
    members = {**facts({"a": True, "b": True}), SIGNALS: held(b"".join(lines))}
    write_bundle(path, members, ABOUT)
    with Bundle(path) as bundle:
        found = unmet_requirements(
            parse_requirements(["x.flag=1"]), {"findings": []}, bundle.facts(), bundle.signals()
        )
        assert [line.partition("and it ")[2] for line in found] == [want]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("org.L1.nothing", "there is no row"),
        ("x.flag", "SIGNAL>=NUMBER"),
        ("x.other>=1", "there is no signal"),
        ("x.flag{a=b}>=1", "there is no signal"),
        ("x.flag>=", "requirement"),
        ("x.flag=yes", "requirement"),
        ("a b", "requirement"),
    ],
)
def test_what_cannot_be_required_is_refused_before_the_scan(tmp_path: Path, wanted: str, says: str) -> None:
    with Bundle(make(tmp_path / "bundle.cnmm")) as bundle, pytest.raises(GateFault, match=says):
        said(bundle, wanted)
