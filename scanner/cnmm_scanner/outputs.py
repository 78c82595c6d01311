"""Reports: renderers found by name, their files written into the output folder, all or nothing each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnmm_reports.view import Renderer, build_view
from cnmm_rules.criteria import Catalogue
from cnmm_scanner.faults import Fault
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.plugins import RENDERERS, discover, find_all

BUNDLE = "bundle.cnmm"
SCREEN = "terminal"
_USUAL, _WIDEST = 100, 120
DEFAULT_FORMATS = ("html", "json", "markdown", SCREEN)
EVERY = "all"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class OutputFault(Fault):
    """The output folder cannot be written, or a renderer names a file outside it."""


def load_renderers(formats: Sequence[str] | None, own_only: bool) -> dict[str, Renderer]:
    """Return the renderers of the formats: the usual for None, each for `all`; raises PluginFault.

    A format may name several, separated by commas.
    """
    given = DEFAULT_FORMATS if formats is None else formats
    names = [name.strip() for each in given for name in each.split(",")]
    every = EVERY in names
    wanted = discover(RENDERERS, own_only) if every else find_all(RENDERERS, names, own_only)
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
    assessment: bytes,
    catalogue: Catalogue,
    renderers: Mapping[str, Renderer],
    output: Path,
    bundle: Path | None = None,
    beside: Mapping[str, Any] | None = None,
) -> tuple[list[Path], bytes]:
    """Write every format and the sealed assessment; return the files, and what is for the screen."""
    files, screen = render_files(assessment, catalogue, fitted(renderers), bundle, beside)
    return [write_file(output, name, data) for name, data in sorted(files.items())], screen


def fitted(renderers: Mapping[str, Renderer]) -> dict[str, Renderer]:
    """Return the renderers, the one for the screen as wide as the terminal it goes to and in its colours."""
    found = dict(renderers)
    fit = getattr(found.get(SCREEN), "fit", None)
    if fit is not None and sys.stdout.isatty():
        columns = os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "dumb") == "dumb"
        found[SCREEN] = fit(colour=not plain, width=min(_WIDEST, columns))
    return found


def render_files(
    assessment: bytes,
    catalogue: Catalogue,
    renderers: Mapping[str, Renderer],
    bundle: Path | None = None,
    beside: Mapping[str, Any] | None = None,
) -> tuple[dict[str, bytes], bytes]:
    """Return the files of every format with the assessment itself, and what is for the screen.

    `beside` is what the view shows beside the assessment: `diff`, `trend`, `marks`, `plugins`.
    Renderers that attest come last and see the digests of all other files and of the bundle.
    """
    document: dict[str, Any] = json.loads(assessment)
    view = replace(build_view(document, catalogue), **(beside or {}))
    files: dict[str, bytes] = {}
    screen = b""
    last = [name for name in sorted(renderers) if getattr(renderers[name], "attests", False)]
    for name, renderer in sorted(renderers.items()):
        made = {} if name in last else renderer.render(view)
        if name == SCREEN:
            screen = b"".join(made[key] for key in sorted(made))
        else:
            files.update(made)
    # The sealed bytes are the contract: no renderer may write other ones under that name.
    files[ASSESSMENT] = assessment
    view = replace(view, artefacts=_digests(files, bundle)) if last else view
    for name in last:
        files = {**renderers[name].render(view), **files}
    return files, screen


def _digests(files: Mapping[str, bytes], bundle: Path | None) -> dict[str, str]:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    if bundle is not None:
        with bundle.open("rb") as file:
            digests[BUNDLE] = hashlib.file_digest(file, "sha256").hexdigest()
    return {name: f"sha256:{digest}" for name, digest in sorted(digests.items())}


def write_file(output: Path, name: str, data: bytes) -> Path:
    """Write a file below the output folder in one step; raises OutputFault."""
    if not _NAME.fullmatch(name) or ".." in name or name == BUNDLE:
        raise OutputFault(f"a renderer names the file {name[:80]!r}: not below the output folder")
    path = output / name
    part = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(prefix=".part-", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(part).chmod(0o644)
        Path(part).replace(path)
    except OSError as error:
        if part:
            Path(part).unlink(missing_ok=True)
        raise OutputFault(f"{path}: cannot be written: {error.strerror}") from error
    return path
