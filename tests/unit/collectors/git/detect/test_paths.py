"""Path classes, security paths, layers and what is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_collectors.git.detect import is_plumbing, is_security_path, layers, path_class, wanted
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
