"""What runs: the projects of a cluster, known by API definitions and images, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnmm_collectors.kubernetes import projects
from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import Hidden, at_least, listing
from cnmm_collectors.kubernetes.answers.finding import names as labels
from cnmm_collectors.kubernetes.projects import Project
from cnmm_collectors.kubernetes.shape import text
from cnmm_collectors.kubernetes.view import View
from cnmm_collectors.signals import Masses


@dataclass(slots=True)
class Running:
    """A project that runs: what it counts as, since when its API definitions have been there, and its oldest
    workload.
    """

    project: Project
    kinds: set[str]
    since: str = ""
    seen: str = ""

    def is_dated(self, first: str) -> bool:
        """True where it is told whether the project came before a day: a workload may be older than that day,
        and one that is younger may have been made again.
        """
        return bool(self.since) or ("" < self.seen < first)


def definitions(view: View) -> Iterator[tuple[str, str, str]]:
    """Yield group, plural and creation time of every API definition; raises KubeFault, ShapeFault."""
    for one in view.items(known.DEFINITIONS):
        plural, _, group = text(one, "metadata", "name").partition(".")
        yield group, plural, text(one, "metadata", "creationTimestamp")


def running(view: View) -> dict[str, Running]:
    """Return the projects that run, known by API group or image, by name; raises KubeFault, ShapeFault."""
    found: dict[str, Running] = {}
    for group, plural, since in definitions(view):
        project = projects.of_group(group, plural)
        if project is None or project.category in ("kubernetes", "vendor", "cloud-provider"):
            continue
        one = found.setdefault(project.name, Running(project, set()))
        one.since = min(one.since, since) if one.since else since
        one.kinds |= {kind for kind in ("ml", "aiops") if group in projects.groups_of(kind)}
    for workload in view.all_workloads():
        for tool in (projects.of_image(image) for image in workload.template.images):
            if tool is not None:
                one = found.setdefault(tool.project.name, Running(tool.project, set()))
                one.kinds |= tool.kinds
                one.seen = min(filter(None, (one.seen, workload.created)), default="")
    return found


def taken_up(view: View) -> dict[str, Running]:
    """Return the CNCF projects that run beyond what a fresh cluster holds."""
    left_out = projects.baseline()
    return {name: one for name, one in running(view).items() if one.project.cncf and name not in left_out}


def dated(found: list[str], undated: list[str]) -> Masses | Hidden:
    """Return labels of what is known to be so old, a lower end while the age of others is not told."""
    untold = f"nothing says since when {listing(undated, 3)} has run"
    return at_least(found, untold) if undated else labels(found)
