"""Documents: decision records, runbooks, designs, guides, guidelines, team interfaces, roadmaps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cnmm_collectors.git.detect import signals
from cnmm_collectors.signals import Interval
from unit.collectors.git.detect.workshop import Outcome, ages, commit, look

Scan = Callable[..., Outcome]
TEXT = "This line of prose says something about the matter.\n" * 4
ADR = "git.adr_count_12m"
COMPARED = "git.adr_comparison_count_12m"
REPLACED = "git.adr_superseded_count_12m"
PLACE = "docs/adr/0001-choose.md"


def record(head: str = "", status: str = "Accepted", more: str = "") -> str:
    return f"# Choose\n\n{head}\n\n## Status\n\n{status}\n\n## Decision\n\nWe take the one that is easier to run.\n{more}"


OPTIONS = "\n## Considered Options\n\n* Kong with plug-ins\n* Traefik as it is\n\nSee [the trial](https://x.example/t).\n"


@pytest.mark.parametrize(
    ("path", "text", "first", "want"),
    [
        (PLACE, record("Date: 2026-03-01"), 900, (1, 0, 0)),
        (PLACE, record("* Date: 2024-03-01"), 30, (0, 0, 0)),
        (PLACE, "---\nstatus: accepted\ndate: 2026-03-01\n---\n# A\n\nWe take the one that is easier.\n", 900, (1, 0, 0)),
        (PLACE, "---\nstatus: accepted\ndate: 2099-03-01\n---\n# A\n\nWe take the one that is easier.\n", 900, (0, 0, 0)),
        (PLACE, record(), 30, (1, 0, 0)),
        (PLACE, record(), 900, (0, 0, 0)),
        (PLACE, record(status="Accepted 2026-02-02"), 900, (1, 0, 0)),
        (PLACE, record(status="Proposed"), 30, (0, 0, 0)),
        (PLACE, record(more=OPTIONS), 30, (1, 1, 0)),
        (PLACE, record(more=OPTIONS.replace("[the trial](https://x.example/t)", "the trial")), 30, (1, 0, 0)),
        (PLACE, record(more=OPTIONS.replace("* Traefik as it is\n", "")), 30, (1, 0, 0)),
        (PLACE, record(more="\n## Pros and Cons of the Options\n\n### Kong\n\na\n\n### Traefik\n\nhttps://x.example\n"), 30, (1, 1, 0)),
        (PLACE, record("Date: 2023-01-01", "Superseded by 0002 on 2026-04-01"), 900, (0, 0, 1)),
        (PLACE, record("Date: 2023-01-01", "Superseded by 0002 on 2024-04-01"), 900, (0, 0, 0)),
        (PLACE, record("Date: 2023-01-01", "Deprecated"), 900, (0, 0, 1)),
        ("decisions/adr-7.adoc", record("Date: 2026-03-01"), 900, (1, 0, 0)),
        ("docs/adr/template.md", record("Date: 2026-03-01"), 30, (0, 0, 0)),
        ("docs/adr/README.md", record("Date: 2026-03-01"), 30, (0, 0, 0)),
        ("docs/adr/0002-stub.md", "# Stub\n", 30, (0, 0, 0)),
        ("vendor/x/adr/0001.md", record("Date: 2026-03-01"), 30, (0, 0, 0)),
        (PLACE, "# Choose\n\n```\n## Decision\n```\n\nNothing is decided here at all.\n", 30, (0, 0, 0)),
    ],
)  # fmt: skip
def test_decision_records(scan: Scan, path: str, text: str, first: int, want: tuple[int, int, int]) -> None:
    found = scan({path: text}, first=first, last=40)
    assert (found.value(ADR), found.value(COMPARED), found.value(REPLACED)) == want


def test_records_without_any_date_are_unknown(scan: Scan) -> None:
    found = scan({PLACE: record()}, dated=False)
    assert (found.value(ADR), found.value(COMPARED)) == ("not_collected", 0)
    both = {PLACE: record(), "docs/adr/0002.md": record("Date: 2026-03-01")}
    assert scan(both, dated=False).value(ADR) == Interval(1, None)


def by_layer(found: Outcome, key: str) -> dict[str, object]:
    facets = ("app", "platform", "infra") + (("security",) if "runbook" in key else ())
    return {layer: value for layer in facets if (value := found.value(f"{key}{{layer={layer}}}")) != "absent"}


CODE = {"src/a.py": "x\n", "src/b.py": "x\n"}


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"docs/runbook.md": TEXT}, True),
        ({"runbooks/db.md": TEXT}, True),
        ({"docs/troubleshooting.adoc": TEXT}, True),
        ({"README.md": "The [runbook](https://wiki.acme.example/runbooks/shop) is kept there.\n"}, True),
        ({"README.md": "<!-- [runbook](https://wiki.acme.example/runbooks/shop) -->\n"}, False),
        ({"docs/runbook.md": "# Runbook\n\nTODO\n"}, False),
        ({"runbooks/README.md": TEXT}, False),
        ({"ansible/playbooks/site.yml": "- hosts: all\n"}, False),
        ({"vendor/runbook.md": TEXT}, False),
        ({"src/runbook.py": "x\n"}, False),
    ],
)
def test_runbooks(scan: Scan, files: dict[str, str], want: bool) -> None:
    assert by_layer(scan({**CODE, **files}), "docs.runbook_ratio") == {"app": want}


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"docs/architecture.md": TEXT}, True),
        ({"ARCHITECTURE.md": TEXT}, True),
        ({"design/flow.md": TEXT}, True),
        ({"docs/adr/0001-x.md": TEXT}, True),
        ({"docs/adr/template.md": TEXT}, False),
        ({"docs/architecture.md": "# Architecture\n"}, False),
        ({"docs/architecture.png": "x"}, False),
    ],
)
def test_designs(scan: Scan, files: dict[str, str], want: bool) -> None:
    assert by_layer(scan({**CODE, **files}), "docs.design_ratio") == {"app": want}


def test_an_infrastructure_is_asked_for_its_own_layer(scan: Scan) -> None:
    found = scan({"main.tf": "x\n", "vpc.tf": "x\n", "docs/runbook.md": TEXT}, name="acme/landing-zone")
    assert by_layer(found, "docs.runbook_ratio") == {"infra": True}
    assert by_layer(found, "docs.design_ratio") == {"infra": False}


def test_a_runbook_of_one_component_is_not_the_others(scan: Scan) -> None:
    files = {"a/x.py": "", "b/x.py": "", "docs/runbooks/b.md": TEXT}
    found = scan(files, roots=("a", "b"))
    key = "docs.runbook_ratio{layer=app}"
    assert (found.value(key, "/a"), found.value(key, "/b")) == (False, True)


@pytest.mark.parametrize(
    ("path", "text", "want"),
    [
        ("CONTRIBUTING.md", TEXT, True),
        (".github/CONTRIBUTING.md", TEXT, True),
        ("docs/contributing.rst", TEXT, True),
        ("CONTRIBUTING.md", "", False),
        ("node_modules/a/CONTRIBUTING.md", TEXT, False),
        ("contributing.py", "x\n", False),
    ],
)
def test_contributing_guides(scan: Scan, path: str, text: str, want: bool) -> None:
    assert scan({path: text, "x.py": ""}).value("docs.contributing_ratio") is want


GUIDE = "docs/security-guidelines.md"
CLASSES = "docs.security_guideline_classes"
LONG = "Use the shared module for every outgoing call.\n"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (f"# G\n## Preferred\n{LONG}\n## Safe\n{LONG}\n## Forbidden\n{LONG}", 3),
        (f"G\n=\n\nRecommended\n---------\n{LONG}\nProhibited\n----------\n{LONG}", 2),
        ("# G\n## Preferred\n## Safe\n## Forbidden\n", 0),
        ("# G\n## Preferred\nTBD\n## Safe\n-\n## Forbidden\nnone yet\n", 0),
        (f"# G\n## Preferred\n{LONG}## Safe\n## Forbidden\n", 1),
        (
            "# G\nServices MUST use mutual TLS everywhere.\nKeys MUST NOT be kept in code.\nTeams MAY use the sandbox.\n",
            3,
        ),
        ('# G\nThe key words "MUST", "MUST NOT" and "MAY" are to be read as in RFC 2119.\n', 0),
        ("# G\n```\nServices MUST use mutual TLS everywhere.\n```\n", 0),
        ("# G\nServices must use mutual TLS everywhere, and may rest.\n", 0),
        (
            "# G\n## Allow list\n- alpine images from our registry\n## Deny list\n- images from anywhere else\n",
            2,
        ),
        (f"# Safe and forbidden\n## Intro\n{LONG}", 0),
    ],
)
def test_classes_of_a_security_guideline(scan: Scan, text: str, want: int) -> None:
    assert scan({GUIDE: text}).value(CLASSES) == want


def test_a_guideline_is_cited_line_by_line_and_dated(scan: Scan) -> None:
    found = scan({GUIDE: f"# G\n## Preferred\n{LONG}\n## Forbidden\n\n{LONG}"}, first=400, last=31)
    assert found.lines(CLASSES) == [f"{GUIDE}:L3", f"{GUIDE}:L7"]
    assert found.value("docs.security_guideline_date") == "2026-05-01"


@pytest.mark.parametrize("path", ["SECURITY.md", "docs/guidelines.md", "vendor/a/security-guidelines.md"])
def test_other_documents_are_no_guideline(scan: Scan, path: str) -> None:
    found = scan({path: f"# G\n## Preferred\n{LONG}\n## Forbidden\n{LONG}"})
    assert (found.value(CLASSES), found.value("docs.security_guideline_date")) == ("absent", "absent")


def test_a_designated_document_is_the_guideline_whatever_its_name(tmp_path: Path) -> None:
    path = "docs/standards/architecture-rules.md"
    commit(tmp_path / "r", {path: f"# G\n## Preferred\n{LONG}\n## Forbidden\n{LONG}"})
    view = look(tmp_path / "r")
    assert Outcome(tuple(signals(view, ages(view), [path]))).value(CLASSES) == 2
    assert Outcome(tuple(signals(view, ages(view)))).value(CLASSES) == "absent"


def test_a_stub_has_no_date(scan: Scan) -> None:
    assert scan({GUIDE: "# G\n## Preferred\n"}).value("docs.security_guideline_date") == "absent"


def test_explained_policies_with_a_complete_exception_are_a_guideline(scan: Scan) -> None:
    policy = (
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: a\n  annotations:\n"
        "    policies.kyverno.io/description: Containers run as somebody who is not root.\n"
        "spec:\n  rules:\n  - {name: a, validate: {pattern: {a: b}}}\n"
    )
    waiver = "owner: a\nreason: b\nmitigation: c\nexpires: 2026-12-31\n"
    assert scan({"policies/a.yaml": policy, "exceptions/a.yaml": waiver}).value(CLASSES) == 2
    assert scan({"policies/a.yaml": policy}).value(CLASSES) == "absent"


@pytest.mark.parametrize(
    ("path", "text", "want"),
    [
        ("CONTRIBUTING.md", "Read the [rules](docs/security-guidelines.md) first.\n", True),
        ("README.md", "See https://git.acme.example/sec/x/blob/main/secure-coding.md please.\n", True),
        ("docs/onboarding/week1.md", "[rules]: ../security-standards.md\n", True),
        ("README.md", "We follow the security guidelines.\n", False),
        ("README.md", "[policy](SECURITY.md)\n", False),
        ("docs/other.md", "[rules](security-guidelines.md)\n", False),
    ],
)
def test_links_to_the_guideline(scan: Scan, path: str, text: str, want: bool) -> None:
    assert scan({path: text}).value("docs.security_guideline_linked") is want


@pytest.mark.parametrize(
    ("path", "text", "team"),
    [
        ("team-api.md", "---\nteam: Pay Ments\n---\n" + TEXT, "team:acme/pay-ments"),
        ("teams/payments/team-api.md", "# Our API\n" + TEXT, "team:acme/payments"),
        ("docs/TEAM_API.md", "# Team API: Checkout\n" + TEXT, "team:acme/checkout"),
        ("docs/team-api.md", "# How to reach us\n" + TEXT, "team:acme/shop"),
    ],
)
def test_team_interfaces(scan: Scan, path: str, text: str, team: str) -> None:
    assert scan({path: text}).value("docs.team_api_ratio", team) is True


def test_an_old_team_interface_does_not_count_and_an_undated_one_is_unknown(scan: Scan) -> None:
    files = {"teams/a/team-api.md": "# Team API: A\n" + TEXT}
    assert scan(files, first=900, last=400).value("docs.team_api_ratio") is False
    assert scan(files, dated=False).value("docs.team_api_ratio") == "not_collected"


@pytest.mark.parametrize(
    ("path", "name", "want"),
    [
        ("docs/platform-roadmap.md", "acme/shop", "2026-05-22"),
        ("ROADMAP.md", "acme/platform", "2026-05-22"),
        ("ROADMAP.md", "acme/shop", "absent"),
    ],
)
def test_roadmaps(scan: Scan, path: str, name: str, want: str) -> None:
    assert scan({path: "# Plans\n" + TEXT}, name=name).value("docs.roadmap_date") == want
