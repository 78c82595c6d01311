"""What a host's rate limits allow: one limiter for each host and credential, shared by the whole process."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

LEAST_PAUSE = 60.0
"""Seconds to wait after a refusal that says nothing about when to come back."""


@dataclass(slots=True)
class Bucket:
    """One allowance of a host: how many requests are left of it, and when (monotonic) it fills again."""

    remaining: int | None = None
    fills_at: float = 0.0


@dataclass(slots=True)
class Limiter:
    """Says how long to wait before the next request; `per_minute` spaces requests evenly, 0 does not."""

    per_minute: int = 0
    pause: float = LEAST_PAUSE
    buckets: dict[str, Bucket] = field(default_factory=dict)
    held_until: float = 0.0
    refusals: int = 0
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, bucket: str) -> float:
        """Return the seconds to wait before a request of this bucket, and take the turn if it is none."""
        with self._lock:
            now = time.monotonic()
            known = self.buckets.get(bucket)
            spent = known.fills_at if known is not None and known.remaining == 0 else 0.0
            wait = max(self.held_until - now, spent - now, self._next - now, 0.0)
            if wait > 0:
                return wait
            if known is not None and known.remaining is not None:
                known.remaining = max(0, known.remaining - 1) if spent <= 0 else None
            self._next = now + (60.0 / self.per_minute if self.per_minute else 0.0)
            return 0.0

    def headroom(self, bucket: str) -> float:
        """Return how many requests are left as far as is known; what is not known is plenty."""
        known = self.buckets.get(bucket)
        if self.held_until > time.monotonic():
            return -1.0
        return float("inf") if known is None or known.remaining is None else float(known.remaining)

    def note(self, bucket: str, headers: Mapping[str, str], refused: bool) -> None:
        """Learn from an answer's headers; `refused` where the host turned the request away for its rate."""
        with self._lock:
            now = time.monotonic()
            after = _number(headers.get("retry-after"))
            reset = _until_reset(headers)
            remaining = _number(headers.get("x-ratelimit-remaining") or headers.get("ratelimit-remaining"))
            name = headers.get("x-ratelimit-resource", bucket)
            if remaining is not None and reset is not None:
                self.buckets[name] = Bucket(int(remaining), now + reset)
            if not refused:
                self.refusals = 0
                return
            self.refusals += 1
            again = after if after is not None else self.pause * 2 ** min(self.refusals - 1, 5)
            if after is None and remaining == 0 and reset is not None:
                if name == bucket:
                    return
                again = reset
            self.held_until = max(self.held_until, now + again)


def _until_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the allowance fills, by the host's own clock where it gives the time."""
    reset = _number(headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset"))
    if reset is None:
        return None
    try:
        now = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        now = time.time()
    return max(0.0, reset - now) + 1.0


def _number(text: str | None) -> float | None:
    """Return a header's number; None for none, and for what is no number from 0 to a year of seconds."""
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < 1e11 else None


_limiters: dict[tuple[str, str], Limiter] = {}
_guard = threading.Lock()


def limiter(origin: str, identity: str, per_minute: int, pause: float) -> Limiter:
    """Return the process's limiter of a host and a credential's name."""
    with _guard:
        return _limiters.setdefault((origin, identity), Limiter(per_minute, pause))
