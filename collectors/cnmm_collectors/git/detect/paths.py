"""What a tracked path is for, from its name alone; pure, cached, called for every path of every commit."""

from __future__ import annotations

import re
from functools import lru_cache

from cnmm_collectors.git.model import PathClass

_VENDORED = frozenset(
    [
        "vendor",
        "node_modules",
        "third_party",
        "third-party",
        "bower_components",
        ".yarn",
        "site-packages",
        "Godeps",
        "_vendor",
        "Pods",
        ".terraform",
        ".venv",
        "venv",
        "__pypackages__",
        "dist",
        "__pycache__",
        "__snapshots__",
    ]
)
_TEST_DIRS = frozenset(
    [
        "test",
        "tests",
        "testing",
        "testdata",
        "test-data",
        "__tests__",
        "e2e",
        "fixtures",
        "__fixtures__",
        "testfixtures",
        "integration-tests",
        "spec",
        "specs",
        "mocks",
        "__mocks__",
    ]
)
_STAGES = frozenset(["overlays", "environments", "envs", "env", "stages", "clusters"])
_SAMPLE_DIRS = frozenset(
    ["example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials"]
)
_DOC_DIRS = frozenset(
    ["docs", "doc", "documentation", "adr", "adrs", "runbooks", "runbook", "rfcs", "decisions"]
)
_INFRA_DIRS = frozenset(
    [
        "k8s",
        "kubernetes",
        "manifests",
        "deploy",
        "deployment",
        "deployments",
        "charts",
        "chart",
        "helm",
        "kustomize",
        "overlays",
        "terraform",
        "tf",
        "infra",
        "infrastructure",
        "ansible",
        "pulumi",
        "packer",
        "cloudformation",
        "cdk",
        "iac",
        "docker",
    ]
)
_PLATFORM_DIRS = frozenset(
    [
        "platform",
        "crossplane",
        "compositions",
        "argocd",
        "argo-cd",
        "flux",
        "flux-system",
        "gitops",
        "clusters",
        "crds",
        "crd",
        "xrds",
        "operators",
        "backstage",
        "scaffolder",
        "golden-paths",
    ]
)
_SECURITY_DIRS = frozenset(
    [
        "security",
        "policies",
        "policy",
        "kyverno",
        "gatekeeper",
        "opa",
        "rego",
        "rbac",
        "iam",
        "secrets",
        "sealed-secrets",
        "network-policies",
        "networkpolicies",
        "pki",
        "exceptions",
        "waivers",
    ]
)
_DATA_DIRS = frozenset(["notebooks", "data", "datasets", "dbt", "migrations", "seeds"])
_DOC_SUFFIXES = (".md", ".mdx", ".rst", ".adoc", ".asciidoc", ".markdown")
_DATA_SUFFIXES = (
    ".ipynb", ".csv", ".tsv", ".parquet", ".avro", ".sql", ".dvc", ".jsonl", ".arrow", ".feather",
)  # fmt: skip
_INFRA_SUFFIXES = (".tf", ".tfvars", ".hcl", ".bicep", ".tf.json")
_MANIFEST_SUFFIXES = (".yaml", ".yml", ".json", ".tpl", ".gotmpl", ".jsonnet", ".libsonnet", ".cue")
_CODE_SUFFIXES = (
    ".py", ".go", ".java", ".kt", ".kts", ".scala", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs",
    ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".rb", ".php", ".swift", ".ex", ".exs", ".erl",
    ".clj", ".hs", ".ml", ".fs", ".dart", ".lua", ".pl", ".r", ".jl", ".sh", ".bash", ".ps1", ".vue",
    ".svelte", ".proto", ".graphql", ".html", ".css", ".scss", ".m", ".groovy", ".zig", ".nim",
)  # fmt: skip
_GENERATED = re.compile(
    r"(\.pb\.go|_pb2(_grpc)?\.pyi?|\.min\.(js|css)|\.g\.dart|\.snap|\.map)$"
    r"|^(zz_generated.*|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|go\.sum"
    r"|cargo\.lock|poetry\.lock|uv\.lock|pipfile\.lock|composer\.lock|gemfile\.lock|chart\.lock"
    r"|\.terraform\.lock\.hcl)$"
)
_TEST_DIR = re.compile(r"\.?(chainsaw|kuttl)|.*[-_.](tests?|testing|fixtures?|e2e)")
_TEST_FILE = re.compile(
    r"^(test_.*\.py|conftest\.py|.*_test\.(py|go|rego|cc|cpp|rb|exs)|.*_spec\.rb"
    r"|.*\.(test|spec)\.[cm]?[jt]sx?|.*(test|tests|it)\.(java|kt|scala|cs))$"
)
_CI_FILE = re.compile(
    r"^(\.github/(workflows|actions)/|\.gitlab/ci/|\.gitlab-ci/|\.circleci/|\.buildkite/|\.tekton/"
    r"|\.jenkins/|\.azure-pipelines/)"
)
_CI_NAME = re.compile(
    r"^(\.gitlab-ci\.ya?ml|.*\.gitlab-ci\.ya?ml|jenkinsfile.*|azure-pipelines.*\.ya?ml|\.drone\.ya?ml"
    r"|\.travis\.ya?ml|bitbucket-pipelines\.ya?ml|appveyor\.ya?ml|cloudbuild\.ya?ml"
    r"|\.pre-commit-config\.ya?ml|\.woodpecker\.ya?ml)$"
)
_INFRA_NAME = re.compile(
    r"^((docker|container)file(\..*)?|.*\.dockerfile|\.dockerignore|(docker-)?compose.*\.ya?ml"
    r"|chart\.yaml|kustomization(\.ya?ml)?|helmfile.*\.ya?ml|pulumi.*\.ya?ml|skaffold\.ya?ml|tiltfile"
    r"|vagrantfile|terragrunt\.hcl|values.*\.ya?ml|score.*\.ya?ml|\.ko\.yaml|devspace\.ya?ml)$"
)
_SECURITY_NAME = re.compile(
    r"^(\.trivyignore(\.ya?ml)?|\.gitleaks\.toml|\.gitleaksignore|\.sops\.yaml|osv-scanner\.toml|\.snyk"
    r"|\.secrets\.baseline|\.semgrep.*|\.grype\.yaml|cosign\.pub|.*\.rego|.*\.?vex\.json)$"
)
_PLUMBING_NAME = re.compile(
    r"^(makefile|gnumakefile|.*\.mk|justfile|taskfile\.ya?ml|pom\.xml|build\.gradle(\.kts)?|gradlew.*"
    r"|settings\.gradle(\.kts)?|package\.json|pyproject\.toml|setup\.(py|cfg)|requirements.*\.txt|go\.mod"
    r"|cargo\.toml|tox\.ini|noxfile\.py|cmakelists\.txt|build(\.bazel)?|workspace(\.bazel)?|module\.bazel"
    r"|\.goreleaser\.ya?ml|renovate\.json5?|dependabot\.ya?ml|\.editorconfig|\.gitignore)$"
)
_LOCKS = (".lock", "-lock.json", "-lock.yaml", "npm-shrinkwrap.json", "go.sum", ".lock.hcl")
_SECURITY_DOC = re.compile(r"^security(\.(md|rst|adoc|txt))?$")


@lru_cache(maxsize=65_536)
def path_class(path: str) -> PathClass:
    """Return the one class of a tracked path, by its folders and name."""
    *folders, name = path.lower().split("/")
    inside = frozenset(folders)
    if inside & _VENDORED or _GENERATED.search(name):
        return PathClass.GENERATED
    if _CI_FILE.match(path.lower()) or _CI_NAME.match(name):
        return PathClass.CI
    if _TEST_FILE.match(name) or _is_test_folder(folders):
        return PathClass.TEST
    return _by_content(inside, name)


def _is_test_folder(folders: list[str]) -> bool:
    for folder in folders:
        # A stage that is called test is deployed like any other.
        if folder in _STAGES:
            return False
        if folder in _TEST_DIRS or _TEST_DIR.fullmatch(folder):
            return True
    return False


def _by_content(inside: frozenset[str], name: str) -> PathClass:
    if name.endswith(_DOC_SUFFIXES) or (inside & _DOC_DIRS and not name.endswith(_CODE_SUFFIXES)):
        return PathClass.DOCS
    if name.endswith(_DATA_SUFFIXES):
        return PathClass.DATA
    if _SECURITY_NAME.match(name):
        return PathClass.SECURITY
    declarative = name.endswith(_MANIFEST_SUFFIXES)
    if declarative and inside & _SECURITY_DIRS:
        return PathClass.SECURITY
    if declarative and inside & _PLATFORM_DIRS:
        return PathClass.PLATFORM
    if name.endswith(_INFRA_SUFFIXES) or _INFRA_NAME.match(name):
        return PathClass.INFRA
    if declarative and inside & _INFRA_DIRS:
        return PathClass.INFRA
    return _by_language(inside, name)


def _by_language(inside: frozenset[str], name: str) -> PathClass:
    if _PLUMBING_NAME.match(name):
        return PathClass.OTHER
    if name.endswith(_CODE_SUFFIXES):
        return PathClass.CODE
    if inside & _DATA_DIRS:
        return PathClass.DATA
    if name == "project" or name.startswith(("catalog-info.", "copier.y")):
        return PathClass.PLATFORM
    return PathClass.OTHER


@lru_cache(maxsize=65_536)
def is_plumbing(path: str) -> bool:
    """True for what makes and ships software: CI, infrastructure, charts, build and lock files."""
    *folders, name = path.lower().split("/")
    if frozenset(folders) & _VENDORED:
        return False
    if path_class(path) in (PathClass.CI, PathClass.INFRA, PathClass.PLATFORM):
        return True
    return _PLUMBING_NAME.match(name) is not None or name.endswith(_LOCKS)


@lru_cache(maxsize=65_536)
def is_security_path(path: str) -> bool:
    """True where a change alters what is protected: policies, access rules, secrets, scan settings."""
    *folders, name = path.lower().split("/")
    if path_class(path) in (PathClass.GENERATED, PathClass.TEST):
        return False
    if path_class(path) is PathClass.SECURITY or _SECURITY_DOC.match(name):
        return True
    return bool(frozenset(folders) & _SECURITY_DIRS)


@lru_cache(maxsize=65_536)
def counts(path: str) -> bool:
    """True for the repository's own practice: not vendored, generated, a test or a sample."""
    if path_class(path) in (PathClass.GENERATED, PathClass.TEST):
        return False
    return not _SAMPLE_DIRS & frozenset(path.lower().split("/")[:-1])
