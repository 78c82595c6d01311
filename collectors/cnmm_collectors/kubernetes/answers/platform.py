"""Platform: what it offers as APIs, who asks for instances, and how long they take; AI in production."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median

from cnmm_collectors.kubernetes import projects
from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import (
    ABSENT,
    Answer,
    Finding,
    Hidden,
    Nothing,
    at_least,
    listing,
    names,
    share,
)
from cnmm_collectors.kubernetes.answers.workloads import teams_of
from cnmm_collectors.kubernetes.objects import Workload
from cnmm_collectors.kubernetes.shape import Object, objects, text
from cnmm_collectors.kubernetes.view import View, need
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap, Interval
from cnmm_collectors.subjects import Subject, SubjectKind

WINDOW_DAYS = 90
_RECONCILERS = (
    "argocd",
    "argocd-controller",
    "argocd-application-controller",
    "kustomize-controller",
    "helm-controller",
)


def _instances(view: View) -> dict[str, list[Object]]:
    """Return, by kind offered, the instances that nothing else made; raises KubeFault."""
    view.items(*known.OFFERS)
    found: dict[str, list[Object]] = {}
    for name, held in view.offers().items():
        found[name] = [one for one in need(held) if not one.get("owned")]
    return found


def _offered(view: View) -> Iterator[Finding]:
    view.items(*known.OFFERS)
    tenants = set(view.tenants())
    faults = [held for held in view.offers().values() if isinstance(held, KubeFault)]
    placed = {
        name: [o for o in held if not o.get("owned") and text(o, "metadata", "namespace") in tenants]
        for name, held in view.offers().items()
        if not isinstance(held, KubeFault)
    }
    found = sorted(name for name, own in placed.items() if own)
    if faults and not found:
        raise faults[0]
    says = f"kinds with an instance in a tenant's namespace: {listing(found, 20) or 'none'}"
    says += f"; of {len(faults)} more kinds or groups it is not told" if faults else ""
    value = at_least(found, says) if faults else names(found)
    yield Finding("k8s.platform_api_count", "", value, says, known.OFFERS)


def _recent(view: View) -> Mapping[str, Sequence[Object]]:
    first = (view.as_of - timedelta(days=WINDOW_DAYS)).isoformat()
    found: dict[str, list[Object]] = {name: [] for name in view.tenants()}
    seen: set[tuple[str, str, str]] = set()
    for kind, own in _instances(view).items():
        for one in own:
            place = text(one, "metadata", "namespace")
            repeated = text(one, "metadata", "generateName")
            if place not in found or text(one, "metadata", "creationTimestamp") < first:
                continue
            if repeated and (place, kind, repeated) in seen:
                continue
            seen.add((place, kind, repeated))
            found[place].append(one)
    return found


def _claimed(view: View) -> Iterator[Finding]:
    for name, claims in _recent(view).items():
        known_writer = [one for one in claims if set(one["managers"]) & set(_RECONCILERS)]
        untold = len(claims) - len(known_writer)
        says = (
            f"{len(claims)} claims in {WINDOW_DAYS} days, {len(known_writer)} by reconcilers, {untold} untold"
        )
        value = share(len(known_writer), len(known_writer), untold)
        yield Finding("k8s.self_service_claim_ratio", name, value, says, known.OFFERS)


def _ready(view: View) -> Iterator[Finding]:
    for name, claims in _recent(view).items():
        minutes = [took for one in claims if (took := _minutes(one)) is not None]
        says = f"{len(minutes)} of {len(claims)} claims say when they became ready"
        value: Fraction | Hidden | Nothing = ABSENT
        if claims and len(minutes) < len(claims):
            value = Hidden(Gap.NOT_VISIBLE, "some claims do not say when they became ready")
        elif minutes:
            value = median(minutes)
        yield Finding("k8s.claim_ready_minutes_p50", name, value, says, known.OFFERS)


def _minutes(claim: Object) -> Fraction | None:
    """Return the minutes to the present ready condition; an earlier one is not kept by the API."""
    born = _moment(text(claim, "metadata", "creationTimestamp"))
    for one in objects(claim, "conditions"):
        ready = _moment(text(one, "lastTransitionTime"))
        if (
            text(one, "type") == "Ready"
            and text(one, "status") == "True"
            and born
            and ready
            and ready >= born
        ):
            return Fraction(int((ready - born).total_seconds()), 60)
    return None


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return None


_HERE = (*known.WORKLOADS, known.INFERENCE_SERVICES, known.RAY_SERVICES, known.RAY_CLUSTERS)


def _learned(view: View) -> Iterator[Finding]:
    oldest = view.as_of - timedelta(days=WINDOW_DAYS)
    serving = view.items(known.INFERENCE_SERVICES, known.RAY_SERVICES)
    training = view.items(known.RAY_CLUSTERS)
    for name, workloads in view.by_namespace().items():
        old = [one for one in workloads if _older(one.created, oldest)]
        seen = {
            "serves": [one.place for one in old if projects.is_listed(one.template.images, "serving_images")]
            + _placed(serving, name, oldest),
            "trains": _placed(training, name, oldest),
            "calls": [one.place for one in old if one.template.variables & projects.words("model_variables")],
        }
        for use, found in seen.items():
            yield _count(
                view, f"k8s.ml_prod_workload_count{{use={use}}}", name, found, f"where one {use} a model"
            )


def _agents(view: View) -> Iterator[Finding]:
    oldest = view.as_of - timedelta(days=WINDOW_DAYS)
    declared = view.items(known.AGENTS, known.TOOL_SERVERS)
    for name, workloads in view.by_namespace().items():
        old = [one for one in workloads if _older(one.created, oldest)]
        found = [one.place for one in old if _is_agent(one)] + _placed(declared, name, oldest)
        yield _count(view, "k8s.agent_prod_workload_count", name, found, "run agents")


def _is_agent(workload: Workload) -> bool:
    return projects.is_listed(workload.template.images, "agent_images")


def _placed(items: Sequence[Object], namespace: str, oldest: date) -> list[str]:
    return [
        text(one, "metadata", "name")
        for one in items
        if text(one, "metadata", "namespace") == namespace
        and _older(text(one, "metadata", "creationTimestamp"), oldest)
    ]


def _older(stamp: str, oldest: date) -> bool:
    return bool(stamp) and stamp[:10] <= oldest.isoformat()


def _count(view: View, key: str, namespace: str, found: list[str], what: str) -> Finding:
    says = f"{len(found)} workloads of {WINDOW_DAYS} days or more {what}"
    says += f": {listing(found)}" if found else ""
    if not view.environment:
        hidden = Hidden(Gap.NOT_COLLECTED, "the cluster's environment is not declared: `clusters: env`")
        return Finding(key, namespace, hidden, says, _HERE)
    # What is known by names and images may be more than what is known: a floor, not a count.
    value = Interval(Fraction(len(found)), None) if view.environment == "production" else ABSENT
    return Finding(key, namespace, value, says, _HERE)


def claims(view: View) -> tuple[bool, set[tuple[str, str]]]:
    """Return each kind with a team that claimed one of late, and whether that is all; raises KubeFault,
    ShapeFault.

    Whose an instance outside of namespaces is nobody says.
    """
    teams, tenants = teams_of(view), view.tenants()
    first = (view.as_of - timedelta(days=WINDOW_DAYS)).isoformat()
    found: set[tuple[str, str]] = set()
    whole = not view.doubtful() and not any(one.name in view.offers() for one in view.holes)
    for kind, own in _instances(view).items():
        for one in own:
            place = text(one, "metadata", "namespace")
            if text(one, "metadata", "creationTimestamp") >= first and (not place or place in tenants):
                if place in teams:
                    found.add((kind, str(Subject(SubjectKind.TEAM, teams[place]))))
                whole = whole and place in teams
    return whole, found


def unread_kinds(view: View) -> set[str]:
    """Return the kinds that are served and of which no instance was read; `*.GROUP` where a group was not
    described, `*` where nothing was.
    """
    served = {
        f"{plural}.{group}" for group, plural in view.discovery.resources if not projects.is_built_in(group)
    }
    broken = {f"*.{group}" for group in view.discovery.broken}
    return (served - set(view.offers())) | broken | ({"*"} if view.discovery.fault else set())


ANSWERS = (
    Answer(("k8s.platform_api_count",), _offered),
    Answer(("k8s.self_service_claim_ratio",), _claimed),
    Answer(("k8s.claim_ready_minutes_p50",), _ready),
    Answer(("k8s.ml_prod_workload_count",), _learned),
    Answer(("k8s.agent_prod_workload_count",), _agents),
)
