"""Every registered collector in its world: declared, cited, read only, deterministic, honest under faults."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.evidence import MAX_EXCERPT
from cnmm_collectors.plugin import Collector, Stated, WorkItem
from cnmm_collectors.signals import Observed, Reading, Signal, SignalSpec, Unknown, split_key
from cnmm_scanner.plugins import COLLECTORS, discover, load_collectors
from contract import worlds
from contract.judging import disclosing, misshapen, tells_no_more
from contract.scans import Scan, digest, reader_of, run

NAMES = [plugin.name for plugin in discover(COLLECTORS)]
WITH_WORLD = [name for name in NAMES if worlds.known(name)]
STATES = [(name, state) for name in WITH_WORLD for state in worlds.load(name).REALITIES]
FAULTS = [(name, fault) for name in WITH_WORLD for fault in worlds.load(name).FAULTS]
SECONDS = 15.0


@dataclass(frozen=True)
class Run:
    """Two scans of the same world by fresh instances, and what changed beside them."""

    collector: Collector
    first: Scan
    second: Scan
    before: str
    after: str
    asked: tuple[str, ...]
    world: worlds.World
    sprung: tuple[Path, ...]


@cache
def fresh(name: str) -> Any:
    plugin = next(plugin for plugin in discover(COLLECTORS) if plugin.name == name)
    return plugin.load()


def make(name: str) -> Collector:
    """Return a new instance of a registered collector."""
    made: Collector = fresh(name)()
    return made


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that others than its owner may enter, so that only a fault makes a file unreadable.

    Not pytest's own, whose parents are closed to others and opened and closed again by each session.
    """
    with tempfile.TemporaryDirectory(prefix="cnmm-worlds-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def patched() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(worlds.CREDENTIAL, worlds.SECRET)
        yield


_runs: dict[tuple[str, str], Run] = {}


@pytest.fixture
def seen(request: pytest.FixtureRequest, place: Path, patched: None) -> Run:
    """The two scans of a world in one state; made once."""
    name, state = request.param
    if (name, state) not in _runs:
        _runs[name, state] = observe(name, state, place)
    return _runs[name, state]


def healthy_scan(name: str, place: Path) -> Scan:
    """Return the scan of a world in its first reality; made once."""
    key = name, worlds.load(name).REALITIES[0]
    if key not in _runs:
        _runs[key] = observe(*key, place)
    return _runs[key].first


def observe(name: str, state: str, place: Path) -> Run:
    folder = place / f"{name} {state}".replace(" ", "-")
    folder.mkdir()
    with worlds.load(name).world(folder, state) as world:
        before = digest(world.trees)
        scans = [run(make(name), world, place / "caches" / folder.name / str(turn)) for turn in (1, 2)]
        sprung = tuple(trap for trap in world.traps if trap.exists())
        return Run(make(name), *scans, before, digest(world.trees), tuple(world.asked()), world, sprung)


each_state = pytest.mark.parametrize("seen", STATES, indirect=True, ids=lambda pair: "-".join(pair))
each_fault = pytest.mark.parametrize(("name", "fault"), FAULTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_collector_has_a_world_with_every_fault_of_its_kind(name: str) -> None:
    assert worlds.known(name), f"tests/contract/worlds/{name}.py is missing: a collector needs a world"
    world = worlds.load(name)
    assert world.PARTS
    assert world.REALITIES
    for part in world.PARTS:
        missing = worlds.FAULTS_OF[part] - set(world.FAULTS)
        assert not missing, f"worlds/{name}.py has no fault {sorted(missing)}"


@pytest.mark.parametrize("name", NAMES)
def test_a_collector_is_what_the_contract_says(name: str) -> None:
    collector = load_collectors([plugin for plugin in discover(COLLECTORS) if plugin.name == name])[name]
    assert isinstance(collector, Collector)
    assert collector.signals
    assert len({spec.id for spec in collector.signals}) == len(collector.signals)
    settings = collector.Settings()
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert collector.Settings.model_json_schema()["type"] == "object"


@each_state
def test_an_item_that_may_leave_the_machine_says_where_it_is_read(seen: Run) -> None:
    """Another machine can then tell that it has no such folder; an export nobody else has stays here."""
    for item in seen.first.items:
        place = item.target.locator
        assert item.lane != "analysis" or "://" in place or Path(place).is_absolute(), item.key


@each_state
def test_a_healthy_source_is_read_without_a_crash(seen: Run) -> None:
    assert not seen.first.crashes
    assert seen.first.items


def test_every_world_has_something_to_observe(place: Path, patched: None) -> None:
    for name in WITH_WORLD:
        state = worlds.load(name).REALITIES[0]
        scan = healthy_scan(name, place)
        assert [one for one in scan.signals if isinstance(one.reading, Observed)], f"{name} in {state}"


@each_state
def test_signals_are_declared_in_canonical_spelling_about_their_kind(seen: Run) -> None:
    specs = by_id(seen.collector)
    for one in seen.first.signals:
        name, facets = split_key(one.key)
        assert name in specs, f"{one.key} is not declared"
        spec = specs[name]
        assert spec.key(**facets) == one.key
        assert one.source in {source.name for source in spec.sources}, f"{one.key} by {one.source}"
        assert one.subject.kind is spec.subject, f"{one.key} about {one.subject}"


def by_id(collector: Collector) -> dict[str, SignalSpec]:
    return {spec.id: spec for spec in collector.signals}


@each_state
def test_values_have_their_unit_and_range(seen: Run) -> None:
    specs = by_id(seen.collector)
    wrong = [
        f"{one.key} about {one.subject}: {why}"
        for one in seen.first.signals
        if isinstance(one.reading, Observed)
        for why in misshapen(one.reading.value, specs[split_key(one.key)[0]])
    ]
    assert not wrong


@each_state
def test_answers_are_cited_and_unknowns_say_why(seen: Run) -> None:
    for one in seen.first.signals:
        if isinstance(one.reading, Unknown):
            assert one.reading.detail.strip(), f"{one.key} about {one.subject} is unknown without a word"
            assert "\n" not in one.reading.detail
        else:
            assert one.reading.evidence, one.key
        for item in one.reading.evidence:
            assert item.digest.startswith("sha256:")
            assert len(item.digest) == 71
            assert item.captured_at.endswith("Z")
            assert item.collector == f"{seen.collector.name} {seen.collector.version}"
            assert len(item.excerpt) <= MAX_EXCERPT
            assert not set("\n\r\x00\x1b") & set(item.locator + item.query + item.path)
            assert item.id.startswith("sha256:")


@each_state
def test_nothing_is_answered_twice(seen: Run) -> None:
    for part in seen.first.parts:
        count = Counter((one.key, one.subject, one.source) for one in part.yields if isinstance(one, Signal))
        assert not [what for what, times in count.items() if times > 1]
    # Several items may each say that they cannot tell of the organisation: the same line, sealed once.
    whole = Counter((one.key, one.subject, one.source) for one in set(seen.first.signals))
    assert not [what for what, times in whole.items() if times > 1]
    keys = Counter(item.key for item in seen.first.items)
    assert not [key for key, times in keys.items() if times > 1]


def assert_accounted(scan: Scan) -> None:
    """Every row adds up and says why something is missing; every plan led on; every item has a row."""
    for row in scan.ledger:
        assert min(row.requested, row.received, row.skipped, row.failed) >= 0
        assert row.requested == row.received + row.skipped + row.failed
        assert not (row.skipped or row.failed) or row.cause or row.detail, row
        assert "\n" not in row.detail + row.cause + row.about
    for part in scan.parts:
        if part.item is None:
            led_on = any(other.item is not None for other in scan.parts)
            assert part.ledger or part.crash or led_on, "a plan that came to nothing says so nowhere"
        else:
            assert part.ledger or part.crash, f"item {part.item.key} is in no ledger"


@each_state
def test_the_ledger_adds_up_and_holds_every_item(seen: Run) -> None:
    assert_accounted(seen.first)


@each_state
def test_two_scans_yield_the_same(seen: Run) -> None:
    # A target may lie in the cache, of which each scan has its own.
    first, second = (
        [re.sub(r"(/caches/[^/]+/)[12]/", r"\1", repr(one)) for one in scan.yields]
        for scan in (seen.first, seen.second)
    )
    assert first == second
    assert seen.first.items == seen.second.items


@pytest.mark.parametrize("name", [name for name in WITH_WORLD if "files" in worlds.load(name).PARTS])
def test_the_state_of_files_tells_of_every_change_and_of_nothing_else(name: str, place: Path) -> None:
    """Law 7: what a later scan may use again is what it would have read."""
    collector, module = make(name), worlds.load(name)
    if not isinstance(collector, Stated):
        own = {plugin.name for plugin in discover(COLLECTORS, own_only=True)}
        assert name not in own, "files that have not changed are not read again"
        return
    healthy = states(collector, module, module.REALITIES[0], place / "stated")
    assert all(healthy.values())
    assert states(collector, module, module.REALITIES[0], place / "stated") == healthy
    for other in (*module.REALITIES[1:], *module.FAULTS):
        found = states(collector, module, other, place / "stated")
        assert all(found[key] != state for key, state in healthy.items() if key in found), other


def states(collector: Any, module: worlds.Module, state: str, folder: Path) -> dict[str, str]:
    """Return the state of each item of a world, made anew in the same place, by what is asked for."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with module.world(folder, state) as world:
        given = dict(world.settings) | ({"keep": True} if "keep" in collector.Settings.model_fields else {})
        settings, found = collector.Settings.model_validate(given), {}
        with worlds.nobody(world.as_nobody):
            for target in world.targets:
                reader = reader_of(collector, target, world, folder / "cache")
                for item in collector.plan(target, settings, reader):
                    if isinstance(item, WorkItem):
                        found[f"{item.key} {item.payload}"] = collector.state(item, settings, reader)
    return found


@each_state
def test_the_source_is_only_read(seen: Run) -> None:
    assert seen.before == seen.after
    assert not seen.sprung, "something of the source was executed"
    for request in seen.asked:
        verb, _, path = request.partition(" ")
        assert verb in ("GET", "HEAD") or (
            verb == "POST" and path.startswith(("/graphql", "/api/graphql"))
        ), request


def assert_discreet(scan: Scan, collector: Collector, world: worlds.World) -> None:
    """No credential in anything that travels, no canary in anything yielded, no small cell."""
    travelling = pickle.dumps([scan.items, collector.Settings.model_validate(dict(world.settings))])
    told = repr((scan.items, scan.yields, scan.crashes))
    assert worlds.SECRET.encode() not in travelling
    assert worlds.SECRET not in told
    assert os.environ[worlds.CREDENTIAL] == worlds.SECRET
    # A position is said, not the text: the message of a failing test is an output too.
    assert not [number for number, canary in enumerate(world.canaries) if canary in told]
    specs = by_id(collector)
    small = {
        why
        for one in scan.signals
        if isinstance(one.reading, Observed)
        for why in disclosing(one.reading.value, specs[split_key(one.key)[0]])
    }
    assert not small


@each_state
def test_no_credential_no_person_and_no_small_group_leaves(seen: Run) -> None:
    assert_discreet(seen.first, seen.collector, seen.world)


@each_fault
def test_a_fault_gives_neither_a_crash_nor_an_unproven_answer(
    name: str, fault: str, place: Path, patched: None
) -> None:
    truth = healthy_scan(name, place)
    folder = place / re.sub(r"\W+", "-", f"{name} under {fault}")
    folder.mkdir()
    with worlds.load(name).world(folder, fault) as world:
        before, started = digest(world.trees), time.monotonic()
        scan = run(make(name), world, place / "caches" / folder.name)
        took = time.monotonic() - started
        assert digest(world.trees) == before
        assert not [trap for trap in world.traps if trap.exists()], "something of the source was executed"
    assert not scan.crashes
    known = truth.readings()
    more = [
        f"{key} of {subject}: {shown(reading)} although {shown(known.get((key, subject, source)))}"
        for (key, subject, source), reading in scan.readings().items()
        if not tells_no_more(reading, known.get((key, subject, source)))
    ]
    assert not more
    assert_none_dropped(scan, truth)
    assert scan.ledger, "a scan that read nothing left no row"
    assert_accounted(scan)
    assert_discreet(scan, make(name), world)
    assert took < SECONDS


def shown(reading: Reading | None) -> str:
    """Return a reading without its evidence."""
    if isinstance(reading, Unknown):
        return f"unknown ({reading.gap.value})"
    return repr(reading.value) if isinstance(reading, Observed) else "absent" if reading else "not read"


def assert_none_dropped(scan: Scan, truth: Scan) -> None:
    """What the healthy run answers of a work item's own subject is at least unknown under a fault."""
    own = {str(subject) for item in scan.items for subject in item.subjects}
    told = {(one.key, str(one.subject)) for one in scan.signals}
    answers = [one for one in truth.signals if not isinstance(one.reading, Unknown)]
    wanted = {(one.key, str(one.subject)) for one in answers if str(one.subject) in own}
    assert not wanted - told, f"dropped without a word: {sorted(wanted - told)[:5]}"
