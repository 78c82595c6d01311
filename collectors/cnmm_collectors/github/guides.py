"""The contributing guide that a repository inherits from its owner, which no clone of it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.client import Client

GUIDE: Final = "docs.contributing_ratio"
_LEAST_LINES = 3
"""Lines of content below which a document says nothing, as where files are read."""


def guide_of(found: Any) -> str:
    """Return the address of the guide in an owner's defaults, empty where there is none with content."""
    url, body = (found.get("url"), found.get("body")) if isinstance(found, Mapping) else (None, None)
    if not isinstance(url, str) or not isinstance(body, str):
        return ""
    lines = [line.strip() for line in body.splitlines()]
    content = [line for line in lines if line and not line.startswith(("#", "<!--", "---", "==="))]
    return url if len(content) >= _LEAST_LINES else ""


def inherits(
    client: Client, node: Mapping[str, Any], guide: str, place: str
) -> dict[str, tuple[Evidence, ...]]:
    """Return the proof that its owner's guide applies to a repository, empty without one.

    A guide of its own is judged where files are read, and that none is shown proves nothing.
    """
    found, own = node.get("contributingGuidelines"), node.get("url")
    url = found.get("url") if isinstance(found, Mapping) else None
    if not guide or url != guide or not isinstance(own, str) or url.startswith(f"{own}/"):
        return {}
    flags = ("isDisabled", "isArchived", "isEmpty", "isFork", "isTemplate")
    if any(node.get(flag) is True for flag in flags):
        return {}
    return {GUIDE: (client.cite(f"contributing guide of {place}", {"repository": place, "inherited": url}),)}
