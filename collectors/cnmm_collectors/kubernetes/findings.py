"""From what was read to signals: every key of every subject is answered, or said to be unknown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product

from cnmm_collectors import accounts, placement, takeup
from cnmm_collectors.evidence import MAX_EXCERPT, Evidence
from cnmm_collectors.kubernetes.answers import (
    access,
    credentials,
    guardrails,
    network,
    platform,
    tools,
    transport,
    upkeep,
    use,
    workloads,
)
from cnmm_collectors.kubernetes.answers.finding import Answer, Finding, Hidden, Nothing, within_sight
from cnmm_collectors.kubernetes.resources import ROLE_BINDINGS, Resource
from cnmm_collectors.kubernetes.settings import Settings
from cnmm_collectors.kubernetes.shape import ShapeFault
from cnmm_collectors.kubernetes.view import View
from cnmm_collectors.placement import Sight
from cnmm_collectors.plugin import Membership, PersonFact, Reader, Yield
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Absent, Gap, Observed, Reading, Signal, SignalSpec, Tally, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

ANSWERS: tuple[Answer, ...] = (
    *workloads.ANSWERS, *access.ANSWERS, *transport.ANSWERS, *network.ANSWERS, *guardrails.ANSWERS,
    *credentials.ANSWERS, *tools.ANSWERS, *platform.ANSWERS, *upkeep.ANSWERS, *use.ANSWERS,
)  # fmt: skip
NOT_MEASURED = Unknown(Gap.UNSUPPORTED, "this version does not measure it")


def keys_of(spec: SignalSpec) -> list[str]:
    """Return every key of a signal whose facets are closed, those left out included."""
    choices = [("", *parameter.values) for parameter in spec.parameters]
    names = [parameter.name for parameter in spec.parameters]
    return [
        spec.key(**{name: value for name, value in zip(names, chosen, strict=True) if value})
        for chosen in product(*choices)
    ]


class Findings:
    """The signals of one cluster."""

    def __init__(
        self, view: View, specs: Sequence[SignalSpec], reader: Reader, at: str = "", pinned: str = ""
    ) -> None:
        """Take a view; `at` is where it was read and `pinned` the commit, for what is kept in Git."""
        self._view, self._reader, self._pinned = view, reader, pinned
        self._at = at or f"kube://{view.cluster}"
        self._specs = {spec.id: spec for spec in specs}
        self._namespaces: dict[str, Subject] = {}
        self.cluster = Subject.safe(SubjectKind.CLUSTER, view.cluster)

    def namespace(self, name: str) -> Subject:
        """Return a namespace as a subject."""
        if name not in self._namespaces:
            self._namespaces[name] = Subject.safe(SubjectKind.NAMESPACE, self._view.cluster, name)
        return self._namespaces[name]

    def all(self) -> Iterator[Yield]:
        """Yield who belongs where, and one signal for each key of each subject."""
        rooms = self._rooms()
        yield from self._memberships(rooms)
        yield from self._accounts()
        yield from self._placement()
        subjects = {SubjectKind.CLUSTER: [self.cluster], SubjectKind.NAMESPACE: list(rooms)}
        found, faults = self._ask()
        cited = dict(self._cite(found))
        answered: set[tuple[str, Subject]] = set()
        for finding in found:
            subject = self.namespace(finding.namespace) if finding.namespace else self.cluster
            answered.add((finding.key, subject))
            own = cited[finding.namespace, finding.key]
            reading = _reading(finding, (own, *(self._exports if finding.exported else ())))
            yield Signal(finding.key, subject, self._view.source, reading)
        for spec in self._specs.values():
            blank = faults.get(spec.id, NOT_MEASURED)
            for subject, key in product(subjects.get(spec.subject, ()), keys_of(spec)):
                if (key, subject) not in answered:
                    yield Signal(key, subject, self._view.source, rooms.get(subject) or blank)

    def _rooms(self) -> dict[Subject, Unknown | None]:
        """Return the namespaces of the population, and why those that only may belong to it are unknown."""
        try:
            sure, doubtful = self._view.tenants(), self._view.doubtful()
        except KubeFault:
            return {}
        why = "whether anything runs here was not to be seen: "
        return {
            **{self.namespace(name): None for name in sure},
            **{self.namespace(name): Unknown(one.gap, f"{why}{one}") for name, one in doubtful.items()},
        }

    def _ask(self) -> tuple[list[Finding], dict[str, Unknown]]:
        """Return every finding, and by signal why there is none."""
        found: list[Finding] = []
        faults: dict[str, Unknown] = {}
        for answer in ANSWERS:
            if not set(answer.signals) & set(self._specs):
                continue
            self._view.touched.clear()
            try:
                own = list(answer.find(self._view))
                found += within_sight(own, self._view.unlooked())
            except (KubeFault, ShapeFault) as fault:
                faults.update(dict.fromkeys(answer.signals, Unknown(fault.gap, str(fault))))
        return found, faults

    def unread(self, gap: Gap, detail: str) -> Iterator[Yield]:
        """Yield unknown for everything about a cluster that gave no answer at all."""
        if self._view.source == "kubernetes":
            yield accounts.listed("kubernetes", self.cluster, whole=False)
            yield from placement.of_cluster(
                self.cluster, Sight.PARTIAL, declared=self._declared(nonprod=False)
            )
            yield from takeup.of_cluster(self.cluster, whole=False, declared=self._declared())
        for spec in self._specs.values():
            if spec.subject is SubjectKind.CLUSTER:
                for key in keys_of(spec):
                    yield Signal(key, self.cluster, self._view.source, Unknown(gap, detail))

    def _memberships(self, rooms: Iterable[Subject]) -> Iterator[Membership]:
        for room in rooms:
            yield Membership(room, self.cluster)
        try:
            owners = workloads.teams_of(self._view)
        except (KubeFault, ShapeFault):
            return
        for name, team in owners.items():
            yield Membership(self.namespace(name), Subject(SubjectKind.TEAM, team))

    def _accounts(self) -> Iterator[PersonFact]:
        """Yield who is let in by a binding, under pseudonyms; a cluster whose bindings are hidden says so."""
        if self._view.source != "kubernetes":
            return
        try:
            held = access.people(self._view)
        except (KubeFault, ShapeFault):
            yield accounts.listed("kubernetes", self.cluster, whole=False)
            return
        whole = not self._view.holes.get(ROLE_BINDINGS)
        yield accounts.listed("kubernetes", self.cluster, whole=whole)
        for one in held:
            if one.kind == "user":
                yield from accounts.user(one.name, "kubernetes", self.cluster)
            else:
                yield accounts.group(one.name, "kubernetes", self.cluster)

    def _placement(self) -> Iterator[PersonFact]:
        """Yield the teams that run here; a cluster whose workloads are hidden says so."""
        if self._view.source != "kubernetes":
            return
        try:
            sight, teams = workloads.teams_in_production(self._view)
        except (KubeFault, ShapeFault):
            sight, teams = Sight.PARTIAL, ()
        yield from placement.of_cluster(self.cluster, sight, teams, self._declared(nonprod=False))
        try:
            whole, claims = platform.claims(self._view)
        except (KubeFault, ShapeFault):
            whole, claims = False, set()
        unread = platform.unread_kinds(self._view)
        yield from takeup.of_cluster(self.cluster, whole, claims, self._declared(), unread)

    def _declared(self, *, nonprod: bool = True) -> list[Subject]:
        """Return the clusters of the settings where they name all there are; `nonprod` ones as well."""
        chosen = self._view.settings
        if not isinstance(chosen, Settings) or not chosen.organisation:
            return []
        return [one.subject for one in chosen.clusters if nonprod or one.env != "nonprod"]

    def _cite(self, found: Sequence[Finding]) -> Iterator[tuple[tuple[str, str], Evidence]]:
        """Yield the citation of each finding; those about one namespace share as many as their lines need."""
        places: dict[str, list[Finding]] = {}
        for finding in found:
            places.setdefault(finding.namespace, []).append(finding)
        for place, own in places.items():
            for batch in _batches(own):
                evidence = self._evidence(place, batch)
                for finding in batch:
                    yield (place, finding.key), evidence

    def _evidence(self, place: str, batch: Sequence[Finding]) -> Evidence:
        basis = sorted({resource for one in batch for resource in one.basis}, key=lambda one: one.name)
        lines = dict.fromkeys(_line(one) for one in batch)
        looks = [self._view.looks[one].digest if one in self._view.looks else "" for one in basis]
        at = f"/namespaces/{place}" if place and not self._pinned else ""
        return self._reader.cite(
            locator=f"{self._at}{at}",
            query=self._query(place, basis),
            payload=json.dumps([place, *lines, _digest(looks)], ensure_ascii=False).encode(errors="replace"),
            commit=self._pinned,
            excerpt="\n".join(lines),
        )

    @cached_property
    def _exports(self) -> tuple[Evidence, ...]:
        """The citations of the metrics exports: name and digest, and which week of them was used."""
        kept = self._view.metrics
        if kept is None or kept.week is None:
            return ()
        return tuple(
            self._reader.cite(
                locator=f"file:{one.name}",
                query=f"CPU use and requests, {kept.week.said}, {one.series} series",
                payload=f"{one.digest}\n{kept.week.start} {kept.week.end}\n{one.series}".encode(),
                native_id=one.digest,
            )
            for one in kept.exports
        )

    def _query(self, place: str, basis: Sequence[Resource]) -> str:
        if self._pinned:
            names = ", ".join(dict.fromkeys(one.plural for one in basis))
            return f"manifests of {self._view.cluster}, namespace {place or 'any'}: {names}"
        # What discovery shows not to be there was not asked for. The locator says of which namespace.
        listed = [one.plural for one in basis if one in self._view.looks]
        asked = ["discovery"] if len(listed) < len(basis) else []
        return "; ".join((*asked, f"list {', '.join(dict.fromkeys(listed))}" if listed else "no list"))


def _line(finding: Finding) -> str:
    told, value = finding.says, finding.value
    if isinstance(value, Tally) and value.unread and "told" not in told:
        told += f"; {value.unread} more not told"
    return f"{finding.key.removeprefix('k8s.').partition('{')[0]}: {told}"


def _digest(looks: Sequence[str]) -> str:
    return hashlib.sha256("".join(looks).encode("ascii")).hexdigest()


def _batches(found: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Yield findings in runs whose lines fit into one excerpt."""
    batch: list[Finding] = []
    lines: set[str] = set()
    for finding in found:
        line = _line(finding)
        if batch and sum(map(len, lines | {line})) + len(lines) >= MAX_EXCERPT:
            yield batch
            batch, lines = [], set()
        batch.append(finding)
        lines.add(line)
    if batch:
        yield batch


def _reading(finding: Finding, evidence: tuple[Evidence, ...]) -> Reading:
    if isinstance(finding.value, Hidden):
        return Unknown(finding.value.gap, finding.value.detail, evidence)
    if isinstance(finding.value, Nothing):
        return Absent(evidence)
    return Observed(finding.value, evidence)


def measured() -> frozenset[str]:
    """Return the ids of the signals that some answer is named for."""
    return frozenset(name for answer in ANSWERS for name in answer.signals)
