"""Upkeep: projects that are looked after, tools that come, leave the common way, or tune by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

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
)
from cnmm_collectors.kubernetes.answers.finding import names as labels
from cnmm_collectors.kubernetes.answers.running import Running, dated, running, taken_up
from cnmm_collectors.kubernetes.answers.workloads import label_of
from cnmm_collectors.kubernetes.objects import Workload
from cnmm_collectors.kubernetes.semantics import releases
from cnmm_collectors.kubernetes.shape import Object, mapping, text
from cnmm_collectors.kubernetes.view import Namespace, View, need
from cnmm_collectors.signals import Gap, Masses

YEAR, ACTED_DAYS = 365, 180
_BASIS = (known.DEFINITIONS, *known.WORKLOADS, known.APPLICATIONS, known.HELM_RELEASES)


def _days_ago(view: View, days: int) -> str:
    return (view.as_of - timedelta(days=days)).isoformat()


def _kept(view: View) -> Mapping[str, bool | None]:
    """Return, by project taken up, whether a declared team owns it and its version came within a year; None
    where either is not told; raises KubeFault, ShapeFault.
    """
    return view.once("kept", lambda: _read_kept(view))


def _read_kept(view: View) -> Mapping[str, bool | None]:
    told = releases.read(view.items(known.APPLICATIONS), view.items(known.HELM_RELEASES))
    rooms = need(view.namespaces)
    running_as: dict[str, list[Workload]] = {}
    for one in view.all_workloads():
        for tool in filter(None, map(projects.of_image, one.template.images)):
            running_as.setdefault(tool.project.name, []).append(one)
    first = _days_ago(view, YEAR)
    return {
        name: _both([_is_kept(view, one, rooms, told.of(one), first) for one in running_as.get(name, ())])
        for name in taken_up(view)
    }


def _is_kept(
    view: View, workload: Workload, rooms: Mapping[str, Namespace], came: str, first: str
) -> bool | None:
    room = rooms.get(workload.namespace, Namespace(workload.namespace, {}, {}))
    owner = label_of(view.settings.owner_labels, workload, room)
    if not owner or (came and came < first):
        return False
    return True if came and view.settings.team(owner) else None


def _both(verdicts: list[bool | None]) -> bool | None:
    """Return whether any workload of a project is looked after; None where one may be, or none was seen."""
    if any(verdicts):
        return True
    return None if not verdicts or None in verdicts else False


def _looked_after(view: View) -> Iterator[Finding]:
    kept, found = _kept(view), taken_up(view)
    names = [name for name, verdict in kept.items() if verdict]
    untold = [name for name, verdict in kept.items() if verdict is None]
    says = f"owned and renewed within a year: {listing(names, 20) or 'none'}; "
    says += f"not told: {listing(untold) or 'none'}"
    rows = (
        ("k8s.cncf_kept_project_count", labels(names)),
        ("k8s.cncf_category_count", labels([found[name].project.category for name in names])),
    )
    for key, value in rows:
        for env in ("", "production", "nonprod"):
            facet = f"{{env={env}}}" if env else ""
            yield Finding(f"{key}{facet}", "", _placed(view, env, value, untold), says, _BASIS)


def _placed(view: View, env: str, value: Masses, untold: list[str]) -> Masses | Hidden | Nothing:
    if env and not view.environment:
        return Hidden(Gap.NOT_COLLECTED, "the cluster's environment is not declared: `clusters: env`")
    if env and env != view.environment:
        return ABSENT
    if untold:
        held = [name for name, _ in value.items]
        return at_least(held, f"owner or version history is not told of {listing(untold, 3)}")
    return value


def _came_and_went(view: View) -> Iterator[Finding]:
    found = {name: one for name, one in running(view).items() if name not in projects.baseline()}
    first = _days_ago(view, YEAR)
    names = [name for name, one in found.items() if one.since >= first and one.since]
    untold = [name for name, one in found.items() if not one.is_dated(first)]
    says = f"API definitions younger than a year: {listing(names, 20) or 'none'}"
    yield Finding("k8s.tool_change_count_12m{change=appeared}", "", dated(names, untold), says, _BASIS)
    gone = Hidden(Gap.NOT_COLLECTED, "what has gone only an earlier reading could show")
    for key in ("k8s.tool_change_count_12m", "k8s.tool_change_count_12m{change=gone}"):
        yield Finding(key, "", gone, gone.detail, _BASIS)


def _off_standard(view: View) -> Iterator[Finding]:
    key = "k8s.off_standard_tool_ratio"
    standard = getattr(view.settings, "standard_tools", {})
    if not standard:
        hidden = Hidden(Gap.NOT_COLLECTED, "the common tools are not declared: `standard_tools`")
        yield Finding(key, "", hidden, hidden.detail, _BASIS)
        return
    verdicts = {
        name: _differs(view, one, standard)
        for name, one in running(view).items()
        if name not in projects.baseline() and projects.has_rivals(one.project)
    }
    off = [name for name, verdict in verdicts.items() if verdict]
    untold = [name for name, verdict in verdicts.items() if verdict is None]
    says = f"beside the common tool for over a year: {listing(off) or 'none'}"
    value: bool | Hidden = bool(off)
    if untold and not off:
        value = Hidden(
            Gap.NOT_VISIBLE, f"no common tool is declared, or no age told, for {listing(untold, 3)}"
        )
    yield Finding(key, "", value, says, _BASIS)


def _differs(view: View, one: Running, standard: Mapping[str, str]) -> bool | None:
    name, common = one.project.name, standard.get(one.project.category)
    if name in getattr(view.settings, "tool_exceptions", ()) or name == common:
        return False
    first = _days_ago(view, YEAR)
    if one.since >= first and one.since:
        return False
    return None if common is None or not one.is_dated(first) else True


def _optimisers(view: View) -> Iterator[Finding]:
    first = _days_ago(view, ACTED_DAYS)
    acted = {
        "cost": [*_karpenter(view, first), *_vertical(view, first)],
        "latency": ["keda"] if _newest(view, known.SCALED_OBJECTS, "lastActiveTime") >= first else [],
        "energy": ["kube-green"] if _newest(view, known.SLEEPS, "lastScheduleTime") >= first else [],
    }
    basis = (
        known.NODE_POOLS,
        known.NODE_CLAIMS,
        known.VERTICAL_AUTOSCALERS,
        known.SCALED_OBJECTS,
        known.SLEEPS,
    )
    for goal in ("", *acted):
        names = [name for own in acted.values() for name in own] if not goal else acted[goal]
        says = f"acted within {ACTED_DAYS} days: {listing(names) or 'none'}"
        facet = f"{{goal={goal}}}" if goal else ""
        yield Finding(f"k8s.optimiser_count{facet}", "", labels(names), says, basis)


def _newest(view: View, resource: known.Resource, field: str) -> str:
    return max((text(one, "status", field)[:10] for one in view.items(resource)), default="")


def _karpenter(view: View, first: str) -> Iterator[str]:
    """Yield Karpenter where a pool may be consolidated and a node was made lately."""
    pools = any(
        text(one, "spec", "disruption", "consolidationPolicy") not in ("WhenEmpty",)
        and text(one, "spec", "disruption", "consolidateAfter") != "Never"
        for one in view.items(known.NODE_POOLS)
    )
    made = (text(one, "metadata", "creationTimestamp")[:10] for one in view.items(known.NODE_CLAIMS))
    if pools and any(day >= first for day in made):
        yield "karpenter"


def _vertical(view: View, first: str) -> Iterator[str]:
    """Yield the vertical autoscaler where one may act and a pod carries what it set lately."""
    if (
        any(_may_act(one) for one in view.items(known.VERTICAL_AUTOSCALERS))
        and view.all_pods().tuned >= first
    ):
        yield "vertical-pod-autoscaler"


def _may_act(autoscaler: Object) -> bool:
    return (text(mapping(autoscaler, "spec", "updatePolicy"), "updateMode") or "Auto") not in (
        "Off",
        "Initial",
    )


ANSWERS = (
    Answer(("k8s.cncf_kept_project_count", "k8s.cncf_category_count"), _looked_after),
    Answer(("k8s.tool_change_count_12m",), _came_and_went),
    Answer(("k8s.off_standard_tool_ratio",), _off_standard),
    Answer(("k8s.optimiser_count",), _optimisers),
)
