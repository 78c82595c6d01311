"""Reports: renderers found by name, their files written into the output folder, all or nothing each."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnmm_reports.view import Renderer, build_view
from cnmm_rules.criteria import Catalogue
from cnmm_scanner.faults import Fault
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.plugins import RENDERERS, discover, find

BUNDLE = "bundle.cnmm"
SCREEN = "terminal"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class OutputFault(Fault):
    """The output folder cannot be written, or a renderer names a file outside it."""


def load_renderers(formats: Sequence[str] | None, own_only: bool) -> dict[str, Renderer]:
    """Return the renderers of the formats, all where None is given; raises PluginFault."""
    known = discover(RENDERERS, own_only)
    wanted = (
        known if formats is None else [find(RENDERERS, name, own_only) for name in dict.fromkeys(formats)]
    )
    return {plugin.name: plugin.load()() for plugin in wanted}


def make_folder(output: Path) -> Path:
    """Create the output folder where it is missing; raises OutputFault."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFault(f"{output}: cannot be created: {error.strerror}") from error
    if not os.access(output, os.W_OK | os.X_OK):
        raise OutputFault(f"{output}: not permitted to write there")
    return output


def render(
    assessment: bytes, catalogue: Catalogue, renderers: Mapping[str, Renderer], output: Path
) -> tuple[list[Path], bytes]:
    """Write every format and the sealed assessment; return the files, and what is for the screen."""
    document: dict[str, Any] = json.loads(assessment)
    view = build_view(document, catalogue)
    files: dict[str, bytes] = {}
    screen = b""
    for name, renderer in sorted(renderers.items()):
        made = renderer.render(view)
        if name == SCREEN:
            screen = b"".join(made[key] for key in sorted(made))
        else:
            files.update(made)
    # The sealed bytes are the contract: no renderer may write other ones under that name.
    files[ASSESSMENT] = assessment
    return [write_file(output, name, data) for name, data in sorted(files.items())], screen


def write_file(output: Path, name: str, data: bytes) -> Path:
    """Write a file below the output folder in one step; raises OutputFault."""
    if not _NAME.fullmatch(name) or ".." in name or name == BUNDLE:
        raise OutputFault(f"a renderer names the file {name[:80]!r}: not below the output folder")
    path = output / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(prefix=".part-", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(part).chmod(0o644)
        Path(part).replace(path)
    except OSError as error:
        raise OutputFault(f"{path}: cannot be written: {error.strerror}") from error
    return path
