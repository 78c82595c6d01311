"""Path classes, security paths, layers and what is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_collectors.git.detect import (
    decisions,
    documents,
    guidelines,
    is_plumbing,
    is_security_path,
    layers,
    path_class,
    waivers,
    wanted,
)
from cnmm_collectors.git.detect.dependencies import is_build_file
from cnmm_collectors.git.detect.paths import counts
from cnmm_collectors.git.detect.prose import is_prose
from unit.collectors.git.detect.workshop import commit, look


@pytest.mark.parametrize(
    ("path", "want"),
    [
        ("src/main.py", "code"),
        ("cmd/server/main.go", "code"),
        ("README.md", "docs"),
        ("docs/openapi.yaml", "docs"),
        ("docs/conf.py", "code"),
        ("Dockerfile", "infra"),
        ("deploy/app.yaml", "infra"),
        ("charts/shop/templates/deployment.yaml", "infra"),
        ("main.tf", "infra"),
        ("platform/claims/db.yaml", "platform"),
        ("config/crd/bases/x.yaml", "platform"),
        ("PROJECT", "platform"),
        (".github/workflows/ci.yml", "ci"),
        (".gitlab-ci.yml", "ci"),
        ("Jenkinsfile", "ci"),
        ("policies/require-owner.yaml", "security"),
        ("policy/deny.rego", "security"),
        (".trivyignore", "security"),
        ("notebooks/train.ipynb", "data"),
        ("migrations/001.sql", "data"),
        ("tests/test_x.py", "test"),
        ("pkg/x_test.go", "test"),
        ("testdata/app.yaml", "test"),
        ("k8s/overlays/test/secret.yaml", "infra"),
        ("vendor/github.com/x/y.go", "generated"),
        ("web/node_modules/a/index.js", "generated"),
        ("api/v1/zz_generated.deepcopy.go", "generated"),
        ("package-lock.json", "generated"),
        ("vendor/docs/README.md", "generated"),
        ("Makefile", "other"),
        ("LICENSE", "other"),
    ],
)
def test_each_path_has_its_class(path: str, want: str) -> None:
    assert path_class(path) == want


@given(st.text(max_size=60))
def test_any_path_has_a_class(path: str) -> None:
    assert path_class(path) is path_class(path)
    assert isinstance(wanted(path), bool)
    assert isinstance(is_security_path(path), bool)


@pytest.mark.parametrize(
    "path", ["SECURITY.md", "policies/a.yaml", "rbac/role.yaml", "secrets/db.enc.yaml", "a/iam/x.tf"]
)
def test_security_paths(path: str) -> None:
    assert is_security_path(path)


@pytest.mark.parametrize(
    "path", ["src/main.py", "vendor/security/a.yaml", "tests/security/a.yaml", "docs/index.md"]
)
def test_other_paths_are_no_security_paths(path: str) -> None:
    assert not is_security_path(path)


def test_plumbing_is_what_ships_and_not_what_is_shipped() -> None:
    assert all(
        map(
            is_plumbing,
            ["Makefile", ".github/workflows/a.yml", "charts/a/values.yaml", "pom.xml", "Dockerfile"],
        )
    )
    assert not any(map(is_plumbing, ["src/a.py", "README.md", "tests/test_a.py", "vendor/Makefile"]))


@pytest.mark.parametrize(
    "path",
    [
        "src/main.py",
        "vendor/k8s/app.yaml",
        "node_modules/a/package.json",
        "testdata/secret.yaml",
        "notebooks/a.ipynb",
        "docs/guide.md",
        "locales/de.yaml",
        "package-lock.json",
    ],
)
def test_what_decides_nothing_is_not_read(path: str) -> None:
    assert not wanted(path)


@pytest.mark.parametrize(
    ("name", "files", "want"),
    [
        ("acme/shop", ["src/a.py", "src/b.py", "Dockerfile", "k8s/app.yaml"], {"app"}),
        ("acme/landing-zone", ["main.tf", "modules/vpc/main.tf"], {"infra"}),
        ("acme/db-kit", ["PROJECT", "main.go", "controllers/a.go"], {"app", "platform"}),
        ("acme/guardrails", ["policies/a.yaml", "policies/b.yaml"], {"security"}),
        ("acme/empty", ["notes.txt"], {"app"}),
        ("acme/platform", ["crossplane/a.yaml", "crossplane/b.yaml", "main.tf"], {"platform", "infra"}),
    ],
)
def test_layers_follow_what_a_component_is_made_of(
    tmp_path: Path, name: str, files: list[str], want: set[str]
) -> None:
    commit(tmp_path / "r", dict.fromkeys(files, "x\n"))
    view = look(tmp_path / "r", name)
    assert layers(view, view.components[0]) == want


WORDS = (
    "readme", "contributing", "security", "roadmap", "model-card", "model_cards", "validation-report", "architecture",
    "design", "designs", "technical-design", "design-doc", "rfcs", "rfc", "operations", "onboarding", "welcome",
    "getting-started", "team-api", "working-agreement", "teams", "runbook", "run-books", "playbooks", "troubleshooting",
    "oncall", "on-call", "incident-response", "adr", "adr-0001", "adrs", "decisions", "decision-records",
    "architecture-decision-records", "architectural-decisions", "secure-coding", "security-guidelines", "baseline",
    "rules", "practices", "handbook", "standards", "exceptions", "waivers", "risk-acceptances", "register", "notes",
)  # fmt: skip
SUFFIXES = (".md", ".rst", ".adoc", ".txt", ".mdx", "", ".yaml", ".json", ".toml")
DECIDING = (
    documents._RUNBOOK, documents._DESIGN, documents._CONTRIBUTING, documents._ROADMAP, documents._CARD,
    documents._TEAM_API, decisions._PLACE, guidelines._GUIDELINE, guidelines._FROM,
)  # fmt: skip


def test_whatever_a_detector_would_judge_is_read() -> None:
    """A file that could decide and is never read would make a false no."""
    stems = [*WORDS, "0001-use-postgres", "pay"]
    paths = [
        f"{folder}{stem}{suffix}"
        for folder in ("", *(f"{word}/" for word in WORDS), *(f"docs/{word}/sub/" for word in WORDS), "docs/")
        for stem in stems
        for suffix in SUFFIXES
    ]
    missed = [
        path
        for path in paths
        if counts(path) and not wanted(path) and (
            (is_prose(path) and any(pattern.search(path) for pattern in DECIDING))
            or waivers._is_register(path) or is_build_file(path)
        )
    ]  # fmt: skip
    assert missed == []
