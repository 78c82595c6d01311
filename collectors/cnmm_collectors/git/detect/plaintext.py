"""Secret manifests whose values are not encrypted; a value is looked at, and never kept, hashed or quoted."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from cnmm_collectors.git.detect.manifests import Manifest, could_be_manifest
from cnmm_collectors.git.detect.nodes import Node
from cnmm_collectors.git.detect.readings import Hit, of_repository, tally_count
from cnmm_collectors.git.detect.survey import Survey
from cnmm_collectors.signals import Signal

KEYS = ("git.plaintext_secret_count",)
WHAT = "secret manifests with unencrypted values"
_NEEDLE = re.compile(rb"kind:\s*[\"']?Secret\b|secretGenerator")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,63}")
_LITERAL_NAME = re.compile(r"([A-Za-z0-9._-]{1,63})=(.*)", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"\s*|<[^<>]*>|\$\{.*\}|\$\(.*\)|\$[A-Z_][A-Z0-9_]*|%[\w.-]+%|@[\w.-]+@|.*__templated__.*|ENC\[.*\]"
    r"|(ref\+)?(vault|awssm|gcpsm|sops|op|arn:aws:secretsmanager|awsssm|azurekv):.*|\*+|x{3,}|\.{3}"
    r"|(please[-_ ]?)?(change|replace)[-_ ]?(me|it|this|with.*)?|todo|tbd|fixme|none|null|dummy|redacted"
    r"|placeholder.*|example.*"
    r"|insert[-_ ].*|your[-_ ].*|base64[-_ ]?(encoded)?[-_ ].*|-----BEGIN CERTIFICATE.*",
    re.IGNORECASE | re.DOTALL,
)
_VALUE_LIMIT = 4096


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield how many secret manifests hold an unencrypted value; the repository's use does not matter."""
    hits = [hit for manifest in survey.manifests for hit in _of_manifest(manifest)]
    doubts = survey.doubts(could_be_manifest, _NEEDLE)
    yield of_repository(survey, KEYS[0], tally_count(survey, len(hits), hits, doubts, WHAT))


def _of_manifest(manifest: Manifest) -> Iterator[Hit]:
    node = manifest.node
    if node is None:
        return
    if manifest.kind == "Secret" and manifest.group == "":
        found = _first_plain(node)
        if found:
            key, line = found
            yield Hit(manifest.path, line, line, f"Secret {_safe(manifest.name)} key {_safe(key)}")
    elif manifest.group == "kustomize.config.k8s.io":
        for generator in node.items("secretGenerator"):
            yield from _literals(manifest.path, generator)


def _first_plain(node: Node) -> tuple[str, int] | None:
    for field in ("stringData", "data"):
        for key, value in node.entries(field):
            if isinstance(value.value, str) and not _harmless(value.value, encoded=field == "data"):
                return key, value.line
    return None


def _literals(path: str, generator: Node) -> Iterator[Hit]:
    for literal in generator.items("literals"):
        match = _LITERAL_NAME.fullmatch(literal.value) if isinstance(literal.value, str) else None
        if match and not _harmless(match[2], encoded=False):
            name = _safe(generator.text("name"))
            yield Hit(path, literal.line, literal.line, f"secretGenerator {name} key {_safe(match[1])}")
            return


def _harmless(value: str, *, encoded: bool) -> bool:
    value = value.strip()[:_VALUE_LIMIT]
    if _PLACEHOLDER.fullmatch(value):
        return True
    if not encoded:
        return False
    try:
        plain = base64.b64decode("".join(value.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return False
    return _PLACEHOLDER.fullmatch(plain.strip()) is not None


def _safe(name: str) -> str:
    return name if _NAME.fullmatch(name) else "(unnamed)"
