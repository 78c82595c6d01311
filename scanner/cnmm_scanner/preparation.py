"""From the command line and the settings to a scan that can start: every fault before any reading."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import platformdirs

from cnmm_collectors import registry
from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_reports.view import Renderer
from cnmm_rules.catalogue.loader import load as load_catalogue
from cnmm_rules.catalogue.overlay import apply as apply_overlay
from cnmm_rules.criteria import Catalogue
from cnmm_scanner.canonical import document as document_bytes
from cnmm_scanner.claims import Claims, read_claims
from cnmm_scanner.collect import inputs_digest
from cnmm_scanner.faults import Fault
from cnmm_scanner.gates import Gate, check_sections
from cnmm_scanner.history.location import Location, parse_location
from cnmm_scanner.joining import load_joins
from cnmm_scanner.journal import Vault
from cnmm_scanner.kept import Kept, code_state
from cnmm_scanner.lanes import Choice
from cnmm_scanner.located import Located, read_yaml
from cnmm_scanner.manifest import tool_version
from cnmm_scanner.outputs import load_renderers
from cnmm_scanner.plugins import CATALOGUES, COLLECTORS, JOINS, Plugin, discover, find, load_collectors
from cnmm_scanner.requirements import Requirement, check_requirements
from cnmm_scanner.sealing import foreign_specs
from cnmm_scanner.settings import HistoryChoice, Settings, TargetEntry, collector_settings, read_settings
from cnmm_scanner.signature import Signer, load_signer
from cnmm_scanner.sources import HOSTS, SourceKind, source_targets, with_metrics
from cnmm_scanner.targets import parse_target, public, require_accepted
from cnmm_scanner.work import Conditions

LOOKS_BACK_DAYS = 365


class UsageFault(Fault):
    """What was asked for does not fit together."""


NO_TARGET = UsageFault("no target", "cnmm scan DIRECTORY, or `targets:` in the settings")


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator asked for on the command line, before the settings are read."""

    targets: tuple[str, ...] = ()
    config: Path | None = None
    output: Path = Path("cnmm-report")
    organisation: str | None = None
    as_of: date | None = None
    period: tuple[date, date] | None = None
    resume: bool = False
    executor: Choice = field(default_factory=Choice)
    max_calls: int | None = None
    max_wait: float | None = None
    clone: bool = True
    sample: int | None = None
    seed: int | None = None
    fresh: bool = False
    strict: bool = False
    quiet: bool = False
    log_format: str = "text"
    formats: tuple[str, ...] | None = None
    sign_key: Path | None = None
    own_only: bool = False
    gates: tuple[Gate, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    history: str | None = None
    fail_on_regression: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan that can start: settings validated, plug-ins loaded, catalogue read, targets accepted."""

    order: Order
    settings: Settings
    organisation: str
    as_of: date
    period: tuple[date, date]
    targets: tuple[Target, ...]
    collectors: Mapping[str, Any]
    collector_settings: Mapping[str, Any]
    joins: tuple[Any, ...]
    plugins: tuple[Plugin, ...]
    catalogue: Catalogue
    catalogue_files: Mapping[str, bytes]
    overlay: bytes | None
    renderers: Mapping[str, Renderer]
    signer: Signer | None = field(repr=False)
    history: Location | None = None
    keep_days: int | None = None
    baseline: bytes | None = None

    @property
    def org(self) -> Subject:
        """The organisation as a subject."""
        return Subject.safe(SubjectKind.ORG, self.organisation)

    def keep(self) -> Kept | None:
        """Return what earlier scans kept; None where everything is to be read, or it is not private."""
        return None if self.order.fresh else Kept.open(platformdirs.user_cache_path("cnmm"))

    def conditions(self, vault: Vault, kept: Kept | None = None) -> Conditions:
        """Return what every worker of this run needs to know."""
        # A scan that goes on under an older key cannot read what lies under another.
        usable = kept is not None and kept.key == vault.key
        return Conditions(
            settings=self.collector_settings,
            as_of=self.as_of,
            period=self.period,
            now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            cache=platformdirs.user_cache_path("cnmm"),
            own_only=self.order.own_only,
            vault_key=vault.key,
            kept=kept.folder if kept is not None and usable else None,
            code=code_state() if usable else "",
        )

    def inputs(self) -> dict[str, str]:
        """Return, by collector, the digest of all that a journalled item of it depends on."""
        versions = {plugin.name: plugin.version for plugin in self.plugins if plugin.group == COLLECTORS}
        period = [day.isoformat() for day in self.period]
        return {
            name: inputs_digest(
                f"{versions[name]} {collector.version}",
                self.collector_settings[name].model_dump(mode="json", exclude={"max_wait"}),
                self.as_of.isoformat(),
                period,
                tool_version(),
            )
            for name, collector in self.collectors.items()
        }

    def run_document(self, complete: bool) -> dict[str, Any]:
        """Return `inputs/run.json`: what the assessment is a function of beside the facts."""
        return {
            "organisation": self.organisation,
            "as_of": self.as_of.isoformat(),
            "period": {"from": self.period[0].isoformat(), "to": self.period[1].isoformat()},
            "k": self.settings.k,
            "complete": complete,
            "targets": sorted(f"{one.kind}:{public(one)}" for one in self.targets),
        }

    def claims(self) -> Claims:
        """Return what the attestation folders state about rows, beside the records that they are."""
        places = self.settings.sources.get(SourceKind.ATTESTATIONS, ())
        known = frozenset(row.id for row in self.catalogue.criteria)
        return read_claims(places, known, self.org, self.as_of)

    def about(self, complete: bool) -> dict[str, Any]:
        """Return what the manifest says of this scan."""
        return {
            "organisation": self.organisation,
            "as_of": self.as_of.isoformat(),
            "complete": complete,
            "catalogue": {"id": self.catalogue.id, "version": self.catalogue.version},
            "plugins": [plugin.to_json() for plugin in sorted(self.plugins)],
            "parent": "",
        }


def prepare(order: Order, *, rendered: bool = True, aimless: bool = False) -> Scan:
    """Return the scan an order describes; raises Fault for whatever the operator must mend first.

    `aimless` lets an order without any target pass, for one who asks what there would be to read.
    """
    document = None if order.config is None else read_yaml(order.config)
    settings = Settings() if order.config is None else read_settings(order.config)
    plugins = discover(COLLECTORS, order.own_only)
    collectors = load_collectors(plugins)
    _check_names(settings, collectors, document)
    targets = _targets(order, settings, aimless)
    organisation = order.organisation or settings.organisation or _name_of(targets)
    targets = tuple(replace(one, facts=(*one.facts, ("organisation", organisation))) for one in targets)
    targets = tuple(with_metrics(one, settings.sources) for one in targets)
    org = Subject.safe(SubjectKind.ORG, organisation)
    targets = (*targets, *source_targets(settings.sources, org, settings.k, targets))
    require_accepted(targets, collectors.values())
    as_of = order.as_of or settings.as_of or datetime.now(UTC).date()
    joiners = discover(JOINS, order.own_only)
    joins = load_joins(joiners)
    source = find(CATALOGUES, settings.catalogue.id, order.own_only)
    files = dict(source.load().files())
    specs = [spec for one in (*collectors.values(), *joins) for spec in one.signals]
    signals = {**registry.load(), **{spec.id: spec for spec in foreign_specs(specs)}}
    overlay = _read_overlay(settings.catalogue.overlay)
    catalogue = load_catalogue(files, signals)
    if overlay is not None:
        catalogue = apply_overlay(catalogue, str(settings.catalogue.overlay), overlay)
    check_sections(order.gates, [section.id for section in catalogue.sections])
    check_requirements(order.requirements, catalogue, signals)
    history, keep_days = _history(order, settings)
    return Scan(
        order=order,
        settings=settings,
        organisation=organisation,
        as_of=as_of,
        period=_period(order, settings, as_of),
        targets=targets,
        collectors=collectors,
        collector_settings={
            name: _ordered(collector_settings(settings, name, one.Settings, document), order)
            for name, one in collectors.items()
        },
        joins=joins,
        plugins=(*plugins, *joiners, source),
        catalogue=catalogue,
        catalogue_files=files,
        overlay=overlay,
        renderers=load_renderers(order.formats or settings.formats, order.own_only) if rendered else {},
        signer=None if order.sign_key is None else load_signer(order.sign_key),
        history=history,
        keep_days=keep_days,
        baseline=None if history is None else _baseline(history, organisation, as_of, catalogue),
    )


def renamed(scan: Scan, organisation: str, targets: tuple[Target, ...]) -> Scan:
    """Return the scan under another spelling of its organisation, with what earlier scans left under it."""
    if (organisation, targets) == (scan.organisation, scan.targets):
        return scan
    past, as_of = scan.history, scan.as_of
    baseline = None if past is None else _baseline(past, organisation, as_of, scan.catalogue)
    return replace(scan, organisation=organisation, targets=targets, baseline=baseline)


def _ordered(settings: Any, order: Order) -> Any:
    """Return a collector's settings with what the command line says besides, where the collector knows it."""
    known = type(settings).model_fields
    given = {"max_wait": order.max_wait, "sample": order.sample, "seed": order.seed}
    more: dict[str, Any] = {
        name: value for name, value in given.items() if value is not None and name in known
    }
    if not order.clone and "clone" in known:
        more["clone"] = False
    return settings.model_copy(update=more) if more else settings


def _history(order: Order, settings: Settings) -> tuple[Location | None, int | None]:
    kept = settings.history
    entry = HistoryChoice(store=kept) if isinstance(kept, str) else kept
    keep_days = None if entry is None else entry.keep_days
    store = order.history or (None if entry is None else entry.store)
    if store is None:
        if order.fail_on_regression:
            raise UsageFault("--fail-on-regression without a history", "give --history, or `history:`")
        return None, None
    return parse_location(store), keep_days


def _baseline(history: Location, organisation: str, as_of: date, catalogue: Catalogue) -> bytes | None:
    """Return what to seal of earlier measures; also opens the history before anything is read."""
    from cnmm_scanner.history.past import read_baseline

    found = read_baseline(history, organisation, as_of, catalogue)
    return document_bytes(found) if found else None


def _check_names(settings: Settings, collectors: Mapping[str, Any], document: Located | None) -> None:
    for name in settings.collectors:
        if name not in collectors:
            where = document.at(["collectors", name]) if document else "settings"
            near = difflib.get_close_matches(name, collectors, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"installed are {', '.join(collectors)}"
            raise UsageFault(f"{where}: no collector is called {name[:60]!r}", hint)


def _read_overlay(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageFault(f"{path}: cannot be read: {error.strerror}", "catalogue.overlay") from error


def _targets(order: Order, settings: Settings, aimless: bool) -> tuple[Target, ...]:
    entries: tuple[str | TargetEntry, ...] = order.targets or settings.targets
    if not entries and not settings.sources and not aimless:
        raise NO_TARGET
    return tuple(
        parse_target(entry) if isinstance(entry, str) else parse_target(entry.target, entry.credential)
        for entry in entries
    )


def _period(order: Order, settings: Settings, as_of: date) -> tuple[date, date]:
    if order.period is not None:
        start, end = order.period
    elif settings.period is not None:
        start, end = settings.period.start, settings.period.end
    else:
        start, end = as_of - timedelta(days=LOOKS_BACK_DAYS), as_of
    if not start <= end <= as_of:
        raise UsageFault(f"period {start}..{end} does not end by the audit date {as_of}", "give --period")
    return start, end


def _name_of(targets: tuple[Target, ...]) -> str:
    """Return what to call an organisation nobody named: its one target's name, or `given-targets`.

    On a host the owner is the organisation, also where one repository of it is asked for.
    """
    if len(targets) != 1:
        return "given-targets"
    parts = targets[0].locator.rstrip("/").split("/")
    name = parts[0] if targets[0].kind in HOSTS else parts[-1].removesuffix(".git")
    return Subject.safe(SubjectKind.ORG, name or "given-targets").name
