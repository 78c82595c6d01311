"""Who wrote an object's specification last, as its managed fields tell."""

from __future__ import annotations

from enum import StrEnum

from cnmm_collectors.kubernetes.shape import Object, mapping, objects, text

HAND_VERBS = ("edit", "patch", "scale", "set", "rollout", "create", "run")
_APPLIES = ("kubectl-client-side-apply", "kubectl", "kubectl-last-applied", "before-first-apply")


class Writer(StrEnum):
    """Who wrote last: a hand, an apply or tool of unknown origin, a machine; untold where stripped."""

    HAND = "hand"
    APPLY = "apply"
    MACHINE = "machine"
    UNTOLD = "untold"


def last_writer(item: Object) -> Writer:
    """Return who wrote the specification last; raises ShapeFault."""
    newest: tuple[str, Writer] | None = None
    for entry in objects(item, "metadata", "managedFields"):
        subresource = text(entry, "subresource")
        manager = text(entry, "manager")
        scaled = subresource == "scale" and manager.startswith("kubectl")
        if (subresource and not scaled) or not (scaled or "f:spec" in mapping(entry, "fieldsV1")):
            continue
        when = text(entry, "time")
        if newest is None or when >= newest[0]:
            newest = (when, _classify(manager, scaled))
    return newest[1] if newest else Writer.UNTOLD


def _classify(manager: str, scaled: bool) -> Writer:
    verb = manager.removeprefix("kubectl-")
    if scaled or (verb != manager and verb in HAND_VERBS):
        return Writer.HAND
    if manager in _APPLIES or manager.lower() in ("helm", "kustomize", "unknown", ""):
        return Writer.APPLY
    return Writer.MACHINE
