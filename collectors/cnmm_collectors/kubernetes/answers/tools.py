"""Tools: which projects run, of what maturity and category, what detects, what costs, what learns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

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
    share,
)
from cnmm_collectors.kubernetes.answers.finding import names as labels
from cnmm_collectors.kubernetes.answers.running import dated, definitions, running, taken_up
from cnmm_collectors.kubernetes.projects import MATURE, Project
from cnmm_collectors.kubernetes.semantics import accelerators
from cnmm_collectors.kubernetes.shape import text
from cnmm_collectors.kubernetes.view import View
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap, Masses

_BASIS = (known.DEFINITIONS, *known.WORKLOADS)
_MATURITIES = ("graduated", "incubating", "sandbox", "mature", "any")


def _projects(view: View) -> Iterator[Finding]:
    found = taken_up(view)
    for maturity in ("", *_MATURITIES):
        names = [name for name, one in found.items() if _counts(one.project, maturity)]
        says = f"{maturity or 'any'}: {listing(names, 20) or 'none'}"
        facet = [f"maturity={maturity}"] if maturity else []
        yield Finding(_key("k8s.cncf_project_count", facet), "", labels(names), says, _BASIS)
        for env in ("production", "nonprod"):
            key = _key("k8s.cncf_project_count", [*facet, f"env={env}"])
            yield Finding(key, "", _here(view, env, labels(names)), says, _BASIS)


def _key(name: str, facets: list[str]) -> str:
    return f"{name}{{{','.join(facets)}}}" if facets else name


def _counts(project: Project, maturity: str) -> bool:
    if maturity == "mature":
        return project.maturity in MATURE
    return maturity in ("", "any") or project.maturity == maturity


def _here(view: View, env: str, value: Masses) -> Masses | Hidden | Nothing:
    if not view.environment:
        return Hidden(Gap.NOT_COLLECTED, "the cluster's environment is not declared: `clusters: env`")
    return value if view.environment == env else ABSENT


def _new(view: View) -> Iterator[Finding]:
    found = taken_up(view)
    for months in (12, 36):
        key = f"k8s.new_cncf_project_count{{months={months}}}"
        if view.environment != "production":
            value = _here(view, "production", labels([]))
            yield Finding(key, "", value, "no production cluster", _BASIS)
            continue
        first = (view.as_of - timedelta(days=round(months * 365.25 / 12))).isoformat()
        names = [name for name, one in found.items() if one.since >= first]
        undated = [name for name, one in found.items() if not one.is_dated(first)]
        says = f"API definitions not older than {months} months: {listing(names, 20) or 'none'}"
        yield Finding(key, "", dated(names, undated), says, _BASIS)


def _security(view: View) -> Iterator[Finding]:
    left_out = projects.baseline()
    categories = projects.words("security_categories")
    names = [
        name
        for name, one in running(view).items()
        if name not in left_out and ("security" in one.kinds or one.project.category in categories)
    ]
    yield Finding("k8s.security_tool_count", "", labels(names), listing(names, 20) or "none", _BASIS)


def _extensions(view: View) -> Iterator[Finding]:
    groups = sorted({group for group, _, _ in definitions(view) if not projects.is_built_in(group)})
    yield Finding(
        "k8s.extension_crd_group_count",
        "",
        labels(groups),
        listing(groups, 20) or "none",
        (known.DEFINITIONS,),
    )


def _machine_learning(view: View) -> Iterator[Finding]:
    names = [name for name, one in running(view).items() if "ml" in one.kinds]
    yield Finding("k8s.ml_tool_count", "", labels(names), listing(names, 20) or "none", _BASIS)


def _cost(view: View) -> Iterator[Finding]:
    names = [name for name, one in running(view).items() if "cost" in one.kinds]
    # Cost may be measured from outside: nothing here proves that nothing does.
    value = True if names else Hidden(Gap.NOT_VISIBLE, "no cost tool here; cost may be measured outside")
    yield Finding("k8s.cost_tool_present", "", value, listing(names) or "no cost tool runs", _BASIS)


def _assistants(view: View) -> Iterator[Finding]:
    found = {name: one for name, one in running(view).items() if "aiops" in one.kinds}
    used = _used(view)
    for interface in ("", "any", "natural_language"):
        names = [
            name
            for name, one in found.items()
            if interface != "natural_language" or "natural-language" in one.kinds
        ]
        facet = [f"interface={interface}"] if interface else []
        says = f"assistants: {listing(names) or 'none'}; with recent results: {listing(used) or 'none'}"
        yield Finding(_key("k8s.aiops_tool_count", facet), "", labels(names), says, _BASIS)
        yield Finding(
            _key("k8s.aiops_tool_count", [*facet, "state=installed"]), "", labels(names), says, _BASIS
        )
        seen = set(names) & set(used)
        value = (
            labels(seen)
            if names and seen == set(names)
            else at_least(seen, "whether the tool is used is not kept in the cluster")
        )
        yield Finding(_key("k8s.aiops_tool_count", [*facet, "state=used"]), "", value, says, _BASIS)


def _used(view: View) -> list[str]:
    fresh = (view.as_of - timedelta(days=90)).isoformat()
    made = [text(one, "metadata", "creationTimestamp") for one in view.items(known.K8SGPT_RESULTS)]
    return ["k8sgpt"] if any(one >= fresh for one in made) else []


def _watched(view: View) -> Iterator[Finding]:
    nodes = {text(one, "metadata", "name") for one in view.items(known.NODES)}
    covered: set[str] = set()
    tools = set()
    for image, seen in view.all_pods().watched.items():
        tool = projects.of_image(image)
        if tool is not None and "detector" in tool.kinds:
            covered |= seen & nodes
            tools.add(tool.project.name)
    agents = listing(sorted(tools)) or "no known detector"
    says = f"{len(covered)} of {len(nodes)} nodes have a ready agent of {agents}"
    value = share(len(covered), len(nodes)) if tools else Hidden(
        Gap.NOT_VISIBLE, "no known detector in the cluster; it may run outside"
    )  # fmt: skip
    yield Finding("k8s.runtime_detection_node_ratio", "", value, says, (known.NODES, known.PODS))


def _routed(view: View) -> Iterator[Finding]:
    kinds: Mapping[str, set[str]] = {name: one.kinds for name, one in running(view).items()}
    detectors = [name for name, own in kinds.items() if "detector" in own]
    routes = [name for name, own in kinds.items() if "alert-route" in own]
    says = f"detectors: {listing(detectors) or 'none'}; forwarders: {listing(routes) or 'none'}"
    value = (
        True
        if detectors and routes
        else Hidden(Gap.NOT_VISIBLE, "no detector with a forwarder seen; outputs are not read")
    )
    yield Finding("k8s.runtime_alert_route_ratio", "", value, says, _BASIS)


def _accelerators(view: View) -> Iterator[Finding]:
    nodes = view.items(known.NODES)
    having = [one for one in nodes if accelerators.offered(one)]
    says = f"{len(having)} of {len(nodes)} nodes offer an accelerator"
    classes = len(view.items(known.DEVICE_CLASSES))
    doubt = classes and not having
    hidden = Hidden(Gap.UNSUPPORTED, "device classes exist; which nodes have the devices is not read")
    value = hidden if doubt else (len(having) or ABSENT)
    basis = (known.NODES, known.DEVICE_CLASSES)
    yield Finding("k8s.gpu_node_count", "", value, says, basis)
    shared = any(accelerators.shared(one) for one in nodes) or bool(
        view.items(known.RESOURCE_CLAIMS) and classes
    )
    turned = hidden if doubt and not shared else (True if shared else ABSENT if not having else None)
    told = (
        Hidden(Gap.UNSUPPORTED, "time-slicing of the device plug-in is not read")
        if turned is None
        else turned
    )
    yield Finding("k8s.gpu_sharing_present", "", told, says, basis)


def _duplicated(view: View) -> Iterator[Finding]:
    year = (view.as_of - timedelta(days=365)).isoformat()
    left_out = projects.baseline()
    found = [
        one
        for name, one in running(view).items()
        if name not in left_out and projects.has_rivals(one.project)
    ]
    old = [one for one in found if "" < (one.since or one.seen) < year]
    found_old = [f"{one.project.category}/{one.project.name}" for one in old]
    # An age that is not told matters only beside another tool of the category.
    beside = Counter(one.project.category for one in found)
    undated = [
        one.project.name for one in found if not one.is_dated(year) and beside[one.project.category] > 1
    ]
    says = f"longer than a year: {listing(found_old, 20) or 'none'}"
    yield Finding("k8s.standing_duplication_count", "", dated(found_old, undated), says, _BASIS)


def _own(view: View) -> Iterator[Finding]:
    if not view.api_domains:
        hidden = Hidden(Gap.NOT_COLLECTED, "the organisation's API domains are not declared: `api_domains`")
        yield Finding("k8s.own_extension_count", "", hidden, hidden.detail, (known.DEFINITIONS,))
        return
    own = {
        name: held
        for name, held in view.offers().items()
        if name == "*" or any(name.endswith(f".{domain}") for domain in view.api_domains)
    }
    names = [name for name, held in own.items() if not isinstance(held, KubeFault) and held]
    faults = [held for held in own.values() if isinstance(held, KubeFault)]
    if faults and not names:
        raise faults[0]
    says = f"own kinds with an instance: {listing(names, 20) or 'none'}"
    says += f"; of {len(faults)} more kinds or groups it is not told" if faults else ""
    value = at_least(names, says) if faults else labels(names)
    yield Finding("k8s.own_extension_count", "", value, says, (known.DEFINITIONS,))


def _clusters(view: View) -> Iterator[Finding]:
    says = f"answered: {len(view.discovery.groups)} API groups"
    yield Finding("k8s.cluster_count", "", True, says, (known.NAMESPACES,))
    for env in ("production", "nonprod"):
        hidden = Hidden(Gap.NOT_COLLECTED, "the cluster's environment is not declared: `clusters: env`")
        value = view.environment == env if view.environment else hidden
        yield Finding(
            f"k8s.cluster_count{{env={env}}}",
            "",
            value,
            f"{says}; declared {view.environment or 'nothing'}",
            (known.NAMESPACES,),
        )


def day_of(stamp: str) -> date | None:
    """Return the day of a time, None for what is none."""
    try:
        return date.fromisoformat(stamp[:10])
    except ValueError:
        return None


ANSWERS = (
    Answer(("k8s.cluster_count",), _clusters),
    Answer(("k8s.cncf_project_count",), _projects),
    Answer(("k8s.new_cncf_project_count",), _new),
    Answer(("k8s.security_tool_count",), _security),
    Answer(("k8s.extension_crd_group_count",), _extensions),
    Answer(("k8s.ml_tool_count",), _machine_learning),
    Answer(("k8s.cost_tool_present",), _cost),
    Answer(("k8s.aiops_tool_count",), _assistants),
    Answer(("k8s.runtime_detection_node_ratio",), _watched),
    Answer(("k8s.runtime_alert_route_ratio",), _routed),
    Answer(("k8s.gpu_node_count", "k8s.gpu_sharing_present"), _accelerators),
    Answer(("k8s.standing_duplication_count",), _duplicated),
    Answer(("k8s.own_extension_count",), _own),
)
