"""Kustomize without running it: which objects a kustomization puts together, and which it changes unseen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnmm_collectors.kubernetes.shape import Object, ShapeFault, labels, mapping, objects, text, texts

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CLUSTER_SCOPED = frozenset(
    ("Namespace", "Node", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "ClusterPolicy",
     "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "CiliumClusterwideNetworkPolicy",
     "GlobalNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy",
     "Mesh", "ClusterSecretStore", "ClusterIssuer", "StorageClass", "PriorityClass", "IngressClass")
)  # fmt: skip
_EVERYTHING = ("replacements", "transformers", "vars", "namePrefix", "nameSuffix")
"""What changes objects in ways that only the tool itself works out."""
_MORE = ("helmCharts", "helmChartInflationGenerator", "generators")
"""What adds objects that only a tool makes."""


@dataclass(slots=True)
class Rendered:
    """Objects as they would be applied; `hidden` exist and are changed unseen, `unread` could not be told."""

    objects: list[Object] = field(default_factory=list)
    hidden: list[Object] = field(default_factory=list)
    unread: int = 0

    @property
    def untold(self) -> int:
        """How many objects, or files of them, are not told."""
        return self.unread + len(self.hidden)

    def placed(self, namespace: str) -> Rendered:
        """Return the same with a namespace for the objects that name none; an empty one changes nothing."""
        if namespace:
            self.objects = [_homed(one, namespace) for one in self.objects]
            self.hidden = [_homed(one, namespace) for one in self.hidden]
        return self

    def once(self) -> Rendered:
        """Return the same with each object once: one that is written in two ways is told in none of them."""
        found: dict[tuple[str, str, str, str], Object | None] = {}
        for one in self.objects:
            key = _identity(one)
            found[key] = one if found.get(key, one) == one else None
        twice = {key for key, one in found.items() if one is None}
        kept = [one for one in found.values() if one is not None]
        hidden = {_identity(one): one for one in self.objects if _identity(one) in twice}
        return Rendered(kept, [*self.hidden, *hidden.values()], self.unread)

    def take(self, other: Rendered) -> None:
        """Add what another part gives."""
        self.objects += other.objects
        self.hidden += other.hidden
        self.unread += other.unread


def _identity(one: Object) -> tuple[str, str, str, str]:
    meta = one.get("metadata")
    held = meta if isinstance(meta, dict) else {}
    group = str(one.get("apiVersion")).rpartition("/")[0]
    return group, str(one.get("kind")), str(held.get("namespace")), str(held.get("name"))


def parts(content: Object) -> list[str]:
    """Return the files and folders a kustomization puts together, components last; raises ShapeFault."""
    return [*texts(content, "resources"), *texts(content, "bases"), *texts(content, "components")]


Parse = Callable[[str], Sequence[Object] | None]
"""Returns the documents of a patch, given its text or the path of its file; None for what cannot be read."""


def change(found: Rendered, content: Object, parse: Parse) -> Rendered:
    """Return what a kustomization makes of the objects it puts together; raises ShapeFault."""
    found.unread += sum(len(content.get(key) or ()) for key in _MORE)
    if any(content.get(key) for key in _EVERYTHING):
        found.hidden, found.objects = [*found.hidden, *found.objects], []
    else:
        targets = list(_targets(content, parse))
        told = [one for one in found.objects if not any(_is_target(target, one) for target in targets)]
        found.hidden += [one for one in found.objects if one not in told] if targets else []
        found.objects = told
    found.objects = [_placed(one, content) for one in found.objects]
    found.hidden = [_placed(one, content) for one in found.hidden]
    return found


def _targets(content: Object, parse: Parse) -> Iterator[Object]:
    """Yield a target for each patch; one that names nothing, or cannot be read, is for every object."""
    for one in (*objects(content, "patches"), *objects(content, "patchesJson6902")):
        if mapping(one, "target"):
            yield mapping(one, "target")
        else:
            yield from _named(parse(text(one, "patch") or text(one, "path")))
    for written in texts(content, "patchesStrategicMerge"):
        yield from _named(parse(written))


def _named(documents: Sequence[Object] | None) -> Iterator[Object]:
    if not documents:
        yield {}
        return
    for one in documents:
        yield {"kind": text(one, "kind"), "name": re.escape(text(one, "metadata", "name"))}


def _is_target(target: Object, item: Object) -> bool:
    for key, held in (("kind", text(item, "kind")), ("name", text(item, "metadata", "name"))):
        wanted = text(target, key)
        try:
            if wanted and not re.fullmatch(wanted, held):
                return False
        except re.error:
            raise ShapeFault("the target of a patch is no pattern") from None
    return True


def _homed(item: Object, namespace: str) -> Object:
    meta = item.get("metadata")
    if not isinstance(meta, dict) or meta.get("namespace") or item.get("kind") in CLUSTER_SCOPED:
        return item
    return {**item, "metadata": {**meta, "namespace": namespace}}


def _placed(item: Object, content: Object) -> Object:
    """Return an object with the namespace and labels of its kustomization; raises ShapeFault."""
    meta: dict[str, Any] = dict(mapping(item, "metadata"))
    given = labels(content, "commonLabels")
    for one in objects(content, "labels"):
        given |= labels(one, "pairs")
    if given:
        meta["labels"] = {**labels(meta, "labels"), **given}
    if content.get("namespace") and item.get("kind") not in CLUSTER_SCOPED:
        meta["namespace"] = text(content, "namespace")
    return {**item, "metadata": meta}
