"""The style and script every page carries inside itself, and the policy that admits them by digest alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources


@cache
def style() -> str:
    """Return the style sheet of every page."""
    return resources.files("cnmm_reports.pages").joinpath("page.css").read_text("utf-8")


def policy(style: str, script: str = "") -> str:
    """Return the content security policy that admits this style and this script and nothing else."""
    scripts = f"script-src 'sha256-{_digest(script)}'; " if script else ""
    return (
        f"default-src 'none'; {scripts}style-src 'sha256-{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
