"""`python -m cnmm_scanner` is `cnmm`."""

from __future__ import annotations

from cnmm_scanner.cli import main

if __name__ == "__main__":
    main()
