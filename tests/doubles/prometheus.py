"""Answers as Prometheus gives them to range queries, spelled as a server of version 2.42 spelled ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

HOUR = 3600


def series(
    name: str, value: str, end: str, *, days: float = 7, step: int = HOUR, **labels: str
) -> dict[str, Any]:
    """Return one series that has the same value from so many days before its end, `YYYY-MM-DDTHH`, on."""
    last = int(datetime.fromisoformat(f"{end}:00:00").replace(tzinfo=UTC).timestamp())
    moments = range(last - int(days * 24 * HOUR), last + 1, step)
    return {"metric": {"__name__": name, **labels}, "values": [[moment, value] for moment in moments]}


def answer(*found: Mapping[str, Any], **more: Any) -> bytes:
    """Return the whole answer of the HTTP API."""
    told = {"status": "success", "data": {"resultType": "matrix", "result": list(found)}, **more}
    return json.dumps(told, separators=(",", ":")).encode()


def cpu(cores: Iterable[tuple[str, str, str, str]], end: str, **how: Any) -> bytes:
    """Return use and requests of (namespace, pod, used, requested) in one answer."""
    told = []
    for namespace, pod, used, requested in cores:
        told.append(series("cpu_use", used, end, namespace=namespace, pod=pod, **how))
        told.append(series("cpu_request", requested, end, namespace=namespace, pod=pod, **how))
    return answer(*told)
