"""Declarative documents with apiVersion and kind: plain, in lists, and inside chart templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cnmm_collectors.git.detect.nodes import Node, YamlFault, blank_schemas, read_yaml
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
        "kubescheduler.config.k8s.io",
        "kubeproxy.config.k8s.io",
        "controller-runtime.sigs.k8s.io",
        "krew.googlecontainertools.github.com",
        "skaffold",
        # Test runners for policies and controllers: what they hold is applied in a test alone.
        "chainsaw.kyverno.io",
        "cli.kyverno.io",
        "kuttl.dev",
        "schema.plugin.fluxcd.io",
    ]
)
# Of these nothing but that they are there is ever asked, and they are most of what repositories hold.
_ORDINARY = frozenset(
    f"kind:{kind}"
    for kind in (
        "ClusterRole", "ClusterRoleBinding", "ConfigMap", "CronJob", "DaemonSet", "Deployment", "Job",
        "NetworkPolicy", "Role", "RoleBinding", "Service", "ServiceAccount", "StatefulSet",
    )
)  # fmt: skip
_NO_CONTENT = ("#", "---", "...", "%")
_LISTS = frozenset({"List", "SecretList", "ConfigMapList"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document: `group` is empty for the core API; `node` is None and `name` empty where only its header
    was read.
    """

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
    found, rest = _set_aside(path, blank_schemas(text))
    try:
        documents = read_yaml(rest) if rest.strip() else ()
    except YamlFault:
        return (*found, *_headers(path, rest)), True
    return (*found, *(m for node in documents for m in _documents(path, node))), False


def _set_aside(path: str, text: str) -> tuple[list[Manifest], str]:
    """Return the documents of which nothing but kind and place matters, and the text with empty lines for
    them.
    """
    found: list[Manifest] = []
    kept: list[str] = []
    at, line = 0, 1
    for end in [*(match.start() for match in _SEPARATOR.finditer(text)), len(text)]:
        part = text[at:end]
        lines = part.count("\n")
        header = _HEADER.findall(part)
        if len(header) == 2 and {f"{key}:{value}" for key, value in header} & _ORDINARY:
            api = _API.fullmatch(dict(header).get("apiVersion", ""))
            if api is not None:
                group, kind = (api["group"] or "").lower(), dict(header)["kind"]
                first, last = _extent(part, line)
                found.append(Manifest(path, group, api["version"], kind, "", None, first, last))
                part = "\n" * lines
        kept.append(part)
        at, line = end, line + lines
    return found, "".join(kept)


def _extent(part: str, line: int) -> tuple[int, int]:
    """Return the first and the last line of content of a document that starts on a line."""
    rows = [
        n for n, row in enumerate(part.split("\n"), line) if row.strip() and not row.startswith(_NO_CONTENT)
    ]
    return rows[0], rows[-1]


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
