"""The catalogue for readers: one self-contained HTML page to filter and link to, and Markdown."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from cnmm_reports import catalogue_markdown
from cnmm_reports.catalogue_rows import Cases, permissions, sections, signals
from cnmm_reports.inert import inert
from cnmm_rules.criteria import Catalogue, Confidence, Proof, Role
from cnmm_rules.wording import figure

PAGE = "catalogue.html"
INDEX = "index.md"


def render(catalogue: Catalogue, cases: Cases) -> Mapping[str, bytes]:
    """Return the page and the Markdown files by name; the same catalogue always gives the same bytes."""
    return {PAGE: write_page(catalogue, cases).encode(), **render_markdown(catalogue, cases)}


def render_markdown(catalogue: Catalogue, cases: Cases) -> dict[str, bytes]:
    """Return `index.md`, one file for each section, `signals.md` and `permissions.md`."""
    parts = sections(catalogue, cases)
    texts = {INDEX: catalogue_markdown.index(catalogue, parts)}
    texts |= {f"{part.id}.md": catalogue_markdown.section(part) for part in parts}
    texts["signals.md"] = catalogue_markdown.signals(signals(catalogue))
    texts["permissions.md"] = catalogue_markdown.permissions(permissions(catalogue))
    return {name: text.encode() for name, text in texts.items()}


def write_page(catalogue: Catalogue, cases: Cases) -> str:
    """Return the whole page as text: no request, no outside code, readable without scripts."""
    style, script = _asset("catalogue.css"), _asset("catalogue.js")
    return _template().render(
        catalogue=catalogue,
        sections=sections(catalogue, cases),
        signals=signals(catalogue),
        permissions=permissions(catalogue),
        sources=sorted({source.name for spec in catalogue.signals.values() for source in spec.sources}),
        choices={
            "role": [role.value for role in Role],
            "proof": [proof.value for proof in Proof],
            "confidence": [confidence.value for confidence in Confidence],
        },
        style=Markup(style),  # noqa: S704 - our own file, and its hash is in the policy
        script=Markup(script),  # noqa: S704
        policy=_policy(style, script),
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'sha256-{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    return resources.files("cnmm_reports").joinpath("templates", name).read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["figure"] = figure
    return environment.get_template("catalogue.html.jinja")


def _shown(value: Any) -> Any:
    """Every text that is not our own markup is made inert on its way out."""
    return inert(value, 20_000) if type(value) is str else value
