"""Guard-rails: admission rules that are enforced and match something, exceptions, reports, images."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import ABSENT, Answer, Finding, Hidden, listing
from cnmm_collectors.kubernetes.answers.network import rules as network_rules
from cnmm_collectors.kubernetes.semantics import kyverno
from cnmm_collectors.kubernetes.semantics import policies as admission
from cnmm_collectors.kubernetes.semantics.netpol import Effect
from cnmm_collectors.kubernetes.semantics.podsecurity import LABEL, enforces_baseline
from cnmm_collectors.kubernetes.semantics.policies import Rule
from cnmm_collectors.kubernetes.shape import mapping, text
from cnmm_collectors.kubernetes.view import Namespace, View, need
from cnmm_collectors.signals import Gap, Masses

FAMILIES = ("workload", "image", "network", "ownership", "quota")
RENEWED_DAYS = 7
_BASIS = (known.NAMESPACES, *known.POLICY, known.QUOTAS, known.NETWORK_POLICIES)


def _rules(view: View) -> list[Rule]:
    return view.once("rules", lambda: _read_rules(view))


def _read_rules(view: View) -> list[Rule]:
    found: list[Rule] = []
    for item in view.items(known.KYVERNO_CLUSTER, known.KYVERNO_POLICIES):
        found += kyverno.read(item)
    for item in view.items(known.KYVERNO_CEL, known.KYVERNO_OWN_CEL):
        found += kyverno.read_expression(item, images=False)
    for item in view.items(known.KYVERNO_IMAGES, known.KYVERNO_OWN_IMAGES):
        found += kyverno.read_expression(item, images=True)
    exempt = [name for one in view.items(known.GATEKEEPER_CONFIGS) for name in admission.exempted(one)]
    for plural, item in need(view.constraints):
        found += admission.from_gatekeeper(item, plural, exempt)
    found += admission.from_admission(
        view.items(known.ADMISSION_POLICIES), view.items(known.ADMISSION_BINDINGS)
    )
    for item in view.items(known.KUBEWARDEN_CLUSTER, known.KUBEWARDEN):
        found += admission.from_kubewarden(item)
    for item in view.items(known.IMAGE_POLICIES):
        found += admission.from_sigstore(item)
    return found


def _families(view: View) -> dict[str, dict[str, str]]:
    """Return, by namespace, the families enforced in it and by what; raises KubeFault, ShapeFault."""
    return view.once("families", lambda: _read_families(view))


def _read_families(view: View) -> dict[str, dict[str, str]]:
    every = _rules(view)
    denying = [one for one in network_rules(view) if one.effect in (Effect.DENIES, Effect.REFUSES)]
    closed = {one.namespace for one in denying}
    closing = [one for one in denying if not one.namespace]
    quotas = {
        text(one, "metadata", "namespace") for one in view.items(known.QUOTAS) if mapping(one, "spec", "hard")
    }
    found: dict[str, dict[str, str]] = {}
    for name, room in view.tenants().items():
        own = {
            rule.family: rule.name
            for rule in every
            if rule.simple and rule.on_workloads and rule.covers(name, room.labels)
        }
        if enforces_baseline(room.labels):
            own["workload"] = LABEL
        if name in quotas:
            own["quota"] = "ResourceQuota"
        if name in closed or any(rule.covers(name, room.labels) for rule in closing):
            own["network"] = "network policy"
        found[name] = own
    return found


def _doubtful(view: View) -> frozenset[str]:
    """Return the namespaces with an enforced rule whose family or reach cannot be told; raises KubeFault."""
    unclear = [
        rule for rule in _rules(view) if rule.on_workloads and (not rule.simple or rule.family == "other")
    ]
    return frozenset(
        name
        for name, room in view.tenants().items()
        if any(rule.covers(name, room.labels) for rule in unclear)
    )


_UNTOLD = Hidden(Gap.UNSUPPORTED, "an enforced rule's family or conditions cannot be told")


def _guards(view: View) -> Iterator[Finding]:
    doubtful = _doubtful(view)
    for name, own in _families(view).items():
        says = "enforced: " + (listing([f"{family} by {by}" for family, by in own.items()]) or "nothing")
        for family in FAMILIES:
            value = _UNTOLD if family not in own and name in doubtful else family in own
            yield Finding(f"k8s.guardrail_ns_ratio{{family={family}}}", name, value, says, _BASIS)


def _kept(view: View) -> Iterator[Finding]:
    every = _rules(view)
    rooms, doubtful = view.tenants(), _doubtful(view)
    for name, own in _families(view).items():
        standard = enforces_baseline(rooms[name].labels)
        equal = any(rule.baseline and rule.simple and rule.covers(name, rooms[name].labels) for rule in every)
        says = f"baseline: {_spelled(standard, equal)}; families: {listing(sorted(own)) or 'none'}"
        enough = len(set(own) & set(FAMILIES)) >= 2
        value: bool | Hidden = bool(standard or equal) and enough
        if standard is None and not equal and enough:
            value = Hidden(Gap.NOT_VISIBLE, "no label: the cluster's default is not visible")
        elif not value and standard is not False and name in doubtful:
            value = _UNTOLD
        yield Finding("k8s.policy_enforced_ns_ratio", name, value, says, _BASIS)


def _spelled(standard: bool | None, equal: bool) -> str:
    if equal:
        return "enforced by policy"
    return "no label" if standard is None else ("enforced by label" if standard else "privileged by label")


def _policy_families(view: View) -> Iterator[Finding]:
    rooms = view.tenants()
    found = {
        rule.family
        for rule in _rules(view)
        if any(rule.covers(name, one.labels) for name, one in rooms.items())
    }
    for own in _families(view).values():
        found |= set(own) & {"quota"}
    says = f"families of enforced rules: {listing(sorted(found)) or 'none'}"
    value = Masses(tuple((one, 1) for one in sorted(found)))
    yield Finding("k8s.policy_family", "", value, says, _BASIS)


def _exceptions(view: View) -> Iterator[Finding]:
    lifted = [kyverno.lifted(one) for one in view.items(*known.EXCEPTIONS)]
    excluded = [rule for rule in _rules(view) if any(one.get("names") for one in rule.exclude)]
    for name, room in view.tenants().items():
        count = sum(name in names or "*" in names for names in lifted)
        count += sum(_leaves_out(rule, name, room) for rule in excluded)
        says = f"{count} exceptions lift an enforced rule here"
        value = count if count else ABSENT
        yield Finding("k8s.policy_exception_count", name, value, says, (*known.EXCEPTIONS, *known.POLICY))


def _leaves_out(rule: Rule, name: str, room: Namespace) -> bool:
    """True where a rule names the namespace among its exclusions; a pattern for many is its reach."""
    return any(name in one.get("names", ()) for one in rule.exclude)


def _reports(view: View) -> Iterator[Finding]:
    served = view.serves(*known.REPORTS)
    newest: dict[str, str] = {}
    for one in view.items(*known.REPORTS):
        place = text(one, "metadata", "namespace")
        newest[place] = max(newest.get(place, ""), text(one, "written"))
    fresh = (view.as_of - timedelta(days=RENEWED_DAYS)).isoformat()
    for name in view.tenants():
        written = newest.get(name, "")[:10]
        says = (
            f"newest report written {written}"
            if written
            else ("no report" if served else "no report kind served")
        )
        yield Finding("k8s.policy_report_ns_ratio", name, written >= fresh, says, known.REPORTS)


def _verified(view: View) -> Iterator[Finding]:
    every = [rule for rule in _rules(view) if rule.verifies]
    for name, room in view.tenants().items():
        yield _verification(name, room, every)


def _verification(name: str, room: Namespace, every: list[Rule]) -> Finding:
    own = [rule for rule in every if rule.on_workloads and rule.covers(name, room.labels)]
    whole = [rule.name for rule in own if rule.simple and rule.whole]
    says = f"images verified by {listing(whole or [rule.name for rule in own]) or 'nothing'}"
    value: bool | Hidden = bool(whole)
    if own and not whole:
        value = Hidden(
            Gap.UNSUPPORTED, "the rule is for some images, or has conditions that are not evaluated"
        )
    return Finding("k8s.signature_verify_ratio", name, value, says, known.POLICY)


ANSWERS = (
    Answer(("k8s.guardrail_ns_ratio",), _guards),
    Answer(("k8s.policy_enforced_ns_ratio",), _kept),
    Answer(("k8s.policy_family",), _policy_families),
    Answer(("k8s.policy_exception_count",), _exceptions),
    Answer(("k8s.policy_report_ns_ratio",), _reports),
    Answer(("k8s.signature_verify_ratio",), _verified),
)
