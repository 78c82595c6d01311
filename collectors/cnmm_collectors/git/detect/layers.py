"""Which layers a component belongs to: application, platform, infrastructure, security."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from cnmm_collectors.git.detect.paths import counts, path_class
from cnmm_collectors.git.model import Component, PathClass, RepositoryView
from cnmm_collectors.subjects import Subject

LAYERS = ("app", "platform", "infra", "security")
_SHARE = Fraction(1, 4)
_CLASSES = {
    PathClass.CODE: "app",
    PathClass.PLATFORM: "platform",
    PathClass.INFRA: "infra",
    PathClass.SECURITY: "security",
}
_NAMES = {
    "platform": re.compile(
        r"(^|[-_/.])(platform|idp|golden-paths?|crossplane|backstage|operators?|control-plane)($|[-_/.])"
    ),
    "infra": re.compile(
        r"(^|[-_/.])(infra|infrastructure|terraform|landing-zone|network|clusters?|ansible)($|[-_/.])"
    ),
    "security": re.compile(r"(^|[-_/.])(security|policies|policy|guardrails|pki|secrets|iam)($|[-_/.])"),
}


def layers(view: RepositoryView, component: Component) -> frozenset[str]:
    """Return the layers of one component; where many are asked for, `layers_of` reads the paths once."""
    return layers_of(view)[component.subject]


def layers_of(view: RepositoryView) -> dict[Subject, frozenset[str]]:
    """Return the layers of each component, at least one of app, platform, infra, security.

    A layer counts where a quarter of the component's classed files are of it, or its name says so.
    """
    tallies: dict[str, Counter[str]] = {component.root: Counter() for component in view.components}
    classed = Counter((entry.path.rpartition("/")[0], _layer_of(entry.path)) for entry in view.entries)
    for (folder, layer), count in classed.items():
        for root in _upward(folder) if layer else ():
            if root in tallies:
                tallies[root][layer] += count
    return {component.subject: _decide(component, tallies[component.root]) for component in view.components}


def _layer_of(path: str) -> str:
    if not counts(path):
        return ""
    return "operator" if path.rpartition("/")[2] == "PROJECT" else _CLASSES.get(path_class(path), "")


def _upward(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _decide(component: Component, tally: Counter[str]) -> frozenset[str]:
    name = (component.root or component.subject.name.rpartition("/")[2]).lower()
    named = {layer for layer, pattern in _NAMES.items() if pattern.search(name)}
    if tally.pop("operator", 0):
        # Whoever extends the cluster's interface builds platform, in whatever language.
        named.add("platform")
    total = sum(tally.values())
    found = {layer for layer, count in tally.items() if Fraction(count, total) >= _SHARE}
    # Deployment files beside an application's code are the application's own, not an infrastructure.
    if "app" in found and "infra" in found and "infra" not in named and tally["app"] >= tally["infra"]:
        found.discard("infra")
    return frozenset(found | named) or frozenset({"app"})
