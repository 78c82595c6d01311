"""The list of drills that the example of a third-party plug-in reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.plugin import Target
from contract.worlds import World
from contract.worlds.files import FAULTS as OF_FILES
from contract.worlds.files import damage

PARTS = ("files",)
REALITIES = ("whole", "no date", "an empty list")
FAULTS = tuple(fault for fault in OF_FILES if fault != "cut off")
LINES = {
    "no date": "checkout,soon\npayments,2026-10-02\n",
    "an empty list": "",
}


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Write the list."""
    path = folder / "drills.csv"
    path.write_text(
        "repository,held_on\n" + LINES.get(state, "checkout,2026-09-14\nsearch,2025-01-30\nstock,\n")
    )
    if state not in REALITIES:
        damage(path, state)
    target = Target("drills", str(path), facts=(("organisation", "acme"),))
    yield World((target,), trees=(folder,), as_nobody=state == "unreadable")
