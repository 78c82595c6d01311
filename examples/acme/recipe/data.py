"""Team data: a forecast that runs as a pipeline, and an agent that answers customers."""

from __future__ import annotations

from recipe.files import PYTHON_IMAGE, SHARED, calls_shared, deployment
from recipe.model import Commit, Repository, in_order, modules, python_code, text

_NOTEBOOK = text(
    """
    {
     "cells": [
      {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["import forecast"]}
     ],
     "metadata": {},
     "nbformat": 4,
     "nbformat_minor": 5
    }
    """
)
_PIPELINE = text(
    '''
    """Trains the forecast on the cluster."""

    from kfp import dsl


    @dsl.component
    def train() -> str:
        return "trained"


    @dsl.pipeline(name="forecast")
    def forecast() -> None:
        train()
    '''
)
_CARD = text(
    """
    # Model card: forecast

    Says how many of each product will be sold next week, for the buyers of the house.
    Trained on two years of sales without any data about customers.
    Off by a fifth in weeks with a public holiday; buyers are told so on the page.
    """
)
_VALIDATION = """\
  validate:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt
      - name: Refuse a model that is worse than the last one
        run: python validate_model.py --against production
"""
_README = "# Forecast\n\nSays how many of each product will be sold next week.\n"


def _model(parts: int) -> dict[str, str | None]:
    return {"forecast/model.py": python_code("The forecast.", parts)}


_FORECAST_DAYS = ("2026-03-12", "2026-04-28", "2026-06-10", "2026-07-22", "2026-08-29", "2026-10-08")
_FORECAST = (
    Commit(
        "2025-12-01",
        "philippa",
        "Start the forecast",
        {
            "README.md": _README,
            "requirements.txt": "kfp==2.9.0\nscikit-learn==1.5.2\n",
            "notebooks/explore.ipynb": _NOTEBOOK,
            "pipelines/train.py": _PIPELINE,
            "validate_model.py": python_code("Compares two models.", 1),
            ".github/workflows/ci.yml": calls_shared(_VALIDATION),
            ".github/CODEOWNERS": "* philippa.vantongeren@acme.example\n",
            **_model(1),
        },
    ),
    Commit("2026-02-01", "philippa", "Describe the model", {"docs/model-card.md": _CARD}),
    *(
        Commit(day, "philippa", "Look at one more season", _model(n))
        for n, day in enumerate(_FORECAST_DAYS, 2)
    ),
)

_RELEASE = text(
    f"""
    name: release
    on: workflow_dispatch
    jobs:
      service:
        uses: {SHARED}
      scan:
        runs-on: ubuntu-24.04
        steps:
          - uses: aquasecurity/trivy-action@0.28.0
            with:
              image-ref: registry.acme.example/support-agent:latest
    """
)
_AGENT_DAYS = (
    ("2026-03-24", "philippa"),
    ("2026-04-21", "philippa"),
    ("2026-06-30", "philippa"),
    ("2026-07-21", "zenobia"),
    ("2026-09-02", "philippa"),
    ("2026-10-13", "zenobia"),
)


def _skills(count: int) -> dict[str, str | None]:
    return {
        "agent/main.py": python_code("Answers customers.", count),
        "README.md": f"# Support agent\n\nAnswers customers about their orders. {count} things known.\n",
    }


_AGENT = (
    Commit(
        "2026-02-16",
        "philippa",
        "Create from the service template",
        {
            ".copier-answers.yml": "# Changes here will be overwritten by copier\n_commit: v2.1.0\n"
            "_src_path: https://git.acme.example/acme/service-template\nname: support-agent\n",
            "Dockerfile": PYTHON_IMAGE,
            "requirements.txt": "langgraph==0.2.60\nanthropic==0.40.0\n",
            "k8s/deployment.yaml": deployment("support-agent"),
            ".github/workflows/release.yml": _RELEASE,
            **modules("agent", "py", "memory orders tools"),
            **_skills(1),
        },
    ),
    *(Commit(day, who, "Teach it one more thing", _skills(n)) for n, (day, who) in enumerate(_AGENT_DAYS, 2)),
)

REPOSITORIES = (
    Repository("ml-forecast", "data", in_order(_FORECAST)),
    Repository("support-agent", "data", in_order(_AGENT)),
)
