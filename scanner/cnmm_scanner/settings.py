"""The settings file `cnmm.yaml`: what is scanned, for whom, as of when, and how it is written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
)

from cnmm_scanner.faults import Fault
from cnmm_scanner.located import Located, read_yaml
from cnmm_scanner.sources import SourceKind
from cnmm_scanner.wording import place, said

Name = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f<>\"'`{}|\\^]+$", max_length=200)]
Model = TypeVar("Model", bound=BaseModel)
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")]


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str | Path) else value


Places = Annotated[tuple[Path, ...], BeforeValidator(_as_list)]


class SettingsFault(Fault):
    """The settings cannot be used; one line `file:line:column: message` for each error."""


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )


class Period(_Strict):
    """The first and the last day the scan looks at."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")


class Team(_Strict):
    """The repositories and components that belong to a team, by name."""

    repositories: tuple[Name, ...] = ()
    components: tuple[Name, ...] = ()


class Scope(_Strict):
    """How much there is, and who says so: without it every share of the organisation is open."""

    declared_by: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """Who counted, when and from what: shown in every report."""
    repositories: Annotated[int, Field(ge=0)] | tuple[Name, ...] | None = None
    """The number of repositories the organisation has, or their names."""
    teams: dict[Name, Team] = {}
    """What belongs to each team."""


class TargetEntry(_Strict):
    """A target that needs a credential."""

    target: str
    credential: Variable = ""
    """The NAME of the environment variable that holds the credential, never its value."""


def _form(value: object) -> str:
    return "text" if isinstance(value, str) else "entry"


AnyTarget = Annotated[
    Annotated[str, Tag("text")] | Annotated[TargetEntry, Tag("entry")], Discriminator(_form)
]


class CatalogueChoice(_Strict):
    """Which registered catalogue is used, and what this organisation changes in it."""

    id: str = "cnmm-people"
    overlay: Path | None = None
    """A YAML file with this organisation's deviations; each is named on the first page."""


class HistoryChoice(_Strict):
    """Where scans are kept, and for how long."""

    store: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """A file, or `postgresql://HOST/NAME` without a password."""
    keep_days: Annotated[int, Field(ge=1)] | None = None
    """Scans with an audit date older than this are removed; none where it is not given."""


AnyHistory = Annotated[
    Annotated[str, Tag("text")] | Annotated[HistoryChoice, Tag("entry")], Discriminator(_form)
]


class Settings(_Strict):
    """The whole of `cnmm.yaml`; paths are relative to the file."""

    organisation: Name | None = None
    as_of: date | None = None
    """The audit date; today where it is not given."""
    period: Period | None = None
    """What the scan looks back on; the 365 days before the audit date where it is not given."""
    targets: tuple[AnyTarget, ...] = ()
    """What is read: a directory, `git:URL`, or whatever an installed collector accepts."""
    sources: dict[SourceKind, Places] = {}
    """Exports, records and catalogue files, by kind: a file, a folder, a glob, or a list of these."""
    scope: Scope | None = None
    collectors: dict[str, dict[str, Any]] = {}
    """The settings of each collector, by its name."""
    catalogue: CatalogueChoice = CatalogueChoice()
    attestations: Path | None = None
    waivers: Path | None = None
    adjudications: Path | None = None
    k: Annotated[int, Field(ge=5, le=100)] = 5
    """The smallest group of people that is counted exactly."""
    history: AnyHistory | None = None
    """Where earlier scans are kept: a file, or `postgresql://HOST/NAME`; nowhere where it is not given."""
    formats: tuple[str, ...] | None = None
    """The report formats to write: html, json, markdown and terminal unless given; `all` for each."""


def read_settings(path: Path) -> Settings:
    """Return the settings of a file; raises SettingsFault or YamlFault with line and column."""
    document = read_yaml(path)
    settings = validate(Settings, document, {} if document.data is None else document.data)
    base = path.parent
    return settings.model_copy(
        update={
            "targets": tuple(_resolve_target(base, target) for target in settings.targets),
            "sources": {
                kind: tuple(base / place for place in places) for kind, places in settings.sources.items()
            },
            "catalogue": settings.catalogue.model_copy(
                update={"overlay": _resolve(base, settings.catalogue.overlay)}
            ),
            "history": _resolve_history(base, settings.history),
            **{
                name: _resolve(base, getattr(settings, name))
                for name in ("attestations", "waivers", "adjudications")
            },
        }
    )


def _resolve(base: Path, path: Path | None) -> Path | None:
    return None if path is None else base / path


def _resolve_history(base: Path, choice: str | HistoryChoice | None) -> HistoryChoice | None:
    if choice is None:
        return None
    entry = HistoryChoice(store=choice) if isinstance(choice, str) else choice
    return entry if "://" in entry.store else entry.model_copy(update={"store": str(base / entry.store)})


def _resolve_target(base: Path, entry: str | TargetEntry) -> str | TargetEntry:
    """Make a directory or file of a target relative to the settings file, as people mean it."""
    text = entry if isinstance(entry, str) else entry.target
    near = base / text.removeprefix("git:")
    if not near.exists():
        return entry
    text = ("git:" if text.startswith("git:") else "") + str(near)
    return text if isinstance(entry, str) else entry.model_copy(update={"target": text})


def validate(model: type[Model], document: Located, data: Any, at: Sequence[str | int] = ()) -> Model:
    """Return the data as the model; raises SettingsFault, all errors with their line and column."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise SettingsFault("\n".join(_explain(model, document, data, at, found))) from None


def _explain(
    model: type[BaseModel],
    document: Located,
    data: Any,
    at: Sequence[str | int],
    errors: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Return one line for each place; what several forms of a value would ask for stands in one."""
    lines: list[str] = []
    asked: dict[tuple[str | int, ...], dict[str, None]] = {}
    for error in errors:
        if error["type"] == "extra_forbidden":
            lines.append(_unknown(document, [*at, *error["loc"]], _fields_at(model, error["loc"][:-1])))
        elif error["loc"][-1:] == ("[key]",) and error["type"] in ("enum", "literal_error"):
            known = re.findall(r"'([^']+)'", error["ctx"]["expected"])
            lines.append(_unknown(document, [*at, *error["loc"][:-1]], known))
        else:
            asked.setdefault(place(data, error), {})[said(error)] = None
    for steps, words in asked.items():
        path = ".".join(map(str, steps))
        text = ", or ".join(words).replace(", or must be", ", or")
        lines.append(f"{document.at([*at, *steps])}: {f'{path}: ' if path else ''}{text}")
    return list(dict.fromkeys(lines))


def _unknown(document: Located, location: Sequence[str | int], known: Sequence[str]) -> str:
    key = str(location[-1])
    near = difflib.get_close_matches(key, known, 1)
    hint = f", did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
    return f"{document.at(location)}: unknown key {key[:60]!r}{hint}"


def _fields_at(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Return the keys that may stand in the mapping a location leads to."""
    current: type[BaseModel] | None = model
    for step in loc:
        named = (
            {field.alias or name: field for name, field in current.model_fields.items()} if current else {}
        )
        if step in named:
            current = _model_of(named[str(step)].annotation)
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_of(part))), None)


def collector_settings(settings: Settings, name: str, model: type[Any], document: Located | None) -> Any:
    """Return the collector's own settings, validated by its own model; raises SettingsFault."""
    data = settings.collectors.get(name, {})
    base = Path() if document is None else Path(document.name).parent
    if document is None:
        document = Located("settings", {}, None)
    return _rebased(validate(model, document, data, ("collectors", name)), base)


def _rebased(model: Any, base: Path) -> Any:
    """Return the settings with every path relative to the file they stand in."""

    def rebase(value: Any) -> Any:
        if isinstance(value, Path):
            return base / value.expanduser()
        if isinstance(value, BaseModel):
            return _rebased(value, base)
        return {key: rebase(one) for key, one in value.items()} if isinstance(value, dict) else value

    found = {name: getattr(model, name) for name in type(model).model_fields}
    return model.model_copy(update={name: rebase(value) for name, value in found.items()})
