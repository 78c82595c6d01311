"""A scan on one screen: collect, seal, assess, render."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from cnmm_collectors.plugin import Collected
from cnmm_scanner.baseline import BASELINE
from cnmm_scanner.bundle import OVERLAY, RUN, Bundle, write_bundle
from cnmm_scanner.canonical import document
from cnmm_scanner.collect import Collection, Outcome
from cnmm_scanner.container import Content, held
from cnmm_scanner.derive import derive
from cnmm_scanner.gates import failed_gates
from cnmm_scanner.joining import run_joins
from cnmm_scanner.journal import Journal
from cnmm_scanner.kept import NOT_PRIVATE, Kept
from cnmm_scanner.lanes import Lanes
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.outputs import BUNDLE, make_folder, render
from cnmm_scanner.plugins import foreign
from cnmm_scanner.preparation import Scan
from cnmm_scanner.progress import Progress
from cnmm_scanner.requirements import unmet_requirements
from cnmm_scanner.sealing import catalogue_members, declared_repositories, item_lines, scope_lines, spool
from cnmm_scanner.spelling import as_spelled
from cnmm_scanner.statements import FILES, read_statements
from cnmm_scanner.work import Worker

OK, GATE, INCOMPLETE, INTERRUPTED = 0, 1, 3, 130


@dataclass(frozen=True, slots=True)
class Done:
    """What a scan left behind: its exit status, files, lines to say, and what is for the screen."""

    status: int
    bundle: Path
    files: tuple[Path, ...]
    said: tuple[str, ...]
    screen: bytes


def run_scan(scan: Scan, progress: Progress, *, assessed: bool = True) -> Done:
    """Collect, seal, assess, render; `assessed` False stops at the sealed facts. Raises Fault."""
    output = make_folder(scan.order.output)
    kept = scan.keep()
    if kept is None and not scan.order.fresh:
        progress.note(f"nothing is kept for the next scan: {NOT_PRIVATE}")
    with Journal(output, resume=scan.order.resume, key=kept.key if kept else b"") as journal:
        scan = as_spelled(scan, Worker(scan.conditions(journal.vault, kept)))
        outcome = collect(scan, journal, progress, kept)
        facts = seal(scan, journal, outcome)
        if not assessed:
            facts.replace(output / BUNDLE)
            status, said = _status(scan, outcome, {})
            done = Done(status, output / BUNDLE, (), said, b"")
        else:
            assessment = assess(scan, facts, output / BUNDLE)
            told = json.loads(assessment)
            beside, regressed = _look_back(scan, told)
            beside["plugins"] = foreign(scan.plugins)
            files, screen = render(
                assessment, scan.catalogue, scan.renderers, output, output / BUNDLE, beside
            )
            missed = (*regressed, *_missed(scan, output / BUNDLE, told))
            status, said = _status(scan, outcome, told, missed)
            done = Done(status, output / BUNDLE, tuple(files), said, screen)
        if not outcome.interrupted:
            journal.remove()
    if assessed:
        _remember(scan, output / BUNDLE)
    return done


def collect(scan: Scan, journal: Journal, progress: Progress, kept: Kept | None = None) -> Outcome:
    """Read every target into the journal, then join what several sources say of the same people."""
    conditions = scan.conditions(journal.vault, kept)
    worker = Worker(conditions)
    with Lanes(scan.order.executor, conditions, worker) as lanes:
        collection = Collection(worker, journal, lanes, progress, scan.inputs(), scan.order.max_calls)
        outcome = collection.run(scan.targets)
    if outcome.unmoved:
        progress.note(
            f"{outcome.unmoved} of {len(outcome.items)} pieces of work had not changed since they were read"
        )
    context = {
        "organisation": scan.org,
        "as_of": scan.as_of,
        "period": scan.period,
        "now": conditions.now,
        "k": scan.settings.k,
        "settled": outcome.complete,
    }
    declared = declared_repositories(scan.settings.scope)
    names, failed = run_joins(scan.joins, journal, list(outcome.items), worker, context, declared)
    outcome.items.update(dict.fromkeys([*names, _list_claims(scan, journal, worker)]))
    outcome.failed += failed
    return outcome


def _list_claims(scan: Scan, journal: Journal, worker: Worker) -> str:
    """Journal what is to be said of statements about rows; return the name to seal."""
    finished = worker.finish("statements", "", Collected(ledger=scan.claims().rows))
    journal.add([finished.line])
    return finished.item


def seal(scan: Scan, journal: Journal, outcome: Outcome) -> Path:
    """Write the bundle of facts, without an assessment, into the work folder; return its path."""
    folder = journal.folder / "spool"
    shutil.rmtree(folder, ignore_errors=True)
    lines = chain(item_lines(journal.bodies(outcome.items)), scope_lines(scan.settings.scope, scan.org))
    members: dict[str, Content] = {**spool(lines, folder), **dict(_inputs(scan, outcome.complete))}
    specs = [spec for one in (*scan.collectors.values(), *scan.joins) for spec in one.signals]
    members.update(catalogue_members(scan.catalogue_files, specs))
    write_bundle(journal.folder / BUNDLE, members, scan.about(outcome.complete), scan.signer)
    return journal.folder / BUNDLE


def _inputs(scan: Scan, complete: bool) -> Iterator[tuple[str, Content]]:
    yield RUN, held(document(scan.run_document(complete)))
    if scan.settings.scope is not None:
        yield "inputs/scope.json", held(document(scan.settings.scope.model_dump(mode="json")))
    if scan.overlay is not None:
        yield OVERLAY, held(scan.overlay)
    if scan.baseline is not None:
        yield BASELINE, held(scan.baseline)
    for kind in FILES:
        found = read_statements(kind, getattr(scan.settings, kind))
        if kind == "attestations":
            found = sorted([*found, *scan.claims().sealed], key=lambda one: sorted(one.items()))
        if found:
            yield f"inputs/{kind}.json", held(document(found))


def assess(scan: Scan, facts: Path, target: Path) -> bytes:
    """Derive the assessment from the sealed facts and write the whole bundle; return the assessment."""
    with Bundle(facts) as bundle:
        assessment = derive(bundle)
        members = {**bundle.members(), ASSESSMENT: held(assessment)}
        write_bundle(target, members, scan.about(bundle.manifest.complete), scan.signer)
    return assessment


def _missed(scan: Scan, path: Path, assessment: dict[str, Any]) -> tuple[str, ...]:
    """Return a line for each required row or signal that falls short, judged from what was sealed."""
    if not scan.order.requirements:
        return ()
    with Bundle(path) as bundle:
        wanted, specs = scan.order.requirements, bundle.signals()
        return tuple(unmet_requirements(wanted, assessment, bundle.facts(), specs))


def _look_back(scan: Scan, assessment: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what reports show of earlier scans, and the lines of a regression gate that is not met."""
    if scan.history is None:
        return {}, ()
    from cnmm_scanner.history.past import look_back

    past = look_back(scan.history, assessment)
    gated = scan.order.fail_on_regression
    return {"diff": past.diff, "trend": past.trend}, past.regressed if gated else ()


def _remember(scan: Scan, bundle: Path) -> None:
    if scan.history is not None:
        from cnmm_scanner.history.past import remember

        remember(scan.history, bundle, scan.keep_days)


def _status(
    scan: Scan, outcome: Outcome, assessment: dict[str, Any], missed: tuple[str, ...] = ()
) -> tuple[int, tuple[str, ...]]:
    said = [*failed_gates(assessment, scan.order.gates), *missed] if assessment else []
    status = GATE if said else OK
    lost = assessment["ledger"]["failed"] if assessment else 0
    if scan.order.strict and (not outcome.complete or lost):
        status = INCOMPLETE
        said.append(f"incomplete: {outcome.failed} items and {lost} ledger entries failed")
    if outcome.interrupted:
        status = INTERRUPTED
        said.append("interrupted: the bundle is marked incomplete; go on with --resume")
    return status, tuple(said)
