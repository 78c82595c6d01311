"""How alike the pipelines and charts of two components are, from sketches that hold no text."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_COMMENT = re.compile(r"(^|[^\S\n])#.*$", re.MULTILINE)
_OWN = re.compile(r"\b[0-9a-f]{7,64}\b|\bv?\d+(\.\d+)+\b|\d+")


def sketch(view: RepositoryView, component: Component) -> str | None:
    """Return the 128 smallest shingle hashes of a component's pipeline and chart files, None below 8 lines.

    Comments, numbers, versions and the component's own name do not count.
    """
    name = (component.root or component.subject.name).rpartition("/")[2].lower()
    lines = list(_lines(view, component, name))
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


def _lines(view: RepositoryView, component: Component, name: str) -> Iterator[str]:
    for path in sorted(view.contents):
        if not counts(path) or not _belongs(view, path, component):
            continue
        if path_class(path) is PathClass.CI or _CHART.search(path):
            text = _COMMENT.sub("", decode(view.contents[path])).lower().replace(name, "~")
            lines = (" ".join(raw.split()) for raw in _OWN.sub("0", text).split("\n"))
            yield from filter(None, lines)


def _belongs(view: RepositoryView, path: str, component: Component) -> bool:
    if path_class(path) is PathClass.CI and len(view.components) == 1:
        return True
    return not component.root or path.startswith(component.root + "/")
