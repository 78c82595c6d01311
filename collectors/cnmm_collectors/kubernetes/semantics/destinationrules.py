"""Istio's destination rules: whether the callers of a workload are told to speak no mutual TLS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from cnmm_collectors.kubernetes.semantics.mtls import Endpoint
from cnmm_collectors.kubernetes.shape import Object, labels, mapping, objects, text, texts

DOMAIN = "svc.cluster.local"
_PLAIN = ("", "DISABLE", "SIMPLE")
"""Modes without a certificate of the caller; a `tls` without a mode is mode zero, which is DISABLE."""


class Told(Enum):
    """What a rule tells the callers of a host: plain for all ports and subsets, for some, or for none."""

    PLAIN = "plain"
    PARTLY = "partly"
    MUTUAL = "mutual"


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """A rule for a host, which may begin with *; `shared` where callers of every namespace see it."""

    namespace: str
    host: str
    told: Told
    shared: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A service by what it selects; one without a selector selects nothing here."""

    namespace: str
    name: str
    selector: tuple[tuple[str, str], ...]

    def selects(self, endpoint: Endpoint) -> bool:
        """True where a pod is behind the service."""
        own = set(self.selector) <= set(endpoint.labels)
        return bool(self.selector) and self.namespace == endpoint.namespace and own


def read_service(item: Object) -> Service:
    """Return a service; raises ShapeFault."""
    chosen = labels(item, "spec", "selector")
    return Service(
        text(item, "metadata", "namespace"), text(item, "metadata", "name"), tuple(sorted(chosen.items()))
    )


def read_rule(item: Object) -> DestinationRule:
    """Return what a DestinationRule tells callers; raises ShapeFault.

    A short name is of the rule's own namespace; a name with a dot in it is taken as it is.
    """
    spec, place = mapping(item, "spec"), text(item, "metadata", "namespace")
    host = text(spec, "host")
    if "." not in host and host != "*":
        host = f"{host}.{place}.{DOMAIN}"
    seen = texts(spec, "exportTo")
    shared = (not seen or "*" in seen) and not mapping(spec, "workloadSelector")
    return DestinationRule(place, host, _told(spec), shared)


def _told(spec: Object) -> Told:
    whole = mapping(spec, "trafficPolicy")
    parts = [mapping(subset, "trafficPolicy") for subset in objects(spec, "subsets")]
    parts += [port for one in (whole, *parts) for port in objects(one, "portLevelSettings")]
    modes = [text(one, "tls", "mode") in _PLAIN for one in parts if one.get("tls") is not None]
    plain = whole.get("tls") is not None and text(whole, "tls", "mode") in _PLAIN
    if plain and all(modes):
        return Told.PLAIN
    return Told.PARTLY if plain or any(modes) else Told.MUTUAL


def speak_plain(
    endpoint: Endpoint, services: Iterable[Service], rules: Sequence[DestinationRule], root: str
) -> bool | None:
    """Say whether a pod's callers are told to speak plain text: all of them, some (None), or none."""
    found = {_of_service(one, rules, root) for one in services if one.selects(endpoint)}
    if found <= {Told.MUTUAL}:
        return False
    return True if found == {Told.PLAIN} else None


def _of_service(service: Service, rules: Sequence[DestinationRule], root: str) -> Told:
    """Callers see rules of their own namespace first, then the service's, then the root namespace's."""
    name = f"{service.name}.{service.namespace}.{DOMAIN}"
    shared = [one for one in rules if one.shared]
    chosen = _closest(name, [one for one in shared if one.namespace == service.namespace]) or _closest(
        name, [one for one in shared if one.namespace == root]
    )
    general = chosen.told if chosen else Told.MUTUAL
    places = {one.namespace for one in rules} - {root}
    own = [_closest(name, [one for one in rules if one.namespace == place]) for place in sorted(places)]
    if any(one is not None and one.told is not general for one in own):
        return Told.PARTLY
    return general


def _closest(name: str, rules: Iterable[DestinationRule]) -> DestinationRule | None:
    """Return the rule with the most specific host that names a service, None for none."""
    matching = [one for one in rules if _names(one.host, name)]
    return max(matching, key=lambda one: (not one.host.startswith("*"), len(one.host)), default=None)


def _names(host: str, name: str) -> bool:
    return name.endswith(host[1:]) if host.startswith("*") else host == name
