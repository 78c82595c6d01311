"""Which files the detectors must read; everything else is judged by its name alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from cnmm_collectors.git.detect import decisions, documents, guidelines
from cnmm_collectors.git.detect.dependencies import is_build_file
from cnmm_collectors.git.detect.paths import counts, path_class
from cnmm_collectors.git.detect.prose import is_prose
from cnmm_collectors.git.model import PathClass

_YAML = (".yaml", ".yml")
_NOT_MANIFESTS = re.compile(
    r"(^|/)(locales?|i18n|translations|lang|swagger|openapi|asyncapi|mkdocs\.ya?ml|_config\.ya?ml"
    r"|\.codecov\.ya?ml|codecov\.ya?ml|docker-compose[^/]*|compose\.ya?ml|\.golangci\.ya?ml"
    r"|pnpm-workspace\.yaml|\.github/(issue_template|release\.ya?ml|labeler\.ya?ml))(/|$|\.)",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"^((docker|container)file(\..*)?|project\.toml|project|\.gitlab-ci\.ya?ml|jenkinsfile.*"
    r"|\.trivyignore|osv-scanner\.toml|\.gitleaks\.toml"
    r"|settings\.kts|copier-answers\..*|\.cruft\.json|\.cookiecutter\.json|\.copier-answers.*|mlproject)$"
)
_ENDINGS = (".dockerfile", "vex.json", ".rego")
_FLOW = re.compile(r"^(.*[_-])?(pipelines?|flows?|workflows?)([_-].*)?\.py$")
_FLOWS = re.compile(r"(^|/)(pipelines?|flows?|workflows?|dags?)/", re.IGNORECASE)
_SDK = re.compile(rb"\b(kfp|flytekit|metaflow)\b")


@lru_cache(maxsize=65_536)
def wanted(path: str) -> bool:
    """True where the content of a tracked path can decide a signal."""
    if not counts(path):
        return False
    name = path.rpartition("/")[2].lower()
    if name.endswith(_ENDINGS) or _NAMES.match(name) or is_build_file(name):
        return True
    if is_prose(path):
        return any(module.could_decide(path) for module in (documents, decisions, guidelines))
    if name.endswith(_YAML):
        return path_class(path) is PathClass.CI or not _NOT_MANIFESTS.search(path)
    if name.endswith(".py"):
        return _FLOW.match(name) is not None or _FLOWS.search(path) is not None
    return name.endswith(".tf") or (name.endswith(".tpl") and "/templates/" in f"/{path}")


def wanted_code(paths: Iterable[str], contents: Mapping[str, bytes]) -> list[str]:
    """Return all Python files where a build file names an SDK of pipelines in code, else none."""
    if not any(is_build_file(path) and _SDK.search(raw) for path, raw in contents.items() if counts(path)):
        return []
    return [path for path in paths if path.endswith(".py") and not wanted(path) and counts(path)]
