"""How alike the pipelines and charts of two components are, from sketches that hold no text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from hashlib import blake2b

from cnmm_collectors.git.detect.paths import counts, path_class
from cnmm_collectors.git.detect.survey import decode
from cnmm_collectors.git.model import Component, PathClass, RepositoryView

SHINGLE = 4
KEPT = 128
LEAST_LINES = 8
_DIGITS = 12
_CHART = re.compile(
    r"(^|/)(chart\.yaml|values[^/]*\.ya?ml|templates/.+\.(ya?ml|tpl)|kustomization\.ya?ml)$", re.IGNORECASE
)
_COMMENT = re.compile(r"(^|\s)#.*$")
_VARIES = re.compile(r"\d|[a-f]{7}")
_OWN = re.compile(r"\b[0-9a-f]{7,64}\b|\bv?\d+(\.\d+)+\b|\d+")


def plumbing(view: RepositoryView) -> list[str]:
    """Return the pipeline and chart files of a repository, sorted."""
    return sorted(
        path
        for path in view.contents
        if counts(path) and (path_class(path) is PathClass.CI or _CHART.search(path))
    )


def sketch(view: RepositoryView, component: Component, files: Sequence[str]) -> str | None:
    """Return the 128 smallest shingle hashes of those pipeline and chart files that are the component's, None
    below 8 lines.

    Comments, numbers, versions and the component's own name do not count.
    """
    name = (component.root or component.subject.name).rpartition("/")[2].lower()
    lines = list(_lines(view, (path for path in files if _belongs(view, path, component)), name))
    if len(lines) < LEAST_LINES:
        return None
    texts = {"\n".join(lines[n : n + SHINGLE]) for n in range(len(lines) - SHINGLE + 1)}
    hashes = sorted(blake2b(text.encode(), digest_size=_DIGITS // 2).hexdigest() for text in texts)
    return "".join(hashes[:KEPT])


def similarity(first: str, second: str) -> Fraction:
    """Return the estimated share of shingles two sketches have in common, 0..1; exact below 128 shingles."""
    one, two = _split(first), _split(second)
    union = sorted(one | two)[:KEPT]
    return Fraction(sum(item in one and item in two for item in union), len(union) or 1)


def _split(text: str) -> set[str]:
    return {text[n : n + _DIGITS] for n in range(0, len(text) - _DIGITS + 1, _DIGITS)}


def _lines(view: RepositoryView, files: Iterable[str], name: str) -> Iterator[str]:
    known: dict[str, str] = {}
    for path in files:
        for raw in decode(view.contents[path]).split("\n"):
            # Pipelines say the same lines again and again.
            line = known.get(raw)
            if line is None:
                line = known[raw] = _plain(raw, name)
            if line:
                yield line


def _plain(raw: str, name: str) -> str:
    """Return a line without comment, numbers and the component's own name, its blanks made one."""
    line = _COMMENT.sub("", raw) if "#" in raw else raw
    line = line.lower().replace(name, "~")
    return " ".join((_OWN.sub("0", line) if _VARIES.search(line) else line).split())


def _belongs(view: RepositoryView, path: str, component: Component) -> bool:
    if path_class(path) is PathClass.CI and len(view.components) == 1:
        return True
    return not component.root or path.startswith(component.root + "/")
