"""A file that could not be read never makes a reading say more, or the opposite."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cnmm_collectors.git.model import RepositoryView
from cnmm_collectors.signals import Gap
from contract.judging import tells_no_more
from unit.collectors.git.detect.test_law import PLANTED, made_of
from unit.collectors.git.detect.workshop import ages, judge

sys.path.insert(0, str(Path(__file__).parents[5] / "examples" / "acme"))
from build import REPOSITORIES
from recipe.model import Repository

BUILD_FILES = {
    "Cargo.toml": '[dependencies]\nkube = { version = "3", features = ["runtime"] }\nrig-core = "0.1"\n',
    "Directory.Packages.props": '<Project><ItemGroup><PackageVersion Include="KubeOps.Operator" Version="9"/>'
    '<PackageVersion Include="Microsoft.ML" Version="4"/></ItemGroup></Project>\n',
    "Gemfile": 'gem "ruby-openai"\n',
    "PROJECT": "layout:\n- go.kubebuilder.io/v4\nprojectName: x\n",
    "Pipfile": '[packages]\ntorch = "*"\n',
    "api/api.csproj": '<Project><ItemGroup><PackageReference Include="OpenAI" Version="2"/></ItemGroup></Project>\n',
    "app/build.gradle.kts": 'dependencies {\n    implementation("io.javaoperatorsdk:operator-framework:5.0")\n}\n',
    "composer.json": '{"require": {"openai-php/client": "^0.10"}}\n',
    "environment.yml": "dependencies:\n- kfp\n",
    "go.mod": "module x\nrequire sigs.k8s.io/controller-runtime v0.18.0\n",
    "gradle/libs.versions.toml": '[libraries]\nchat = "dev.langchain4j:langchain4j:1.0"\n',
    "operator.yaml": "apiVersion: metacontroller.k8s.io/v1alpha1\nkind: CompositeController\nmetadata: {name: x}\n",
    "package.json": '{"dependencies": {"openai": "4"}}\n',
    "pom.xml": "<project><dependency><artifactId>langchain4j</artifactId></dependency></project>\n",
    "pyproject.toml": '[project]\ndependencies = ["kopf", "torch"]\n',
    "requirements.txt": "kopf==1.37\nopenai\n",
}


def final(repository: Repository) -> dict[str, str]:
    """Return the files that a repository of the sample holds in the end."""
    files: dict[str, str | None] = {}
    for commit in repository.commits:
        files.update(commit.files)
    return {path: text for path, text in files.items() if text is not None}


TREES = {one.name: final(one) for one in REPOSITORIES if one.commits}
ALONE = {path: {path: text} for path, text in BUILD_FILES.items()}


def without(view: RepositoryView, path: str) -> RepositoryView:
    contents = {name: raw for name, raw in view.contents.items() if name != path}
    return replace(view, contents=contents, unread={path: Gap.MALFORMED})


@pytest.mark.parametrize(
    "files", [*TREES.values(), *ALONE.values(), PLANTED], ids=[*TREES, *ALONE, "planted"]
)
def test_a_file_that_was_not_read_makes_no_reading_say_more(files: dict[str, str]) -> None:
    view = made_of({path: text.encode() for path, text in files.items()}, roots=("",))
    truth = {(one.key, one.subject): one.reading for one in judge(view, ages(view)).signals}
    assert view.contents
    for path in view.contents:
        for one in judge(without(view, path), ages(view)).signals:
            assert tells_no_more(one.reading, truth.get((one.key, one.subject))), (path, one)


def test_what_each_build_file_shows_is_seen() -> None:
    shows = ("git.operator_repo_count", "git.ai_use_count")
    for path, text in BUILD_FILES.items():
        view = made_of({path: text.encode()}, roots=("",))
        outcome = judge(view, ages(view))
        assert True in [outcome.value(key) for key in shows], path
