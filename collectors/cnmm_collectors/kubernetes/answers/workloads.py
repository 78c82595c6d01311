"""Workloads: owners, reconcilers, hands, requests and probes, hardening, autoscaling, applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import (
    ABSENT,
    Answer,
    Finding,
    Hidden,
    at_least,
    listing,
    names,
    share,
)
from cnmm_collectors.kubernetes.objects import Workload
from cnmm_collectors.kubernetes.semantics.changes import Writer
from cnmm_collectors.kubernetes.semantics.gitops import Managed, managed_by
from cnmm_collectors.kubernetes.settings import Shared, comes_with_a_cluster
from cnmm_collectors.kubernetes.shape import text
from cnmm_collectors.kubernetes.view import Hardening, Namespace, View, need
from cnmm_collectors.placement import Sight
from cnmm_collectors.signals import Gap
from cnmm_collectors.subjects import Subject, SubjectKind

LONG_DAYS = 90
BASIS = known.WORKLOADS
_NO_ENVIRONMENT = Hidden(Gap.NOT_COLLECTED, "the cluster's environment is not declared: `clusters: env`")


def label_of(names: tuple[str, ...], workload: Workload, room: Namespace) -> str:
    """Return the first of the labels or annotations that a workload or its namespace carries."""
    for holder in (workload.labels, workload.annotations, room.labels, room.annotations):
        found = next((holder[name] for name in names if holder.get(name)), "")
        if found:
            return found
    return ""


def _owners(view: View) -> Iterator[Finding]:
    rooms = view.tenants()
    for name, workloads in view.by_namespace().items():
        values = [label_of(view.settings.owner_labels, one, rooms[name]) for one in workloads]
        carried = [value for value in values if value]
        if view.settings.teams:
            passed, untold = sum(bool(view.settings.team(value)) for value in carried), 0
            says = f"{passed} of {len(values)} workloads name an existing team"
        else:
            passed, untold = 0, len(carried)
            says = f"{untold} of {len(values)} workloads carry an owner; which teams exist is not declared"
        untold += view.unread.get(name, 0)
        told = len(values) - (0 if view.settings.teams else len(carried))
        yield Finding("k8s.owner_label_ratio", name, share(passed, told, untold), says, BASIS)


def _cost(view: View) -> Iterator[Finding]:
    rooms = view.tenants()
    for name, workloads in view.by_namespace().items():
        passed = sum(bool(label_of(view.settings.cost_labels, one, rooms[name])) for one in workloads)
        says = f"{passed} of {len(workloads)} workloads carry a cost label"
        value = share(passed, len(workloads), view.unread.get(name, 0))
        yield Finding("k8s.cost_label_ratio", name, value, says, BASIS)


def _requests(view: View) -> Iterator[Finding]:
    for name, workloads in view.by_namespace().items():
        every = sum(one.template.containers for one in workloads)
        passed = sum(one.template.settled for one in workloads)
        says = f"{passed} of {every} containers have requests for CPU and memory and a probe"
        value = share(passed, every, view.unread.get(name, 0))
        yield Finding("k8s.requests_probes_ratio", name, value, says, BASIS)


def _hardened(view: View) -> Iterator[Finding]:
    live = view.source == "kubernetes"
    seen = view.all_pods().namespaces if live else _templates(view)
    for name in view.tenants():
        one = seen.get(name, Hardening())
        says = (
            f"{one.passed} of {one.told} pods meet the baseline and run as another user than root; "
            f"of {one.untold} only the image says the user"
        )
        value = share(one.passed, one.told, one.untold + view.unread.get(name, 0))
        yield Finding("k8s.hardened_pod_ratio", name, value, says, (known.PODS,) if live else BASIS)


def _templates(view: View) -> Mapping[str, Hardening]:
    found: dict[str, Hardening] = {}
    for one in view.all_workloads():
        hardening = found.setdefault(one.namespace, Hardening())
        hardened = one.template.hardened
        hardening.untold += hardened is None
        hardening.told += hardened is not None
        hardening.passed += hardened is True
    return found


def _autoscaled(view: View) -> Iterator[Finding]:
    basis = (*BASIS, known.AUTOSCALERS, known.SCALED_OBJECTS)
    targets = set()
    for one in view.items(known.AUTOSCALERS, known.SCALED_OBJECTS):
        kind = text(one, "spec", "scaleTargetRef", "kind") or "Deployment"
        targets.add((text(one, "metadata", "namespace"), kind, text(one, "spec", "scaleTargetRef", "name")))
    for name, workloads in view.by_namespace().items():
        own = [one for one in workloads if one.kind == "Deployment"]
        passed = sum((name, one.kind, one.name) in targets for one in own)
        says = f"{passed} of {len(own)} Deployments are the target of an autoscaler"
        value = share(passed, len(own), view.unread.get(name, 0))
        yield Finding("k8s.autoscaled_ratio", name, value, says, basis)


def _gitops(view: View) -> Iterator[Finding]:
    basis = (*BASIS, *known.GITOPS)
    listed = _listed(view)
    for name, workloads in view.by_namespace().items():
        verdicts = [managed_by(one, listed) for one in workloads]
        passed, untold = verdicts.count(True), verdicts.count(None)
        says = (
            f"{passed} of {len(verdicts)} workloads are listed by a reconciler; of {untold} it cannot be told"
        )
        yield Finding(
            "k8s.gitops_managed_ratio", name, share(passed, len(verdicts) - untold, untold), says, basis
        )


def _listed(view: View) -> Managed:
    return Managed.read(
        view.items(known.APPLICATIONS), view.items(known.KUSTOMIZATIONS), view.items(known.HELM_RELEASES)
    )


def _manual(view: View) -> Iterator[Finding]:
    listed = _listed(view)
    for name, workloads in view.by_namespace().items():
        hands = [one for one in workloads if one.writer is Writer.HAND]
        untold = sum(
            one.writer is Writer.UNTOLD
            or (one.writer is Writer.APPLY and managed_by(one, listed) is not True)
            for one in workloads
        )
        says = (
            f"{len(hands)} of {len(workloads)} workloads were last written by hand; "
            f"of {untold} the origin cannot be told"
        )
        if hands:
            says += f": {listing([one.place for one in hands])}"
        value = share(len(hands), len(workloads) - untold, untold)
        yield Finding("k8s.manual_change_ratio", name, value, says, (*BASIS, *known.GITOPS))


def _applications(view: View) -> Iterator[Finding]:
    rooms = view.tenants()
    oldest = view.as_of - timedelta(days=LONG_DAYS)
    for name, workloads in view.by_namespace().items():
        if view.environment != "production":
            value = ABSENT if view.environment else _NO_ENVIRONMENT
            yield Finding("k8s.prod_app_count", name, value, "no production cluster", BASIS)
            continue
        long = [one for one in workloads if _born(one) is not None and _born(one) <= oldest]  # type: ignore[operator]
        held = sorted({_application(one, rooms[name], view.settings) for one in long})
        says = f"applications with a workload of {LONG_DAYS} days or more: {listing(held)}"
        undated = any(_born(one) is None for one in workloads)
        told = at_least(held, "a workload without a date") if undated else (names(held) if held else ABSENT)
        yield Finding("k8s.prod_app_count", name, told, says, BASIS)


def _born(workload: Workload) -> date | None:
    try:
        return date.fromisoformat(workload.created[:10])
    except ValueError:
        return None


def _application(workload: Workload, room: Namespace, settings: Shared) -> str:
    part_of = workload.labels.get("app.kubernetes.io/part-of", "")
    # An owner label may hold a person: only the name of a declared team leaves.
    return part_of or settings.team(label_of(settings.owner_labels, workload, room)) or workload.namespace


def _teams(view: View) -> Iterator[Finding]:
    rooms = view.tenants()
    for name, workloads in view.by_namespace().items():
        if view.environment != "production" or not workloads:
            value = ABSENT if view.environment or not workloads else _NO_ENVIRONMENT
            yield Finding("k8s.prod_team_count", name, value, "no workload in production", BASIS)
            continue
        owners = {
            view.settings.team(label_of(view.settings.owner_labels, one, rooms[name])) for one in workloads
        }
        named = sorted(owners - {""})
        says = f"teams: {listing(named) or 'none'}"
        if "" in owners:
            says += "; a workload carries no owner that is a declared team"
        held = at_least(named, says) if "" in owners else names(named)
        yield Finding("k8s.prod_team_count", name, held, says, BASIS)


def _accelerated(view: View) -> Iterator[Finding]:
    for name, workloads in view.by_namespace().items():
        asking = [one.place for one in workloads if one.template.accelerated]
        says = f"{len(asking)} workloads ask for an accelerator"
        value = len(asking) if asking else ABSENT
        yield Finding("k8s.gpu_request_count", name, value, says, BASIS)


def teams_of(view: View) -> dict[str, str]:
    """Return the declared team of each namespace all of whose workloads are its own; raises KubeFault."""
    rooms = view.tenants()
    found: dict[str, str] = {}
    unlooked = {name for resource in BASIS for name in view.holes.get(resource, {})}
    for name, workloads in view.by_namespace().items():
        if name in unlooked:
            continue
        owners = {
            view.settings.team(label_of(view.settings.owner_labels, one, rooms[name])) for one in workloads
        }
        if len(owners) == 1 and (team := owners.pop()):
            found[name] = team
    return found


def teams_in_production(view: View) -> tuple[Sight, tuple[Subject, ...]]:
    """Return the declared teams that own a workload here, and whether that is all of them; raises KubeFault.

    What came with the cluster is no team's; any other workload without a declared owner may be anybody's.
    """
    if view.environment == "nonprod":
        return Sight.APART, ()
    rooms = need(view.namespaces)
    owners = {
        (view.settings.team(label_of(view.settings.owner_labels, one, rooms[one.namespace])), one.namespace)
        for one in view.all_workloads()
        if one.namespace in rooms
    }
    named = tuple(Subject(SubjectKind.TEAM, team) for team, _ in owners if team)
    if not view.environment:
        return Sight.PARTIAL, ()
    nobody = any(not team and not comes_with_a_cluster(place) for team, place in owners)
    hidden = any(view.holes.get(resource) for resource in BASIS) or view.doubtful()
    return (Sight.PARTIAL if nobody or hidden else Sight.WHOLE), named


ANSWERS = (
    Answer(("k8s.owner_label_ratio",), _owners),
    Answer(("k8s.cost_label_ratio",), _cost),
    Answer(("k8s.requests_probes_ratio",), _requests),
    Answer(("k8s.hardened_pod_ratio",), _hardened),
    Answer(("k8s.autoscaled_ratio",), _autoscaled),
    Answer(("k8s.gitops_managed_ratio",), _gitops),
    Answer(("k8s.manual_change_ratio",), _manual),
    Answer(("k8s.prod_app_count",), _applications),
    Answer(("k8s.prod_team_count",), _teams),
    Answer(("k8s.gpu_request_count",), _accelerated),
)
