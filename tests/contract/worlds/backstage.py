"""Catalogue files of three components and two teams, people named in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind
from contract.worlds import World
from contract.worlds.files import FAULTS as OF_FILES
from contract.worlds.files import damage

PARTS = ("files",)
REALITIES = ("whole", "empty folder", "one file")
FAULTS = (*OF_FILES, "aliases without end", "missing in teams", "garbage in teams", "garbage in radar")
CANARIES = ("planted.member", "planted@corp.example", "Planted Canary")
COMPONENT = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: {name}
  description: The {name}, ask Planted Canary <planted@corp.example>
  annotations: {{github.com/project-slug: acme/{name}, runbook: https://docs.example/{name}}}
spec: {{type: service, lifecycle: production, owner: group:default/{team}, system: sales}}
"""
TEAM = """apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {{name: {name}, labels: {{team-type: {type}}}}}
spec: {{type: team, members: [planted.member, another.member, third.member]}}
"""
RADAR = """{"title": "Radar", "entries": [{"title": "Flux", "description": "Ask Planted Canary <planted@corp.example>",
 "timeline": [{"date": "2024-01-01", "ringId": "trial"}, {"date": "2026-10-01", "ringId": "adopt"}]}]}
"""


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Write the files; a fault strikes the components, or the teams."""
    place = folder / "catalogue"
    place.mkdir()
    components, teams, radar = place / "components.yaml", place / "teams.yaml", place / "radar.json"
    if state != "empty folder":
        made = (
            COMPONENT.format(name=name, team=team)
            for name, team in (("shop", "web"), ("till", "web"), ("grid", "platform"))
        )
        components.write_text("---\n".join(made))
        teams.write_text(
            TEAM.format(name="web", type="stream-aligned")
            + "---\n"
            + TEAM.format(name="platform", type="platform")
        )
        radar.write_text(RADAR)
    if state == "aliases without end":
        rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
        components.write_text("\n".join(rows) + "\n")
    elif state not in REALITIES:
        fault, _, what = state.partition(" in ")
        damage({"teams": teams, "radar": radar}.get(what, components), fault)
    given = components if state == "one file" else place
    target = Target(
        "catalog",
        "sources",
        subject=Subject(SubjectKind.ORG, "acme"),
        facts=(("catalog", str(given)), ("k", "5")),
    )
    yield World((target,), trees=(place,), canaries=CANARIES, as_nobody=state == "unreadable")
