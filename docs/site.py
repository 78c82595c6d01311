"""Builds the documentation as a website in build/site/html; a dead link or an unlisted page is an error."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "build/site/pages"
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def pages() -> list[Path]:
    """Return every page that git knows of, below the root."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    kept = (Path(name) for name in listed.split("\0") if name)
    return sorted(one for one in kept if "golden" not in one.parts and "fixtures" not in one.parts)


def gather() -> None:
    """Copy the pages, and the files they link to, as they lie in the repository."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for page in pages():
        _copy(page)
        for target in _LINK.findall((ROOT / page).read_text("utf-8")):
            linked = (ROOT / page.parent / target).resolve()
            if linked.is_file() and linked.is_relative_to(ROOT):
                _copy(linked.relative_to(ROOT))


def _copy(name: Path) -> None:
    (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / name, PAGES / name)


def main() -> int:
    """Build the site; return the exit status of MkDocs."""
    gather()
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "-f",
        str(ROOT / "docs/mkdocs.yml"),
    ]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
