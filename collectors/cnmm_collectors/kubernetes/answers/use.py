"""How much of the CPU that they asked for workloads used over a week, as exports of metrics tell."""

from __future__ import annotations

from collections.abc import Iterator

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import ABSENT, Answer, Finding, Hidden
from cnmm_collectors.kubernetes.metrics.use import Workload, by_workload, middle
from cnmm_collectors.kubernetes.objects import KINDS
from cnmm_collectors.kubernetes.view import View
from cnmm_collectors.signals import Gap

_KEY = "k8s.cpu_request_use_p50"
_NOT_GIVEN = Hidden(
    Gap.NOT_COLLECTED, "no object of a cluster keeps 7 days of use: give an export under `sources: metrics`"
)


def _used(view: View) -> Iterator[Finding]:
    """Yield the median of each namespace; which workloads ask for CPU the cluster says, not the export."""
    asking = {name: _asking(view, name) for name in view.tenants()}
    kept = view.metrics
    untold = _NOT_GIVEN if kept is None else Hidden(kept.fault.gap, str(kept.fault)) if kept.fault else None
    if kept is None or kept.week is None or untold is not None:
        hidden = untold or _NOT_GIVEN
        for name, own in asking.items():
            yield Finding(
                _KEY, name, hidden if own else ABSENT, _said(len(own), hidden.detail), (known.PODS,)
            )
        return
    shares = by_workload(kept.series, kept.week, asking)
    for name, own in asking.items():
        value = middle(shares[name].values()) if own else ABSENT
        told = sum(one.low == one.high for one in shares[name].values())
        says = _said(len(own), f"use is told of {told} from {kept.week.said}")
        yield Finding(_KEY, name, value, says, (known.PODS,), exported=bool(own))


def _said(asking: int, more: str) -> str:
    return f"{asking} workloads ask for CPU; {more}" if asking else "no workload asks for CPU"


def _asking(view: View, namespace: str) -> set[Workload]:
    """Return the workloads whose pods ask for CPU; jobs and bare pods are none."""
    parted = (one.partition(" ") for one in view.all_pods().requesting.get(namespace, ()))
    return {(kind, name) for kind, _, name in parted if kind in KINDS.values()}


ANSWERS = (Answer((_KEY,), _used),)
