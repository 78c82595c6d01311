"""Machine learning, models and agents; sketches of pipelines and charts."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from cnmm_collectors.git.detect import plumbing, reuses_shared_pipeline, similarity, sketch
from unit.collectors.git.detect.workshop import Outcome, commit, look

Scan = Callable[..., Outcome]
TORCH = {"requirements.txt": "torch==2.4\n", "train.py": "import torch\n"}
WORKFLOW = ".github/workflows/ci.yml"
TEXT = "This line of prose says something about the matter.\n" * 4


@pytest.mark.parametrize(
    ("files", "agent", "use"),
    [
        ({"requirements.txt": "langchain>=0.3\n"}, True, True),
        ({"pyproject.toml": '[project]\nname = "x"\ndependencies = ["pydantic_ai[openai]>=1"]\n'}, True, True),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\ncrewai = "*"\n'}, True, True),
        ({"package.json": '{"dependencies": {"@modelcontextprotocol/sdk": "1"}}'}, True, True),
        ({"go.mod": "module x\nrequire github.com/mark3labs/mcp-go v0.20.0\n"}, True, True),
        ({"pom.xml": "<dependencies><dependency><groupId>x</groupId><artifactId>langchain4j</artifactId></dependency></dependencies>"}, True, True),
        ({"pom.xml": "<!-- <dependency><artifactId>langchain4j</artifactId></dependency> -->"}, False, False),
        ({"requirements.txt": "openai\n"}, False, True),
        ({"package.json": '{"dependencies": {"openai": "4"}}'}, False, True),
        ({"package.json": '{"devDependencies": {"openai": "4"}}'}, False, False),
        ({"notebooks/a.ipynb": "{}"}, False, True),
        ({"agent.yaml": "apiVersion: kagent.dev/v1alpha2\nkind: Agent\nmetadata: {name: a}\n"}, True, True),
        ({"requirements.txt": "# langchain\nlangchainlike\n"}, False, False),
        ({"requirements.in": "flask\n", "requirements.txt": "flask\nlangchain\n"}, False, False),
        ({"vendor/requirements.txt": "langchain\n"}, False, False),
        ({"README.md": "uses langchain and openai\n"}, False, False),
        ({"pyproject.toml": "[project\n"}, "malformed", "malformed"),
    ],
)  # fmt: skip
def test_agents_and_uses_of_models(scan: Scan, files: dict[str, str], agent: object, use: object) -> None:
    found = scan(files)
    assert (found.value("git.agent_repo_count"), found.value("git.ai_use_count")) == (agent, use)


@pytest.mark.parametrize(
    ("files", "want"),
    [
        (TORCH, True),
        ({"a.ipynb": "{}"}, True),
        ({**TORCH, "Dockerfile": "FROM x\n"}, False),
        ({**TORCH, "k8s/a.yaml": "apiVersion: v1\nkind: Service\n"}, False),
        ({**TORCH, "vendor/Dockerfile": "FROM x\n"}, True),
        ({"requirements.txt": "flask\n"}, "absent"),
        ({"requirements.txt": "openai\n"}, "absent"),
    ],
)
def test_only_in_notebooks(scan: Scan, files: dict[str, str], want: object) -> None:
    assert scan(files).value("git.ml_notebook_only_ratio") == want


@pytest.mark.parametrize(
    ("files", "want"),
    [
        (TORCH, False),
        ({"requirements.txt": "torch\nray[serve]==2\n"}, True),
        ({**TORCH, "k.yaml": "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"}, True),
        ({"requirements.txt": "flask\n"}, "absent"),
    ],
)
def test_sdks(scan: Scan, files: dict[str, str], want: object) -> None:
    assert scan(files).value("git.ml_sdk_ratio") == want


KFP = "from kfp import dsl\n\n\n@dsl.pipeline(name='x')\ndef run():\n    pass\n"


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"t.yaml": "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\n"}, 1),
        ({"t.yaml": "apiVersion: ray.io/v1\nkind: RayJob\n---\napiVersion: ray.io/v1\nkind: RayJob\n"}, 2),
        ({"pipeline.py": KFP}, 1),
        ({"pipeline.py": KFP.replace("@", "# @")}, 0),
        ({"pipelines/train.py": KFP}, 1),
        ({"ml/dags/nightly/train.py": KFP}, 1),
        ({"src/train.py": KFP, "requirements.txt": "kfp==2.9.0\n"}, 1),
        ({"src/train.py": KFP, "ml/pyproject.toml": '[project]\nname = "x"\ndependencies = ["kfp"]\n'}, 1),
        ({"src/train.py": KFP, "environment.yml": "dependencies:\n  - kfp\n"}, 1),
        ({"src/train.py": "import kfp\n", "requirements.txt": "kfp\n"}, 0),
        ({"tests/pipelines/train.py": KFP, "requirements.txt": "kfp\n"}, 0),
        ({"train_pipeline.yaml": "pipelineInfo: {name: x}\ndeploymentSpec: {}\n"}, 1),
        ({**TORCH, "w.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"}, 1),
        ({"w.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"}, 0),
        ({"testdata/t.yaml": "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\n"}, 0),
    ],
)
def test_pipelines_of_models(scan: Scan, files: dict[str, str], want: int) -> None:
    assert scan(files).value("git.ml_pipeline_count") == want


def steps(line: str) -> dict[str, str]:
    return {WORKFLOW: f"on: push\njobs:\n  a:\n    steps:\n      - {line}\n"}


@pytest.mark.parametrize(
    ("step", "want"),
    [
        ("run: python evaluate.py --threshold 0.9", True),
        ("run: python scripts/evaluate_model.py", True),
        ("run: promptfoo eval", True),
        ("run: pytest tests/model_validation", True),
        ("{run: python evaluate.py, continue-on-error: true}", False),
        ("run: python train.py", False),
        ("run: echo evaluate.py", False),
        ("run: pytest", False),
    ],
)
def test_gates_that_judge_a_model(scan: Scan, step: str, want: bool) -> None:
    assert scan({**TORCH, **steps(step)}).value("git.model_validation_ci_ratio") is want


def test_model_cards(scan: Scan) -> None:
    key = "docs.model_card_ratio"
    assert scan({**TORCH, "MODEL_CARD.md": "# Card\n" + TEXT}).value(key) is True
    assert scan(TORCH).value(key) is False


def test_a_stub_is_no_model_card(scan: Scan) -> None:
    assert scan({**TORCH, "MODEL_CARD.md": "# Card\n"}).value("docs.model_card_ratio") is False
    assert scan({"requirements.txt": "flask\n"}).value("docs.model_card_ratio") == "absent"


PIPELINE = "on: push\njobs:\n  build:\n    steps:\n" + "".join(
    f"      - run: step {w}\n" for w in "abcdefghijklmnop"
)


def drawn(folder: Path, files: dict[str, str], name: str) -> str | None:
    commit(folder, files)
    view = look(folder, name)
    return sketch(view, view.components[0], plumbing(view))


def test_sketches_of_copies_are_alike_and_of_others_are_not(tmp_path: Path) -> None:
    one = drawn(tmp_path / "a", {WORKFLOW: PIPELINE + "      - run: build shop\n"}, "acme/shop")
    copy = drawn(
        tmp_path / "b", {WORKFLOW: "# note\n" + PIPELINE + "      - run: build cart # x\n"}, "acme/cart"
    )
    other = drawn(tmp_path / "c", {WORKFLOW: PIPELINE.replace("step", "stage")}, "acme/other")
    assert one is not None
    assert copy is not None
    assert other is not None
    assert similarity(one, copy) == 1
    assert similarity(one, other) < Fraction(1, 5)
    assert similarity(other, one) == similarity(one, other)
    assert bytes.fromhex(one)


def test_nothing_to_compare_has_no_sketch(tmp_path: Path) -> None:
    assert (
        drawn(tmp_path / "a", {WORKFLOW: "on: push\n", "vendor/" + WORKFLOW: PIPELINE}, "acme/shop") is None
    )
    assert similarity("", "") == 0


def test_a_reference_to_a_shared_pipeline_is_told_apart(tmp_path: Path) -> None:
    shared = "on: push\njobs:\n  a:\n    uses: acme/ci/.github/workflows/b.yml@v1\n"
    for text, want in ((shared, True), (PIPELINE, False)):
        folder = tmp_path / str(want)
        commit(folder, {WORKFLOW: text})
        view = look(folder)
        assert reuses_shared_pipeline(view, view.components[0]) is want
