"""The signals about machine learning, models and agents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cnmm_collectors.git.detect import ml
from cnmm_collectors.git.detect.ci.signals import judge_practice
from cnmm_collectors.git.detect.containers import image_hits
from cnmm_collectors.git.detect.deployments import manifest_hits
from cnmm_collectors.git.detect.documents import card_doubts, card_hits
from cnmm_collectors.git.detect.readings import (
    Hit,
    by_component,
    cite_hits,
    component_flags,
    doubtful,
    flag,
    near,
    not_there,
    of_repository,
    outside_repository,
    tally_count,
    within,
)
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.git.model import Component
from cnmm_collectors.signals import Observed, Reading, Signal

KEYS = (
    "git.ml_notebook_only_ratio",
    "git.ml_sdk_ratio",
    "git.model_validation_ci_ratio",
    "docs.model_card_ratio",
    "git.agent_repo_count",
    "git.ai_use_count",
    "git.ml_pipeline_count",
)
_ML = "components that train, serve or explore models"


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield every signal about machine learning, models and agents."""
    yield from _of_ml(survey, KEYS[0], lambda c: _notebooks_only(survey, c))
    sdks = ml.needs(survey, "sdks") + ml.objects(survey, "pipelines") + ml.objects(survey, "serving")
    doubts = ml.ml_doubts(survey)

    def uses_sdk(component: Component) -> Reading:
        hits = within(survey, component, sdks)
        return flag(survey, hits, near(survey, component, doubts), "an SDK that hides the cluster")

    yield from _of_ml(survey, KEYS[1], uses_sdk)
    gate = "a gate that judges the model before it ships"
    yield from _of_ml(survey, KEYS[2], lambda c: judge_practice(survey, c, ml.evaluation(), gate))
    cards = card_hits(survey)
    yield from _of_ml(
        survey,
        KEYS[3],
        lambda c: flag(
            survey, within(survey, c, cards), near(survey, c, card_doubts(survey)), "a model card"
        ),
    )
    agents = ml.needs(survey, "agents") + ml.agent_objects(survey)
    yield from component_flags(survey, KEYS[4], agents, doubts, "chains, agents or tool servers")
    uses = agents + ml.needs(survey, "models") + ml.ml_hits(survey)
    yield from component_flags(survey, KEYS[5], uses, doubts, "use of models")
    pipes = ml.pipelines(survey)
    reading = tally_count(survey, len(pipes), pipes, doubts, "pipelines of models in a cluster")
    yield of_repository(survey, KEYS[6], outside_repository(survey) or reading)


def _of_ml(survey: Survey, key: str, judge: Callable[[Component], Reading]) -> Iterator[Signal]:
    def gated(component: Component) -> Reading:
        state = ml.is_ml(survey, component)
        if state is None:
            return doubtful(survey, near(survey, component, ml.ml_doubts(survey)), _ML)
        return judge(component) if state else not_there(survey, f"{_ML}: this one does not")

    yield from by_component(survey, key, gated)


def _notebooks_only(survey: Survey, component: Component) -> Reading:
    run = within(survey, component, _run(survey))
    what = "a pipeline, container or manifest beside notebooks and scripts"
    if run:
        return Observed(False, cite_hits(survey, run))
    doubts = near(survey, component, _all_doubts(survey))
    if doubts:
        return doubtful(survey, doubts, what)
    return flag(survey, within(survey, component, ml.ml_hits(survey)), (), what)


@remembered
def _run(survey: Survey) -> list[Hit]:
    return image_hits(survey) + manifest_hits(survey) + ml.pipelines(survey)


@remembered
def _all_doubts(survey: Survey) -> tuple[Doubt, ...]:
    return survey.doubts(lambda path: True)
