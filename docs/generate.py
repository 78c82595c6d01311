"""Writes docs/reference/ from the program itself; with `--check`, says which file differs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from cnmm_collectors import registry
from cnmm_collectors.hosts.support import UNASKED, Need, cell, roles, signals_of
from cnmm_collectors.signals import SignalSpec
from cnmm_reports.catalogue_page import render_markdown
from cnmm_rules import catalogue as published
from cnmm_rules import siblings
from cnmm_rules.catalogue.loader import load
from cnmm_scanner.cli import cnmm
from cnmm_scanner.commands.catalogue import SCHEMAS
from cnmm_scanner.plugins import COLLECTORS, discover

REFERENCE = Path(__file__).parent / "reference"
WIDTH = 100
NOTE = "<!-- Written by docs/generate.py; change the code or the data instead. -->\n\n"


def pages() -> dict[str, bytes]:
    """Return every generated file by its name below docs/reference."""
    made = {f"catalogue/{name}": data for name, data in _catalogue().items()}
    for name, lines in (
        ("cli.md", _cli()),
        ("settings.md", _settings()),
        ("schemas.md", _schemas()),
        ("hosts.md", _hosts()),
    ):
        made[name] = ("\n".join(lines) + "\n").encode()
    return {name: NOTE.encode() + data for name, data in sorted(made.items())}


def _catalogue() -> Mapping[str, bytes]:
    files = published.files()
    catalogue = load(files, registry.load())
    cases: dict[str, list[siblings.CaseResult]] = {}
    for result in siblings.run(files, catalogue):
        cases.setdefault(result.criterion, []).append(result)
    return render_markdown(catalogue, cases)


def _cli() -> Iterator[str]:
    yield "# Command line"
    for path, command in _commands(cnmm, "cnmm"):
        context = click.Context(
            command,
            info_name=path,
            terminal_width=WIDTH,
            max_content_width=WIDTH,
            help_option_names=["-h", "--help"],
        )
        yield f"\n## {path}\n\n```text"
        yield command.get_help(context)
        yield "```"


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands(inner, f"{path} {name}")


def _settings() -> Iterator[str]:
    yield "# Settings\n\nThe file `cnmm.yaml`, given with `-c`. Paths in it are relative to it."
    yield from _tables(SCHEMAS["settings"](), "cnmm.yaml")
    for plugin in discover(COLLECTORS, own_only=True):
        model = plugin.load().Settings.model_json_schema()
        yield from _tables(model, f"collectors: {plugin.name}")


def _schemas() -> Iterator[str]:
    yield "# File formats\n\n`cnmm schema NAME` prints each as JSON Schema, for an editor to check against."
    for name, make in sorted(SCHEMAS.items()):
        if name != "settings":
            yield from _tables(make(), name)


TIERS = ("Free", "Premium", "Ultimate")


def _hosts() -> Iterator[str]:
    """Yield what each signal about a host takes: the permission on GitHub, role and tier on GitLab."""
    (gitlab,) = (plugin for plugin in discover(COLLECTORS, own_only=True) if plugin.name == "gitlab")
    needs = gitlab.load().support
    yield "# Hosts\n\nWhat each signal takes on each host. A signal means the same on both; what a tier, role"
    yield "or permission does not show is unknown, with that reason, and never counted as absent.\n"
    tiers = " | ".join(f"GitLab {tier}" for tier in TIERS)
    yield f"| Signal | GitHub: least permission | GitLab: least role | {tiers} |"
    yield "| --- | --- | --- | --- | --- | --- |"
    known = signals_of(needs)
    for spec in registry.declared(("host", "codeowners", "iam", "ci", "docs")):
        on_github = any(source.name == "github" for source in spec.sources)
        if not spec.id.startswith(("ci.", "docs.")) or spec.id in known or on_github:
            yield from _host_row(spec, needs)
    yield "\nWhat GitLab answers is grouped as `cnmm doctor gitlab:GROUP` prints it:\n"
    yield "| Group | Least role | Least tier | Signals |"
    yield "| --- | --- | --- | --- |"
    for need in needs:
        signals = ", ".join(f"`{one}`" for one in need.signals) or "none alone"
        yield f"| {need.group} | {need.role} | {TIERS[need.tier - 1]} | {signals} |"
    yield "\nSignals of these families that a host does not answer alone:\n"
    yield "| Signal | Source | What it takes |"
    yield "| --- | --- | --- |"
    for spec in registry.declared(("host", "codeowners", "iam")):
        if not {"github", "gitlab"} & {source.name for source in spec.sources}:
            source = spec.sources[0]
            yield f"| `{spec.id}` | {source.name} | {_cell(source.permission)} |"
    yield "\nWhat hosts could tell and are not asked for: it would be read wrongly, or tell of persons.\n"
    yield "| What | Host | Why not |"
    yield "| --- | --- | --- |"
    yield from (f"| {what} | {host} | {why} |" for what, host, why in UNASKED)


def _host_row(spec: SignalSpec, needs: Sequence[Need]) -> Iterator[str]:
    permissions = {source.name: source.permission for source in spec.sources}
    if not {"github", "gitlab"} & permissions.keys():
        return
    known = spec.id in signals_of(needs)
    cells = [cell(needs, spec.id, tier) if known else "not read" for tier, _ in enumerate(TIERS, 1)]
    role = roles(needs, spec.id) if known else "not read"
    github = _cell(permissions.get("github", "not answered"))
    yield f"| `{spec.id}` | {github} | {role} | {' | '.join(cells)} |"


def _tables(schema: Mapping[str, Any], title: str) -> Iterator[str]:
    """Yield a heading and a table of keys for a schema, then for each of its parts that has keys."""
    yield f"\n## {title}\n"
    yield from _table(schema)
    for name, part in sorted(schema.get("$defs", {}).items()):
        if part.get("properties"):
            yield f"\n### {_called(part, name)}\n"
            yield from _table(part)


def _called(part: Mapping[str, Any], name: str) -> str:
    return str(part.get("title", name))


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema.get("description"):
        yield f"{' '.join(schema['description'].split())}\n"
    required = set(schema.get("required", ()))
    yield "| Key | Holds | Default | Meaning |"
    yield "| --- | --- | --- | --- |"
    for key, part in schema.get("properties", {}).items():
        default = "required" if key in required else _default(part.get("default"))
        meaning = " ".join(str(part.get("description", "")).split())
        yield f"| `{key}` | {_cell(_type(part))} | {default} | {_cell(meaning)} |"


def _default(value: Any) -> str:
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"`{key}: {inner}`" for key, inner in value.items())
    if isinstance(value, list) and len(value) > 5:
        return f"{len(value)} values"
    return f"`{_cell(str(value))}`"


def _type(part: Mapping[str, Any]) -> str:
    """Return what a key may hold, in a few words."""
    if "$ref" in part:
        return str(part["$ref"]).rsplit("/", 1)[-1]
    if "enum" in part:
        return ", ".join(str(value) for value in part["enum"])
    if "const" in part:
        return str(part["const"])
    for form in ("anyOf", "oneOf"):
        if form in part:
            return " or ".join(dict.fromkeys(_type(one) for one in part[form] if one.get("type") != "null"))
    kind = part.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_type(part.get('items', {}))}"
    return str(part.get("format", kind)) + _bounds(part)


def _bounds(part: Mapping[str, Any]) -> str:
    said = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most"}
    found = [f"{word} {part[key]}" for key, word in said.items() if key in part]
    return f", {', '.join(found)}" if found else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def stale(made: Mapping[str, bytes], folder: Path) -> list[str]:
    """Return one line for each file that is missing, differs, or is no longer written."""
    found = []
    for name, data in made.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path} is missing")
        elif path.read_bytes() != data:
            found.append(f"{path} differs from what the program says")
    known = {folder / name for name in made}
    found += [f"{path} is no longer written" for path in sorted(folder.rglob("*.md")) if path not in known]
    return found


def write(made: Mapping[str, bytes], folder: Path) -> None:
    """Write every page, and remove those that are no longer written."""
    for path in sorted(folder.rglob("*.md")):
        if str(path.relative_to(folder)) not in made:
            path.unlink()
    for name, data in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def main(arguments: list[str] | None = None) -> int:
    """Write the reference, or with --check say what differs; exit status 1 where anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    parser.add_argument("--to", type=Path, default=REFERENCE, help="another folder than docs/reference")
    options = parser.parse_args(arguments)
    made = pages()
    if not options.check:
        write(made, options.to)
        return 0
    found = stale(made, options.to)
    for line in found:
        print(f"{line}: run docs/generate.py", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
