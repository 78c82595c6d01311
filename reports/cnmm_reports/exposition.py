"""Several organisations' metrics as one exposition: what a scrape of all of them reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

END = "# EOF"


def join_metrics(texts: Iterable[bytes]) -> bytes:
    """Return one exposition of several organisations: every family once, its samples together."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        for said in text.decode().splitlines():
            if said.startswith("# ") and said != END:
                head = heads.setdefault(said.split(" ")[2], [])
                head.extend([said] if said not in head else [])
            elif said != END:
                samples[said.partition("{")[0]].append(said)
    lines = chain.from_iterable((*head, *samples[name]) for name, head in heads.items())
    return "\n".join((*lines, END, "")).encode()
