"""What the action's steps run: `python -I action scan|tell|gate`, every input from the environment."""

from __future__ import annotations

import sys

from gate import gate
from runner import Refused, say_error
from scan import scan
from tell import tell

STEPS = {"scan": scan, "tell": tell, "gate": gate}


def main() -> int:
    """Run the step that is named; return its exit status."""
    try:
        return STEPS[sys.argv[1]]()
    except Refused as refused:
        say_error("cnmm", str(refused))
        return 2


if __name__ == "__main__":
    sys.exit(main())
