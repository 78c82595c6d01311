"""Accelerators: which nodes offer them and which pods ask for them."""

from __future__ import annotations

import re

from cnmm_collectors.kubernetes.semantics.podsecurity import every_container
from cnmm_collectors.kubernetes.shape import Object, mapping, objects

_NAME = re.compile(
    r"nvidia\.com/(?:gpu|mig-).*|amd\.com/gpu|gpu\.intel\.com/.+|habana\.ai/gaudi|google\.com/tpu"
    r"|aws\.amazon\.com/neuron.*"
)
_SHARED = re.compile(r"nvidia\.com/(?:mig-.*|gpu\.shared)")


def asked(spec: Object) -> bool:
    """True where a pod asks for an accelerator, as a resource or through a claim; raises ShapeFault."""
    for container in every_container(spec):
        limits = {**mapping(container, "resources", "limits"), **mapping(container, "resources", "requests")}
        if any(_NAME.fullmatch(name) for name in limits):
            return True
    return bool(objects(spec, "resourceClaims"))


def offered(node: Object) -> bool:
    """True where a node has an accelerator to give; raises ShapeFault."""
    given = mapping(node, "status", "allocatable").items()
    return any(_NAME.fullmatch(name) and str(value) not in ("0", "") for name, value in given)


def shared(node: Object) -> bool:
    """True where a node gives parts or turns of an accelerator; raises ShapeFault."""
    given = mapping(node, "status", "allocatable").items()
    if any(_SHARED.fullmatch(name) and str(value) not in ("0", "") for name, value in given):
        return True
    strategy = mapping(node, "metadata", "labels").get("nvidia.com/gpu.sharing-strategy", "none")
    return strategy not in ("none", "")
