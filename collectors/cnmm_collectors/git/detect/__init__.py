"""What the content of one repository says: every signal of git, docs and ci that files decide."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import ModuleType

from cnmm_collectors.git.detect import (
    containers,
    decisions,
    deployments,
    documents,
    guidelines,
    intelligence,
    operators,
    plaintext,
    policies,
    templates,
    tools,
    waivers,
)
from cnmm_collectors.git.detect.ci import signals as ci_signals
from cnmm_collectors.git.detect.layers import layers, layers_of
from cnmm_collectors.git.detect.paths import is_plumbing, is_security_path, path_class
from cnmm_collectors.git.detect.sketches import plumbing, similarity, sketch
from cnmm_collectors.git.detect.survey import Survey
from cnmm_collectors.git.detect.wanted import wanted, wanted_code
from cnmm_collectors.git.model import Component, RepositoryView
from cnmm_collectors.signals import Signal

__all__ = [
    "KEYS",
    "TEAM_KEYS",
    "is_plumbing",
    "is_security_path",
    "judge",
    "layers",
    "layers_of",
    "path_class",
    "plumbing",
    "reuses_shared_pipeline",
    "signals",
    "similarity",
    "sketch",
    "wanted",
    "wanted_code",
]

_DETECTORS: tuple[ModuleType, ...] = (
    containers,
    deployments,
    operators,
    policies,
    plaintext,
    waivers,
    intelligence,
    ci_signals,
    # These ask for dates, and wait until the whole history is read.
    documents,
    guidelines,
    decisions,
    tools,
    templates,
)
TEAM_KEYS = (documents.TEAM_KEY,)


def _facets(key: str) -> Iterator[str]:
    values = {documents.KEYS[0]: documents.RUNBOOK_LAYERS, documents.KEYS[1]: documents.DESIGN_LAYERS}.get(
        key
    )
    yield from (f"{key}{{layer={value}}}" for value in values) if values else (key,)


KEYS: tuple[str, ...] = tuple(
    sorted(facet for detector in _DETECTORS for key in detector.KEYS for facet in _facets(key))
)
"""Every key that `signals` yields for a repository or its components; team keys follow the files found."""


def signals(
    view: RepositoryView,
    dates: Mapping[str, tuple[int | None, int]] | None = None,
    designated: Collection[str] = (),
    pipelines_here: bool = False,
) -> Iterable[Signal]:
    """Yield exactly one reading of each key for each subject; never raises on what a repository holds.

    `dates` gives for every tracked path the epoch seconds of its first change, None where that was not seen,
    and of its last real one, and for the empty path those of the repository itself; it is empty where history
    is unreadable, which makes what depends on it unknown. `designated` are the paths that the settings name
    as security guidelines; `pipelines_here` says that no pipeline is kept outside the repository.
    """
    yield from judge(Survey(view, dates or {}, frozenset(designated), pipelines_here))


def judge(survey: Survey) -> Iterator[Signal]:
    """Yield what `signals` yields for a survey that is at hand."""
    for detector in _DETECTORS:
        yield from detector.find_signals(survey)


def reuses_shared_pipeline(view: RepositoryView, component: Component) -> bool:
    """True where a running pipeline of the component calls one that another repository keeps."""
    return bool(ci_signals.shared_references(Survey(view, {}), component))
