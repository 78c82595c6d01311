"""Container builds: image files, buildpacks, and tools that build images from source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnmm_collectors.git.detect.readings import Hit, component_flags, flag, near, within
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.git.model import Component
from cnmm_collectors.signals import Reading, Signal

KEYS = ("git.containerised_repo_ratio",)
WHAT = "a container build"
_IMAGE_FILE = re.compile(r"((docker|container)file(\.[\w.-]+)?|[\w.-]+\.dockerfile)", re.IGNORECASE)
_FROM = re.compile(r"^\s*FROM\s+\S+", re.IGNORECASE)
_BUILD_FILES = {
    "project.toml": re.compile(r"^\s*\[(_|io\.buildpacks|build|project)\b"),
    "pom.xml": re.compile(r"<artifactId>\s*(jib-maven-plugin|docker-maven-plugin)\s*<"),
    "build.gradle": re.compile(r"com\.google\.cloud\.tools\.jib"),
    "build.gradle.kts": re.compile(r"com\.google\.cloud\.tools\.jib"),
}
_COMMENT = re.compile(r"^\s*(//|#|\*|<!--)")


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield whether each component is built as a container image."""
    yield from component_flags(survey, KEYS[0], image_hits(survey), _doubts(survey), WHAT)


def builds_image(survey: Survey, component: Component) -> Reading:
    """Return whether a component is built as a container image, whatever its activity."""
    hits = within(survey, component, image_hits(survey))
    return flag(survey, hits, near(survey, component, _doubts(survey)), WHAT)


@remembered
def image_hits(survey: Survey) -> list[Hit]:
    """Return the lines that make an image build."""
    return [hit for path in survey.paths for hit in _in_file(survey, path)]


def _in_file(survey: Survey, path: str) -> Iterator[Hit]:
    name = path.rpartition("/")[2].lower()
    if name == ".ko.yaml":
        yield Hit(path, says="ko build settings")
        return
    pattern = _FROM if _IMAGE_FILE.fullmatch(name) else _BUILD_FILES.get(name)
    if pattern is None or path not in survey.view.contents:
        return
    for number, line in enumerate(survey.lines(path), 1):
        if pattern.search(line) and not _COMMENT.match(line):
            yield Hit(path, number, number, "image build")
            return


@remembered
def _doubts(survey: Survey) -> tuple[Doubt, ...]:
    def could(path: str) -> bool:
        name = path.rpartition("/")[2].lower()
        return bool(_IMAGE_FILE.fullmatch(name)) or name in _BUILD_FILES

    return survey.doubts(could)
