"""Which files the detectors must read; everything else is judged by its name alone."""

from __future__ import annotations

import re
from functools import lru_cache

from cnmm_collectors.git.detect.paths import counts, path_class
from cnmm_collectors.git.model import PathClass

_YAML = (".yaml", ".yml")
_NOT_MANIFESTS = re.compile(
    r"(^|/)(locales?|i18n|translations|lang|swagger|openapi|asyncapi|mkdocs\.ya?ml|_config\.ya?ml"
    r"|\.codecov\.ya?ml|codecov\.ya?ml|docker-compose[^/]*|compose\.ya?ml|\.golangci\.ya?ml"
    r"|pnpm-workspace\.yaml|\.github/(issue_template|release\.ya?ml|labeler\.ya?ml))(/|$|\.)",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"^((docker|container)file(\..*)?|.*\.dockerfile|project\.toml|project|\.gitlab-ci\.ya?ml|jenkinsfile.*"
    r"|requirements[^/]*\.(txt|in)|pyproject\.toml|pipfile|package\.json|go\.mod|pom\.xml"
    r"|build\.gradle(\.kts)?|cargo\.toml|\.trivyignore|osv-scanner\.toml|.*vex\.json|\.gitleaks\.toml"
    r"|copier-answers\..*|\.cruft\.json|\.cookiecutter\.json|\.copier-answers.*|mlproject"
    r"|.*\.rego|(.*[_-])?(pipelines?|flows?|workflows?)([_-].*)?\.py)$"
)
_DOCUMENTS = re.compile(
    r"(^|/)(readme|contributing|security|roadmap|model[-_]?card|architecture|design|operations|onboarding"
    r"|team[-_]?api|runbook|playbook|troubleshooting|oncall|on-call)[^/]*$"
    r"|(^|/)(adrs?|decisions?|decision[-_]records?|architecture[-_]decisions?|architectural[-_]decisions?"
    r"|runbooks?|playbooks?|security|teams?|model[-_]cards?|exceptions?|waivers?|design|architecture"
    r"|onboarding|roadmaps?|operations|incident[-_]response)/"
    r"|(^|/)[^/]*(guidelines?|standards?|baseline|handbook|secure|security|adr[-_]?\d|runbook|roadmap"
    r"|team[-_]?api|model[-_]?card|architecture|design|getting[-_]started)[^/]*$",
    re.IGNORECASE,
)
_PROSE = (".md", ".mdx", ".rst", ".adoc", ".asciidoc", ".markdown", ".txt")


@lru_cache(maxsize=65_536)
def wanted(path: str) -> bool:
    """True where the content of a tracked path can decide a signal."""
    if not counts(path):
        return False
    name = path.rpartition("/")[2].lower()
    if _NAMES.match(name):
        return True
    if name.endswith(_PROSE) or "." not in name:
        return _DOCUMENTS.search(path) is not None
    if name.endswith(_YAML):
        return path_class(path) is PathClass.CI or not _NOT_MANIFESTS.search(path)
    return name.endswith(".tf") or (name.endswith(".tpl") and "/templates/" in f"/{path}")
