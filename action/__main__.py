"""What the action's steps run: `python -I action scan|tell|gate`, every input from the environment."""

from __future__ import annotations

import sys
from importlib import import_module

from runner import Refused, say_error

STEPS = ("scan", "tell", "gate")


def main() -> int:
    """Run the step that is named, which alone is loaded; return its exit status."""
    name = STEPS[STEPS.index(sys.argv[1])]
    try:
        status: int = getattr(import_module(name), name)()
        return status
    except Refused as refused:
        say_error("cnmm", str(refused))
        return 2


if __name__ == "__main__":
    sys.exit(main())
