"""Excerpts show the cited line of a file that machines read, and never a person or a secret."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.git.excerpts import show_lines
from cnmm_collectors.signals import Unknown
from unit.collectors.git.repos import History, scan

PERSON, LOGIN, MAIL = "Jane Roe", "jane-roe", "jane.roe@corp.example"
TOKEN = "ghp_Zq9vT4wXk81LmN0pQr5sT7uV9wXyZ1aB3cD5"
SHORT = "s3cr3tvalue"
CODED = base64.b64encode(b"correct-parrot").decode().rstrip("=")
CANARIES = (PERSON, "Roe", LOGIN, MAIL, "jane.roe", TOKEN, SHORT, CODED, "hunter2")
FILES = {
    "Dockerfile": f'# by {PERSON} {MAIL}\nFROM docker.io/library/python:3.12-slim  # {PERSON}\nLABEL maintainer="{PERSON} <{MAIL}>"\nENV A={CODED}\n',
    ".github/workflows/ci.yml": f"on: push\njobs:\n  a:\n    steps:\n      - name: asked for by {PERSON}\n        uses: acme/platform/actions/scan@v3.1.0  # {LOGIN}\n"
    f"      - uses: aquasecurity/trivy-action@0.24.0\n        with: {{image-ref: x, contact: {MAIL}}}\n      - run: cosign sign --key {CODED} x\n      - run: gitleaks detect --token {TOKEN}\n",
    "k8s/app.yaml": f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\n  annotations: {{owner: {PERSON}}}\n",
    "k8s/secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  note: {SHORT}\n---\napiVersion: apps/v1\nkind: Deployment\n",
    "k8s/kustomization.yaml": f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nsecretGenerator:\n- name: x\n  literals:\n  - a={SHORT}\n",
    "CODEOWNERS": f"* @acme/core\n/policy/ @{LOGIN}\n",
    "requirements.txt": f"openai==1.2  # {MAIL}\nlangchain @ https://{LOGIN}:hunter2@host.example/x.whl\n",
    "package.json": f'{{"dependencies": {{"openai": "4"}}, "author": "{PERSON} <{MAIL}>"}}\n',
    "docs/adr/0001-x.md": f"# X\n\n## Status\n\nAccepted on 2026-11-01 by {PERSON} {MAIL}\n\n## Decision\n\n{PERSON} decided that this is so.\n",
    "main.tf": f'resource "helm_release" "x" {{\n  chart = "argo-cd"\n  owner = "{PERSON}"\n}}\n',
}


def cited(tmp_path: Path) -> list[Evidence]:
    history = History()
    history.commit(dict(FILES), 10)
    out = scan(history.write(tmp_path / "shop"))
    return [e for s in out.signals if not isinstance(s.reading, Unknown) for e in s.reading.evidence]


def test_planted_persons_and_secrets_are_in_no_excerpt(tmp_path: Path) -> None:
    found = cited(tmp_path)
    text = repr(found)
    assert [canary for canary in CANARIES if canary in text] == []
    excerpts = {e.excerpt for e in found}
    assert "image build: FROM docker.io/library/python:3.12-slim" in excerpts
    assert any("uses: acme/platform/actions/scan@v3.1.0" in e for e in excerpts)
    assert any("uses: aquasecurity/trivy-action@0.24.0" in e for e in excerpts)
    assert any(e.startswith("apps Deployment: apiVersion: apps/v1\nkind: Deployment") for e in excerpts)
    assert any(e == 'chart: argo-cd: chart = "argo-cd"' for e in excerpts)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Dockerfile", "FROM x AS jane.roe@corp.example"),
        ("Dockerfile", "FROM x\nDB_PASS=abc"),
        ("Dockerfile", "MAINTAINER Jane"),
        ("Dockerfile", "LABEL contact=jane"),
        (".github/workflows/a.yml", "assignees: jane"),
        (".github/workflows/a.yml", "run: notify @jane"),
        (".github/workflows/a.yml", "run: notify Jane Roe"),
        (".github/workflows/a.yml", "run: x --approver jane"),
        (".github/workflows/a.yml", "name: Jane's step"),
        (".github/workflows/a.yml", "run: deploy Y29ycmVjdC1wYXJyb3Q"),
        (".github/workflows/a.yml", "run: curl https://jane:x@host.example"),
        (".github/workflows/a.yml", "run: x --password hunter2"),
        ("CODEOWNERS", "* @jane"),
        ("CODEOWNERS", "* jane@corp.example"),
        ("README.md", "FROM x"),
        ("docs/a.txt", "FROM x"),
        (".env", "FROM x"),
        ("prod.env.yaml", "apiVersion: v1"),
        ("charts/a/values.yaml", "apiVersion: v1"),
        ("k8s/a.yaml", "apiVersion: v1\nkind: Secret"),
        ("k8s/a.yaml", "apiVersion: v1\nkind: 'Secret'"),
        ("data.yaml", "kind: x"),
    ],
)
def test_what_is_not_fit_is_left_out(path: str, text: str) -> None:
    assert show_lines(path, text.encode(), 1, 1) == ""


@pytest.mark.parametrize(
    ("path", "text", "want"),
    [
        ("CODEOWNERS", "/policy/ @acme/security", "/policy/ @acme/security"),
        (
            "go.mod",
            "sigs.k8s.io/controller-runtime v0.19.0 // indirect",
            "sigs.k8s.io/controller-runtime v0.19.0",
        ),
        (
            ".gitlab-ci.yml",
            "  script: [trivy image --exit-code 1 x]",
            "script: [trivy image --exit-code 1 x]",
        ),
        (
            ".github/workflows/a.yml",
            "- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
            "- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
        ),
        (
            "k8s/a.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {}\nspec: {}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {}",
        ),
    ],
)
def test_the_cited_line_is_shown(path: str, text: str, want: str) -> None:
    assert show_lines(path, text.encode(), 1, 9) == want
