"""Evidence of a join: the digest of the aggregate it was made from, and no fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnmm_collectors.evidence import Evidence, payload_digest


def cite_join(name: str, context: Mapping[str, Any], what: str, aggregate: bytes) -> Evidence:
    """Return a citation of a joined figure; `context` holds `now`, the run's UTC time."""
    return Evidence(
        source="join",
        locator=f"join:{name}",
        query=f"join {name} over the facts of all sources read",
        digest=payload_digest(aggregate),
        captured_at=context["now"],
        confirmed_at=context["now"],
        collector=f"{name} 1",
        excerpt=what,
    )
