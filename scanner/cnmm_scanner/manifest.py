"""The manifest: what a bundle holds, member by member, and what made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cnmm_collectors.plugin import CONTRACT
from cnmm_rules.assessment import ENGINE
from cnmm_scanner.canonical import digest_stream, document
from cnmm_scanner.container import COMPRESSION, Content
from cnmm_scanner.faults import Fault

SCHEMA, SCHEMA_NUMBER = "cnmm/bundle", 1
MANIFEST, SIGNATURE, ASSESSMENT = "manifest.json", "signature", "assessment.json"
OUTSIDE = frozenset({MANIFEST, SIGNATURE})

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class ManifestFault(Fault):
    """The manifest is not one this version reads."""


class NewerSchema(ManifestFault):
    """The bundle was made by a newer version."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class MemberModel(_Model):
    """A member's SHA-256 and its size in bytes."""

    sha256: Digest
    bytes: Annotated[int, Field(ge=0)]


class CatalogueModel(_Model):
    """The catalogue the bundle seals."""

    id: str
    version: str


class PluginModel(_Model):
    """A plug-in that took part."""

    group: str
    name: str
    distribution: str
    version: str


class Manifest(_Model):
    """What a bundle holds and what made it; keys are added freely, a changed meaning raises `schema`."""

    schema_: Annotated[str, Field(alias="schema")]
    compression: Literal["stored"]
    tool: str
    engine: str
    contract: int
    catalogue: CatalogueModel
    plugins: tuple[PluginModel, ...]
    organisation: str
    as_of: str
    complete: bool
    parent: str = ""
    """The digest of the manifest this bundle was derived from, empty for a scan."""
    members: Mapping[str, MemberModel]


def tool_version() -> str:
    """Return this distribution's version."""
    return version("cnmm")


def make_manifest(members: Mapping[str, Content], about: Mapping[str, Any]) -> bytes:
    """Return the manifest of the members; `about` names organisation, as_of, complete, catalogue, plugins."""
    listed: dict[str, dict[str, Any]] = {}
    for name in sorted(members.keys() - OUTSIDE):
        with members[name]() as stream:
            sha256, size = digest_stream(stream)
        listed[name] = {"sha256": sha256, "bytes": size}
    return document(
        {
            "schema": f"{SCHEMA}/{SCHEMA_NUMBER}",
            "compression": COMPRESSION,
            "tool": tool_version(),
            "engine": ENGINE,
            "contract": CONTRACT,
            **about,
            "members": listed,
        }
    )


def read_manifest(raw: bytes) -> Manifest:
    """Return the manifest; raises NewerSchema, or ManifestFault for anything that is not one."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ManifestFault("manifest.json is not JSON") from error
    name, _, number = str(value.get("schema", "") if isinstance(value, dict) else "").rpartition("/")
    if name != SCHEMA or not number.isdecimal():
        raise ManifestFault("manifest.json is not that of a cnmm bundle")
    if int(number) > SCHEMA_NUMBER:
        raise NewerSchema(
            f"the bundle has schema {name}/{int(number)}, this version reads up to {SCHEMA_NUMBER}",
            "update cnmm",
        )
    try:
        manifest = Manifest.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise ManifestFault(f"manifest.json: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if document(value) != raw:
        raise ManifestFault("manifest.json is not spelled canonically")
    return manifest
