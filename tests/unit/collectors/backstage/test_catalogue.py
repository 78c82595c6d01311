"""Catalogue files become readings of components and teams; nobody's name is kept."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from cnmm_collectors import placement
from cnmm_collectors.backstage import BackstageCollector, entities
from cnmm_collectors.plugin import LedgerRow, Membership, PersonFact, Target, WorkItem, Yield
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Absent, Observed, Reading, Signal, Unknown
from cnmm_collectors.subjects import Subject

TEAMS = """
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments, annotations: {acme.example/team-type: stream-aligned}}
spec: {type: team, members: [canary-jane, canary-joe]}
---
kind: Group
metadata:
  name: platform
  annotations: {acme.example/product-owner: canary-jill, acme.example/roadmap-date: 2026-08-01}
spec: {type: platform, members: [canary-a, canary-b, canary-c]}
---
kind: Group
metadata: {name: web}
spec: {type: team}
"""
COMPONENTS = """
kind: Component
metadata:
  name: Checkout
  annotations:
    {github.com/project-slug: acme/checkout, acme.example/runtime: kubernetes, acme.example/slo: "99.9"}
spec:
  {type: service, lifecycle: production, owner: group:default/payments, system: pay, providesApis: [checkout-api]}
---
kind: API
metadata: {name: checkout-api}
spec: {type: openapi, definition: "openapi: 3.0.0"}
---
kind: Component
metadata:
  name: build
  tags: [shared-service]
  annotations: {github.com/project-slug: acme/tools, acme.example/way-in: portal}
spec: {type: service, lifecycle: production, owner: user:canary-jane}
---
kind: Component
metadata: {name: trial, annotations: {github.com/project-slug: acme/tools}}
spec: {type: service, lifecycle: experimental, owner: web}
---
kind: User
metadata: {name: canary-user}
---
just text
"""


def collect(folder: Path, **files: str) -> list[Yield]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    collector = BackstageCollector()
    reader = SourceReader(
        collector="backstage", version="1", as_of=date(2026, 11, 1), now="2026-11-01T00:00:00Z"
    )
    target = Target(
        "catalog", "sources", subject=Subject.parse("org:acme"), facts=(("catalog", str(folder)),)
    )
    settings = collector.Settings()
    items = list(collector.plan(target, settings, reader))  # type: ignore[arg-type]
    return [
        one
        for item in items
        if isinstance(item, WorkItem)
        for one in collector.collect(item, settings, reader)  # type: ignore[arg-type]
    ]


@pytest.fixture
def found(tmp_path: Path) -> list[Yield]:
    return collect(tmp_path, teams=TEAMS, components=COMPONENTS)


def reading(found: list[Yield], key: str, subject: str) -> Reading:
    return next(
        one.reading for one in found if isinstance(one, Signal) and one.key == key and one.subject == subject
    )


@pytest.mark.parametrize(
    ("key", "subject", "value"),
    [
        ("catalog.owner_is_team_ratio", "component:acme/checkout", True),
        ("catalog.owner_is_team_ratio", "component:acme/tools/build", False),
        ("catalog.value_stream_ratio", "component:acme/checkout", True),
        ("catalog.value_stream_ratio", "component:acme/tools/build", False),
        ("catalog.cloud_native_ratio", "component:acme/checkout", True),
        ("catalog.selfservice_ratio", "component:acme/tools/build", True),
        ("catalog.api_defined_ratio", "component:acme/checkout", True),
        ("catalog.slo_ratio", "component:acme/tools/build", False),
        ("catalog.team_type_ratio", "team:acme/payments", True),
        ("catalog.team_type_ratio", "team:acme/web", False),
        ("catalog.domains_per_team_p50", "team:acme/payments", Fraction(1)),
        ("catalog.platform_team_named", "org:acme", True),
        ("catalog.platform_product_owner", "org:acme", True),
        ("catalog.platform_roadmap_date", "org:acme", "2026-08-01"),
    ],
)
def test_what_is_recorded_is_observed(found: list[Yield], key: str, subject: str, value: object) -> None:
    told = reading(found, key, subject)
    assert isinstance(told, Observed)
    assert told.value == value
    assert told.evidence[0].native_id.startswith("sha256:")


def test_outside_the_population_is_absent_and_an_unused_field_unknown(found: list[Yield]) -> None:
    assert isinstance(reading(found, "catalog.owner_is_team_ratio", "component:acme/tools/trial"), Absent)
    assert isinstance(reading(found, "catalog.selfservice_ratio", "component:acme/checkout"), Absent)
    assert isinstance(reading(found, "catalog.cloud_native_ratio", "component:acme/tools/build"), Unknown)
    assert isinstance(reading(found, "catalog.golden_path_ratio", "component:acme/checkout"), Unknown)
    assert isinstance(reading(found, "catalog.radar_date", "org:acme"), Unknown)


def test_components_belong_to_repositories_and_teams(found: list[Yield]) -> None:
    pairs = {(one.child, one.parent) for one in found if isinstance(one, Membership)}
    assert ("component:acme/checkout", "repo:acme/checkout") in pairs
    assert ("component:acme/checkout", "team:acme/payments") in pairs
    assert not any("canary" in str(pair) for pair in pairs)


def test_no_person_is_named_and_what_is_no_entity_is_counted(found: list[Yield]) -> None:
    assert "canary" not in repr(found)
    row = next(one for one in found if isinstance(one, LedgerRow) and one.about == "components.yaml")
    assert (row.requested, row.received, row.failed) == (6, 5, 1)


def test_a_broken_file_is_one_ledger_row(tmp_path: Path) -> None:
    found = collect(tmp_path, teams=TEAMS, broken="kind: [Component\nmetadata: x")
    rows = [one for one in found if isinstance(one, LedgerRow) and one.failed]
    assert [(row.about, row.cause) for row in rows] == [("broken.yaml", "malformed")]
    assert "line" in rows[0].detail


def test_without_any_entity_everything_is_unknown(tmp_path: Path) -> None:
    found = collect(tmp_path, empty="# nothing\n")
    assert all(isinstance(one.reading, Unknown) for one in found if isinstance(one, Signal))
    assert any(isinstance(one, Signal) for one in found)


@pytest.mark.parametrize(
    ("at", "place"),
    [
        ("url:https://git.example/acme/shop/tree/main/services/search/", "services/search"),
        ("url:https://git.example/acme/shop/-/tree/main/services/search", "services/search"),
        ("url:https://git.example/acme/shop/blob/main/services/search/catalog-info.yaml", "services/search"),
        ("url:https://git.example/acme/shop/blob/main/catalog-info.yaml", ""),
        ("url:https://git.example/acme/shop", ""),
        ("url:https://git.example/acme/shop/tree/main/../../etc", ""),
    ],
)
def test_a_component_of_a_monorepo_is_named_by_its_folder_as_git_names_it(at: str, place: str) -> None:
    raw = f"kind: Component\nmetadata: {{name: x, annotations: {{backstage.io/source-location: '{at}'}}}}\n"
    (one,) = entities.parse(raw.encode(), "catalog.yaml", "")
    assert one is not None
    assert (one.slug, one.place) == ("acme/shop", place)


@pytest.mark.parametrize(
    ("runtime", "kind", "place"),
    [
        ("kubernetes", "service", "able"),
        ("virtual machine", "service", "able"),
        ("Cloud Run", "service", "managed"),
        ("AWS Lambda", "service", "managed"),
        ("mainframe", "service", "unable"),
        ("kubernetes", "library", "unable"),
        ("", "service", "untold"),
    ],
)
def test_where_a_team_runs_in_production(runtime: str, kind: str, place: str, tmp_path: Path) -> None:
    component = (
        f"kind: Component\nmetadata: {{name: a, annotations: {{x/runtime: '{runtime}'}}}}\n"
        f"spec: {{type: {kind}, lifecycle: production, owner: web}}\n---\n"
        "kind: Component\nmetadata: {name: b}\nspec: {type: service, lifecycle: experimental, owner: web}\n"
    )
    people = [one for one in collect(tmp_path, a=TEAMS, b=component) if isinstance(one, PersonFact)]
    mine = [one for one in people if one.attribute == placement.TEAM]
    web = {one.value for one in mine if str(one.subject) == "team:acme/web"}
    assert web == {"none", place}
    assert [one.value for one in people if one.attribute == placement.CATALOGUE] == ["whole"]


def test_a_catalogue_with_a_file_that_cannot_be_read_is_not_whole(tmp_path: Path) -> None:
    people = [one for one in collect(tmp_path, a=TEAMS, b="a: [") if isinstance(one, PersonFact)]
    assert [one.value for one in people if one.attribute == placement.CATALOGUE] == ["partial"]
