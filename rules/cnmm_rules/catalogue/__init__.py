"""The published catalogue as data, and the way from YAML to criteria."""

from __future__ import annotations

from importlib import resources


def files() -> dict[str, bytes]:
    """Return the published People catalogue: its YAML files by name, test files included."""
    folder = resources.files(__package__).joinpath("people")
    return {
        item.name: item.read_bytes()
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".yaml")
    }
