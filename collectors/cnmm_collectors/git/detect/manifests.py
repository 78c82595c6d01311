"""Declarative documents with apiVersion and kind: plain, in lists, and inside chart templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cnmm_collectors.git.detect.nodes import Node, YamlFault, read_yaml
from cnmm_collectors.git.detect.paths import path_class
from cnmm_collectors.git.model import PathClass

TEMPLATED = "__templated__"
SUFFIXES = (".yaml", ".yml", ".tpl")
NEEDLE = re.compile(rb"apiVersion")

_API = re.compile(r"(?:(?P<group>[A-Za-z0-9.-]+)/)?(?P<version>v\d+\w*)")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{1,80}")
_HEADER = re.compile(r"^(apiVersion|kind):[ \t]*[\"']?([\w./-]+)", re.MULTILINE)
_ACTION_LINE = re.compile(r"^[ \t]*\{\{[^{}\n]*\}\}[ \t]*$", re.MULTILINE)
_ACTION = re.compile(r"\{\{[^{}]{0,4000}\}\}")
_SEPARATOR = re.compile(r"^---.*$", re.MULTILINE)
_TOOL_SETTINGS = frozenset(
    [
        "backstage.io",
        "kind.x-k8s.io",
        "ctlptl.dev",
        "k3d.io",
        "kubelet.config.k8s.io",
        "audit.k8s.io",
        "kubeadm.k8s.io",
        "apiserver.config.k8s.io",
        "client.authentication.k8s.io",
        "config.kubernetes.io",
    ]
)
_LISTS = frozenset({"List", "SecretList", "ConfigMapList"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document: `group` is empty for the core API; `node` is None where only its header could be read."""

    path: str
    group: str
    version: str
    kind: str
    name: str
    node: Node | None
    first: int
    last: int


def could_be_manifest(path: str) -> bool:
    """True where a path may hold declarative documents."""
    return path.lower().endswith(SUFFIXES) and path_class(path) not in (PathClass.CI, PathClass.DOCS)


def read_manifests(path: str, raw: bytes) -> tuple[tuple[Manifest, ...], bool]:
    """Return the documents of a file, and whether it could not be understood whole; never raises."""
    if not could_be_manifest(path) or not NEEDLE.search(raw):
        return (), False
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    if "{{" in text:
        text = _blank(text)
    try:
        documents = read_yaml(text)
    except YamlFault:
        return tuple(_headers(path, text)), True
    return tuple(m for node in documents for m in _documents(path, node)), False


def _blank(text: str) -> str:
    text = _ACTION_LINE.sub("", text)
    return _ACTION.sub(lambda match: TEMPLATED + "\n" * match[0].count("\n"), text)


def _documents(path: str, node: Node, *, nested: bool = False) -> Iterator[Manifest]:
    if node.text("kind") in _LISTS or (not node.text("kind") and node.items("items")):
        # A list within a list is no manifest; following it could take for ever.
        for item in () if nested else node.items("items"):
            yield from _documents(path, item, nested=True)
        return
    api = _API.fullmatch(node.text("apiVersion"))
    kind = node.text("kind")
    if api is None or not _KIND.fullmatch(kind) or not deployable(api["group"] or "", kind):
        return
    name = node.text("metadata", "name")
    yield Manifest(path, (api["group"] or "").lower(), api["version"], kind, name, node, node.line, node.end)


def deployable(group: str, kind: str) -> bool:
    """False for settings of local tools that only look like manifests."""
    return group not in _TOOL_SETTINGS and not (group == "" and kind == "Config")


def _headers(path: str, text: str) -> Iterator[Manifest]:
    starts = [0, *(match.end() for match in _SEPARATOR.finditer(text))]
    line, at = 1, 0
    for begin, end in zip(starts, [*starts[1:], len(text)], strict=True):
        found = {match[1]: match for match in _HEADER.finditer(text, begin, end)}
        if len(found) < 2:
            continue
        api, kind = _API.fullmatch(found["apiVersion"][2]), found["kind"][2]
        if api is None or not _KIND.fullmatch(kind) or not deployable(api["group"] or "", kind):
            continue
        places = sorted(match.start() for match in found.values())
        first = line + text.count("\n", at, places[0])
        last = first + text.count("\n", places[0], places[-1])
        line, at = last, places[-1]
        yield Manifest(path, (api["group"] or "").lower(), api["version"], kind, "", None, first, last)
