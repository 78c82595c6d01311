"""The small parts of an OSCAL document: identifiers, tokens, properties, marked-up lines, instants."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from cnmm_reports.inert import line

NS = "urn:cnmm:oscal"
"""Namespace of every property that is not OSCAL's own."""
OSCAL_VERSION = "1.2.1"
"""Nothing is used that a later 1.2 release defines differently."""
PLAN = "oscal-assessment-plan.json"

Record = dict[str, Any]

_NAMESPACE = bytes.fromhex("8d6f1c3ab5e24b0f9c7a4e21d3f0a695")
_TEXT = 1_000
_MARKED = re.compile(r"([\\`*_\[\]{}<>&~^|])")
_LEADING = re.compile(r"^(?:([-+=#])|(\d+)([.)]))")
_METHODS = {"machine": "TEST", "attestation": "EXAMINE", "survey": "INTERVIEW"}


def identify(*parts: str) -> str:
    """Return the version 5 UUID of the parts: the same for the same parts on every machine."""
    name = json.dumps(parts, separators=(",", ":")).encode()
    raw = bytearray(hashlib.sha1(_NAMESPACE + name, usedforsecurity=False).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x50
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


TOOL = identify("tool", "cnmm")


def organisation_of(view_document: Mapping[str, Any]) -> str:
    """Return the identifier of the assessed organisation as a party."""
    return identify("party", f"org:{view_document['organisation']}")


def token(text: str) -> str:
    """Return a token: letters, digits, `.`, `-`, `_`, never starting with a digit."""
    plain = "".join(sign if sign.isalnum() or sign in ".-_" else "_" for sign in line(text, 200))
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"


def string(value: object) -> str:
    """Return one line that is not empty and neither begins nor ends with a space."""
    return line(value, _TEXT) or "none"


def prop(name: str, value: object, kind: str = "") -> Record:
    """Return a property in our namespace with `kind` as its class; an empty value reads `none`."""
    record = {"name": name, "ns": NS, "value": string(value)}
    return {**record, "class": token(kind)} if kind else record


def markup(text: object) -> str:
    """Return one marked-up line that shows the text as it is: no link, insertion or HTML comes of it."""
    shown = _MARKED.sub(r"\\\1", line(text, _TEXT))
    return (
        _LEADING.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", shown) or "–"
    )


def instant(day: str) -> str:
    """Return the midnight (UTC) of a day as a time with its zone."""
    return f"{day}T00:00:00Z"


def method_of(proof: str, outcome: str = "") -> str:
    """Return how a row is observed: by test, by examining artefacts, or by asking people."""
    return "INTERVIEW" if outcome == "claimed" else _METHODS.get(proof, "EXAMINE")


def reviewed(sections: list[str], rows: list[str]) -> Record:
    """Return the reviewed controls: sections as controls, rows as their objectives."""
    controls: Record = {"include-all": {}}
    objectives: Record = {"include-all": {}}
    if sections:
        controls = {"include-controls": [{"control-id": token(name)} for name in sections]}
    if rows:
        objectives = {"include-objectives": [{"objective-id": token(name)} for name in rows]}
    return {"control-selections": [controls], "control-objective-selections": [objectives]}
