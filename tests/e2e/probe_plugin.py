"""A third-party collector as a real distribution: its targets are JSON recipes that say how it behaves."""

from __future__ import annotations

from pathlib import Path

MODULE = """
from __future__ import annotations

import json
import os
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cnmm_collectors.plugin import LedgerRow, Membership, PersonFact, Population, Target, WorkItem
from cnmm_collectors.signals import (
    Absence, Basis, Disclosure, Gap, Observed, Rollup, Signal, SignalSpec, Source, Unit, Unknown,
)
from cnmm_collectors.subjects import Subject, SubjectKind

ORG = Subject(SubjectKind.ORG, "acme")


def declare(name, unit, rollup, **more):
    return SignalSpec(
        id=name, title=name, definition=name, unit=unit, subject=SubjectKind.REPO, rollup=rollup,
        absent=Absence.ZERO, disclosure=Disclosure.STRUCTURAL,
        sources=(Source("probe", 1, Basis.EFFECTIVE, "read"),), **more,
    )


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    window_days: int = 90


class ProbeCollector:
    name = "probe"
    version = "1.0"
    signals = (
        declare("probe.flag", Unit.BOOL, Rollup.SHARE),
        declare("probe.count", Unit.COUNT, Rollup.SUM),
    )
    Settings = Settings

    def accepts(self, target):
        return target.kind == "probe"

    def plan(self, target, settings, reader):
        recipe = json.loads(Path(target.locator).read_bytes())
        if recipe.get("plan") == "crash":
            raise RuntimeError("the plan of somebody@example.org failed")
        names = [f"acme/r{index:03}" for index in range(recipe["items"])]
        if recipe.get("reversed"):
            names.reverse()
        subjects = {name: Subject(SubjectKind.REPO, name) for name in names}
        cited = reader.cite(locator="probe:list", query="list", payload=b"list")
        yield Population(ORG, SubjectKind.REPO, len(names), tuple(subjects.values()), "enumeration", (cited,))
        for name in names:
            yield WorkItem(
                "probe", name, target, (subjects[name],), recipe.get("lane", "analysis"),
                recipe.get("calls", 0), (("recipe", target.locator),),
            )

    def collect(self, item, settings, reader):
        recipe = json.loads(Path(dict(item.payload)["recipe"]).read_bytes())
        name = item.key
        with Path(recipe["log"]).open("a") as log:
            log.write(f"{name}\\n")
        time.sleep(recipe.get("sleep", 0))
        subject = item.subjects[0]
        cited = reader.cite(locator=f"probe:{name}", query="read", payload=b"{}", excerpt=f"of {name}")
        yield Signal("probe.flag", subject, "probe", Observed(True, (cited,)))
        if name in recipe.get("crash", ()):
            raise RuntimeError("token ghp_0123456789abcdefghijABCDEFGHIJ456789 of jane@example.org")
        if name in recipe.get("kill", ()):
            os._exit(9)
        if name in recipe.get("breach", ()):
            yield Signal("probe.other", subject, "probe", Observed(1, (cited,)))
        yield Signal("probe.count", subject, "probe", Unknown(Gap.NOT_PERMITTED, "no right to count"))
        yield PersonFact("0" * 64, "team", "payments-secret-team", "probe", subject)
        yield LedgerRow("probe", "repository", name, 1, 1)
        if recipe.get("next") and name.endswith("r000"):
            yield Target("probe", recipe["next"])
            yield Target("nobody", "x")
"""

ENTRY = """[cnmm.collectors]
probe = probe_plugin_module:ProbeCollector
[cnmm.catalogues]
probe-rules = probe_plugin_rules
[cnmm.renderers]
plain = probe_plugin_renderer:Plain
"""
METADATA = "Metadata-Version: 2.1\nName: cnmm-probe\nVersion: 1.0\n"
RENDERER = """
class Plain:
    def render(self, view):
        head = view.assessment["headline"]
        return {"plain.txt": f"{head['proven']}..{head['possible']}\\n".encode()}
"""

RULES = '''
MAIN = """id: probe-rules
version: 1.0.0
title: Rules of the probe
sections:
  - {id: org, title: Organisation, rated: true, in_headline: true}
references: {}
"""
SECTION = """section: org
criteria:
  - id: org.L1.flagged
    level: 1
    line: 1
    statement: Most repositories carry the flag.
    role: key
    importance: 3
    confidence: strong
    proof: machine
    applies: {organisation: {min_population: 1}}
    test: {signal: probe.flag, above: 0.50}
    reason: More than half is most of them.
    meaning: The flag is what most of them carry.
    next_step: Let the probe read the others.
"""


def files():
    return {"catalogue.yaml": MAIN.encode(), "org.yaml": SECTION.encode()}
'''


def install(site: Path) -> Path:
    """Write the distribution into a folder that may stand on PYTHONPATH; return it."""
    info = site / "cnmm_probe-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "probe_plugin_module.py").write_text(MODULE)
    (site / "probe_plugin_renderer.py").write_text(RENDERER)
    (site / "probe_plugin_rules.py").write_text(RULES)
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY)
    return site
