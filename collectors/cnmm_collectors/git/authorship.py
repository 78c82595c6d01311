"""Signals over who changed what: concentration, effort, layers and plumbing, as counts without names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnmm_collectors.git.concentration import absence_factor, truck_factor
from cnmm_collectors.git.detect.paths import is_plumbing, path_class
from cnmm_collectors.git.history import DAY, History
from cnmm_collectors.git.model import Cite, Component, PathClass
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.git.standing import Standing
from cnmm_collectors.git.touches import Touch
from cnmm_collectors.signals import Absent, Observed, Reading, Signal, Unknown, Value
from cnmm_collectors.subjects import Subject

FEWEST_COMMITS = 20
LAYERS = {
    PathClass.CODE: "app",
    PathClass.PLATFORM: "platform",
    PathClass.INFRA: "infra",
    PathClass.SECURITY: "security",
    PathClass.DATA: "data",
}
CONCENTRATION = (
    "git.contributor_absence_factor",
    "git.truck_factor",
    "git.single_maintainer_repo_ratio",
    "git.two_person_component_ratio",
)
RECENT = ("git.cn_effort_count", "git.cn_layer_count", "git.boilerplate_commit_ratio")
KEYS = (*CONCENTRATION, *RECENT)


@dataclass(frozen=True, slots=True)
class Authorship:
    """Judges one component at a time; `now` is the last second of the audit day, `tracked` the number of
    paths at the commit.
    """

    history: History
    settings: Settings
    standing: Standing
    cite: Cite
    now: int
    tracked: int

    def judge(
        self,
        component: Component,
        touches: Sequence[Touch],
        tally: Mapping[PathClass, int],
        cloud_native: Reading,
    ) -> Iterator[Signal]:
        """Yield every authorship signal of a component; `cloud_native` says whether it holds cloud native
        files.
        """
        outside = self.standing.undated(component)
        if outside is not None:
            yield from (Signal(key, component.subject, "git", outside) for key in KEYS)
            return
        year = self._within(touches, self.settings.concentration_days)
        recent = self._within(touches, self.settings.authorship_days)
        readings = self._concentration(component, year) | {
            "git.cn_effort_count": self._effort(component, recent, cloud_native),
            "git.cn_layer_count": self._layers(component, recent, cloud_native),
            "git.boilerplate_commit_ratio": self._plumbing(component, recent, tally),
        }
        yield from (Signal(key, component.subject, "git", readings[key]) for key in KEYS)

    def facts(self, touches: Iterable[Touch]) -> dict[int, set[str]]:
        """Return the layers each person changed within the authorship window."""
        found: dict[int, set[str]] = defaultdict(set)
        for touch in self._within(touches, self.settings.authorship_days):
            layers = {LAYERS.get(self._class(number), "") for number in touch.ids} - {""}
            for person in touch.people:
                found[person] |= layers
        return found

    def _within(self, touches: Iterable[Touch], days: int) -> list[Touch]:
        start = self.now - days * DAY
        return [touch for touch in touches if touch.when > start]

    def _class(self, number: int) -> PathClass:
        return path_class(self.history.paths[number])

    def _seen(self, component: Component, what: str, value: Value, *counts: int) -> Observed:
        """Cite a figure by its aggregate: the counts it was made of, sorted, so that nobody can be told
        from it.
        """
        aggregate = f"{component.subject} {value} {sorted(counts)}".encode()
        told = ("no", "yes")[value] if isinstance(value, bool) else value
        return Observed(value, (self.cite.history(f"{what}: {told}", aggregate),))

    def _concentration(self, component: Component, year: Sequence[Touch]) -> dict[str, Reading]:
        people = {person for touch in year for person in touch.people}
        days = self.settings.concentration_days
        two = self._seen(component, f"two or more people in {days} days", len(people) >= 2, len(year))
        found: dict[str, Reading] = {"git.two_person_component_ratio": two}
        if len(year) < FEWEST_COMMITS:
            few = self.standing.absent(f"{FEWEST_COMMITS} human commits in {days} days: {len(year)} found")
            return found | dict.fromkeys(CONCENTRATION[:3], few)
        factor = absence_factor(year)
        trucks = truck_factor(year, self.tracked)
        what = f"over {len(year)} human commits in {days} days"
        found["git.contributor_absence_factor"] = self._seen(
            component, f"contributor absence factor {what}", factor, len(year)
        )
        found["git.single_maintainer_repo_ratio"] = self._seen(
            component, f"contributor absence factor is 1, {what}", factor == 1
        )
        found["git.truck_factor"] = (
            self._seen(component, f"truck factor {what}", trucks, len(year)) if trucks
            else self.standing.absent(f"tracked files changed by a person {what}")
        )  # fmt: skip
        return found

    def _effort(self, component: Component, recent: Sequence[Touch], cloud_native: Reading) -> Reading:
        if not isinstance(cloud_native, Observed):
            return cloud_native
        people = {person for touch in recent for person in touch.people}
        value = bool(cloud_native.value) and len(people) >= 2
        what = f"cloud native files and two or more people in {self.settings.authorship_days} days"
        seen = self._seen(component, what, value, len(recent))
        return Observed(value, (*seen.evidence, *cloud_native.evidence[:1]))

    def _layers(self, component: Component, recent: Sequence[Touch], cloud_native: Reading) -> Reading:
        if not isinstance(cloud_native, Observed):
            return cloud_native
        if not cloud_native.value:
            return Absent(cloud_native.evidence)
        people: dict[str, set[int]] = defaultdict(set)
        for touch in recent:
            for number in touch.ids:
                layer = LAYERS.get(self._class(number), "").replace("platform", "infra")
                people[layer].update(touch.people)
        value = sum(1 for layer, group in people.items() if layer and len(group) >= 2)
        return self._seen(
            component,
            f"layers that two or more people changed in {self.settings.authorship_days} days",
            value,
            len(recent),
        )

    def _plumbing(
        self, component: Component, recent: Sequence[Touch], tally: Mapping[PathClass, int]
    ) -> Reading:
        code = tally.get(PathClass.CODE, 0)
        delivery = sum(tally.get(kind, 0) for kind in (PathClass.INFRA, PathClass.PLATFORM, PathClass.CI))
        if delivery > code:
            return self.standing.absent(
                "application components: this one is platform or infrastructure itself"
            )
        if not recent:
            return self.standing.absent(f"human commits in {self.settings.authorship_days} days")
        only = sum(all(is_plumbing(self.history.paths[number]) for number in touch.ids) for touch in recent)
        days = self.settings.authorship_days
        what = f"human commits in {days} days that touch only plumbing, of {len(recent)}"
        return self._seen(component, what, Fraction(only, len(recent)), only, len(recent))


def cloud_native_reading(signals: Mapping[tuple[str, Subject], Reading], subject: Subject) -> Reading | None:
    """Return whether a component builds an image or is deployed from manifests, from the readings of its
    files.
    """
    keys = ("git.containerised_repo_ratio", "git.manifest_repo_ratio")
    readings = [signals[key, subject] for key in keys if (key, subject) in signals]
    for reading in readings:
        if isinstance(reading, Observed) and reading.value is True:
            return reading
    unknown = [reading for reading in readings if isinstance(reading, Unknown)]
    return unknown[0] if unknown else readings[0] if readings else None
