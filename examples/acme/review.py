#!/usr/bin/env python3
"""Write what a reviewer might say of a bundle of the sample organisation, into the file beside it."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path

MARKS = (
    {
        "criterion": "org.L3.practices-encoded",
        "mark": "accepted",
        "comment": "The copied pipelines were opened: they are copies.",
    },
    {
        "criterion": "security.L2.guidelines-maintained",
        "mark": "disputed",
        "comment": "One exception was renewed on paper before it ran out; the register does not say so.",
    },
    {
        "criterion": "ai.L1.first-use",
        "mark": "comment",
        "comment": "Ask for the register of assistants: nobody has exported it so far.",
    },
)


def main(arguments: list[str]) -> int:
    """Write BUNDLE.marks.yaml; return the exit status."""
    if len(arguments) != 1:
        print("usage: review.py BUNDLE", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    with zipfile.ZipFile(path) as bundle:
        digest = hashlib.sha256(bundle.read("manifest.json")).hexdigest()
    said = [{**mark, "subject": "org:acme", "role": "lead auditor", "dated": "2026-11-03"} for mark in MARKS]
    # JSON is YAML: a reviewer would write the latter.
    text = json.dumps({"bundle": f"sha256:{digest}", "marks": said}, indent=2)
    path.with_name(f"{path.name}.marks.yaml").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
