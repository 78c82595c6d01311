"""What a tracked path is for, from its name alone; pure, cached, called for every path of every commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from cnmm_collectors.git.model import PathClass

_VENDORED = frozenset([
    "vendor", "node_modules", "third_party", "third-party", "bower_components", ".yarn", "site-packages",
    "Godeps", "_vendor", "Pods", ".terraform", ".venv", "venv", "__pypackages__", "dist", "__pycache__",
    "__snapshots__",
])  # fmt: skip
_TEST_DIRS = frozenset([
    "test", "tests", "testing", "testdata", "test-data", "__tests__", "e2e", "fixtures", "__fixtures__",
    "testfixtures", "integration-tests", "spec", "specs", "mocks", "__mocks__",
])  # fmt: skip
_STAGES = frozenset(["overlays", "environments", "envs", "env", "stages", "clusters"])
_SAMPLE_DIRS = frozenset(
    ["example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials"]
)
_DOC_DIRS = frozenset(
    ["docs", "doc", "documentation", "adr", "adrs", "runbooks", "runbook", "rfcs", "decisions"]
)
_INFRA_DIRS = frozenset([
    "k8s", "kubernetes", "manifests", "deploy", "deployment", "deployments", "charts", "chart", "helm",
    "kustomize", "overlays", "terraform", "tf", "infra", "infrastructure", "ansible", "pulumi", "packer",
    "cloudformation", "cdk", "iac", "docker",
])  # fmt: skip
_PLATFORM_DIRS = frozenset([
    "platform", "crossplane", "compositions", "argocd", "argo-cd", "flux", "flux-system", "gitops",
    "clusters", "crds", "crd", "xrds", "operators", "backstage", "scaffolder", "golden-paths",
])  # fmt: skip
_SECURITY_DIRS = frozenset([
    "security", "policies", "policy", "kyverno", "gatekeeper", "opa", "rego", "rbac", "iam", "secrets",
    "sealed-secrets", "network-policies", "networkpolicies", "pki", "exceptions", "waivers",
])  # fmt: skip
_DATA_DIRS = frozenset(["notebooks", "data", "datasets", "dbt", "migrations", "seeds"])
_DOC_SUFFIXES = (".md", ".mdx", ".rst", ".adoc", ".asciidoc", ".markdown")
_DATA_SUFFIXES = (
    ".ipynb", ".csv", ".tsv", ".parquet", ".avro", ".sql", ".dvc", ".jsonl", ".arrow", ".feather",
)  # fmt: skip
_INFRA_SUFFIXES = (".tf", ".tfvars", ".hcl", ".bicep", ".tf.json", ".dockerfile")
_MANIFEST_SUFFIXES = (".yaml", ".yml", ".json", ".tpl", ".gotmpl", ".jsonnet", ".libsonnet", ".cue")
_CODE_SUFFIXES = (
    ".py", ".go", ".java", ".kt", ".kts", ".scala", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs",
    ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".rb", ".php", ".swift", ".ex", ".exs", ".erl",
    ".clj", ".hs", ".ml", ".fs", ".dart", ".lua", ".pl", ".r", ".jl", ".sh", ".bash", ".ps1", ".vue",
    ".svelte", ".proto", ".graphql", ".html", ".css", ".scss", ".m", ".groovy", ".zig", ".nim",
)  # fmt: skip
_GENERATED_SUFFIXES = (
    ".pb.go", "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi", ".min.js", ".min.css", ".g.dart",
    ".snap", ".map",
)  # fmt: skip
_GENERATED_NAMES = frozenset([
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "go.sum", "cargo.lock",
    "poetry.lock", "uv.lock", "pipfile.lock", "composer.lock", "gemfile.lock", "chart.lock",
    ".terraform.lock.hcl",
])  # fmt: skip
_TEST_DIR = re.compile(r"\.?(chainsaw|kuttl)|.*[-_.](tests?|testing|fixtures?|e2e)")
# Endings are asked as endings: a pattern that begins with anything tries every place of every name.
_TEST_ENDINGS = (
    *(f"_test.{end}" for end in ("py", "go", "rego", "cc", "cpp", "rb", "exs")), "_spec.rb",
    *(f".{kind}.{module}{end}" for kind in ("test", "spec") for module in ("", "c", "m")
      for end in ("js", "jsx", "ts", "tsx")),
    *(f"{kind}.{end}" for kind in ("test", "tests", "it") for end in ("java", "kt", "scala", "cs")),
)  # fmt: skip
_CI_FILE = re.compile(
    r"^(\.github/(workflows|actions)/|\.gitlab/ci/|\.gitlab-ci/|\.circleci/|\.buildkite/|\.tekton/"
    r"|\.jenkins/|\.azure-pipelines/)"
)
_CI_NAME = re.compile(
    r"^(jenkinsfile.*|azure-pipelines.*\.ya?ml|\.drone\.ya?ml"
    r"|\.travis\.ya?ml|bitbucket-pipelines\.ya?ml|appveyor\.ya?ml|cloudbuild\.ya?ml"
    r"|\.pre-commit-config\.ya?ml|\.woodpecker\.ya?ml)$"
)
_CI_ENDINGS = (".gitlab-ci.yml", ".gitlab-ci.yaml")
_INFRA_NAME = re.compile(
    r"^((docker|container)file(\..*)?|\.dockerignore|(docker-)?compose.*\.ya?ml"
    r"|chart\.yaml|kustomization(\.ya?ml)?|helmfile.*\.ya?ml|pulumi.*\.ya?ml|skaffold\.ya?ml|tiltfile"
    r"|vagrantfile|terragrunt\.hcl|values.*\.ya?ml|score.*\.ya?ml|\.ko\.yaml|devspace\.ya?ml)$"
)
_SECURITY_NAME = re.compile(
    r"^(\.trivyignore(\.ya?ml)?|\.gitleaks\.toml|\.gitleaksignore|\.sops\.yaml|osv-scanner\.toml|\.snyk"
    r"|\.secrets\.baseline|\.semgrep.*|\.grype\.yaml|cosign\.pub)$"
)
_SECURITY_ENDINGS = (".rego", "vex.json")
_PLUMBING_NAME = re.compile(
    r"^(makefile|gnumakefile|justfile|taskfile\.ya?ml|pom\.xml|build\.gradle(\.kts)?|gradlew.*"
    r"|settings\.gradle(\.kts)?|package\.json|pyproject\.toml|setup\.(py|cfg)|requirements.*\.txt|go\.mod"
    r"|cargo\.toml|tox\.ini|noxfile\.py|cmakelists\.txt|build(\.bazel)?|workspace(\.bazel)?|module\.bazel"
    r"|\.goreleaser\.ya?ml|renovate\.json5?|dependabot\.ya?ml|\.editorconfig|\.gitignore)$"
)
_PLUMBING_ENDINGS = (".mk",)
_LOCKS = (".lock", "-lock.json", "-lock.yaml", "npm-shrinkwrap.json", "go.sum", ".lock.hcl")
_SECURITY_DOC = re.compile(r"^security(\.(md|rst|adoc|txt))?$")


@dataclass(frozen=True, slots=True)
class _Folder:
    """What a folder says of the paths in it; `kind` is that of its manifests."""

    vendored: bool
    pipelines: bool
    tests: bool
    samples: bool
    docs: bool
    kind: PathClass | None
    security: bool
    data: bool


class _Traits(NamedTuple):
    kind: PathClass
    own: bool
    security: bool


def path_class(path: str) -> PathClass:
    """Return the one class of a tracked path, by its folders and name."""
    return _traits(path).kind


def counts(path: str) -> bool:
    """True for the repository's own practice: not vendored, generated, a test or a sample."""
    return _traits(path).own


def is_security_path(path: str) -> bool:
    """True where a change alters what is protected: policies, access rules, secrets, scan settings."""
    return _traits(path).security


@lru_cache(maxsize=65_536)
def is_plumbing(path: str) -> bool:
    """True for what makes and ships software: CI, infrastructure, charts, build and lock files."""
    folder, _, name = path.lower().rpartition("/")
    if _folder(folder).vendored:
        return False
    if path_class(path) in (PathClass.CI, PathClass.INFRA, PathClass.PLATFORM):
        return True
    return name.endswith((*_PLUMBING_ENDINGS, *_LOCKS)) or _PLUMBING_NAME.match(name) is not None


# Large enough for a large repository: each path is asked about some ten times.
@lru_cache(maxsize=262_144)
def _traits(path: str) -> _Traits:
    place, _, name = path.lower().rpartition("/")
    folder = _folder(place)
    kind = _classify(folder, name)
    foreign = kind in (PathClass.GENERATED, PathClass.TEST)
    security = kind is PathClass.SECURITY or folder.security or _SECURITY_DOC.match(name) is not None
    return _traits_of(kind, not foreign and not folder.samples, security and not foreign)


@cache
def _traits_of(kind: PathClass, own: bool, security: bool) -> _Traits:
    """Return the one tuple of its kind: a hundred thousand paths share a few."""
    return _Traits(kind, own, security)


@lru_cache(maxsize=65_536)
def _folder(folder: str) -> _Folder:
    names = folder.split("/") if folder else []
    parts = frozenset(names)
    declared = (
        PathClass.SECURITY if parts & _SECURITY_DIRS else PathClass.PLATFORM if parts & _PLATFORM_DIRS
        else PathClass.INFRA if parts & _INFRA_DIRS else None
    )  # fmt: skip
    return _Folder(
        vendored=bool(parts & _VENDORED),
        pipelines=_CI_FILE.match(folder + "/") is not None,
        tests=_is_test_folder(names),
        samples=bool(parts & _SAMPLE_DIRS),
        docs=bool(parts & _DOC_DIRS),
        kind=declared,
        security=bool(parts & _SECURITY_DIRS),
        data=bool(parts & _DATA_DIRS),
    )


def _classify(folder: _Folder, name: str) -> PathClass:
    if folder.vendored or _is_generated(name):
        return PathClass.GENERATED
    if folder.pipelines or name.endswith(_CI_ENDINGS) or _CI_NAME.match(name):
        return PathClass.CI
    if folder.tests or _is_test(name):
        return PathClass.TEST
    return _by_content(folder, name)


def _is_generated(name: str) -> bool:
    return name in _GENERATED_NAMES or name.endswith(_GENERATED_SUFFIXES) or name.startswith("zz_generated")


def _is_test(name: str) -> bool:
    if name.endswith(_TEST_ENDINGS) or name == "conftest.py":
        return True
    return name.startswith("test_") and name.endswith(".py")


def _is_test_folder(folders: list[str]) -> bool:
    for folder in folders:
        # A stage that is called test is deployed like any other.
        if folder in _STAGES:
            return False
        if folder in _TEST_DIRS or _TEST_DIR.fullmatch(folder):
            return True
    return False


def _by_content(folder: _Folder, name: str) -> PathClass:
    if name.endswith(_DOC_SUFFIXES) or (folder.docs and not name.endswith(_CODE_SUFFIXES)):
        return PathClass.DOCS
    if name.endswith(_DATA_SUFFIXES):
        return PathClass.DATA
    if name.endswith(_SECURITY_ENDINGS) or _SECURITY_NAME.match(name):
        return PathClass.SECURITY
    if folder.kind is not None and name.endswith(_MANIFEST_SUFFIXES):
        return folder.kind
    if name.endswith(_INFRA_SUFFIXES) or _INFRA_NAME.match(name):
        return PathClass.INFRA
    return _by_language(folder, name)


def _by_language(folder: _Folder, name: str) -> PathClass:
    if name.endswith(_PLUMBING_ENDINGS) or _PLUMBING_NAME.match(name):
        return PathClass.OTHER
    if name.endswith(_CODE_SUFFIXES):
        return PathClass.CODE
    if folder.data:
        return PathClass.DATA
    if name == "project" or name.startswith(("catalog-info.", "copier.y")):
        return PathClass.PLATFORM
    return PathClass.OTHER
