"""The collection loop: targets to work items to journal lines, until no target and no item is left."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from typing import Any

from cnmm_collectors.plugin import Collected, Collector, LedgerRow, Target, WorkItem
from cnmm_collectors.signals import Gap
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.canonical import digest, document
from cnmm_scanner.contract import keep
from cnmm_scanner.journal import Journal
from cnmm_scanner.lanes import Lanes
from cnmm_scanner.progress import Progress
from cnmm_scanner.records import SHAPE, target_from_json, target_to_json
from cnmm_scanner.work import SEEN, Crash, Finished, Worker, attempt, item_name, unread

_TOLD = 5
_PLACES = frozenset({SubjectKind.REPO, SubjectKind.CLUSTER})
_FILES = 40
_LOST = {"KilledWorker": "its process was killed"}


@dataclass(slots=True)
class Outcome:
    """What became of a collection; `items` are the journal's names that make up the bundle."""

    items: dict[str, None] = field(default_factory=dict)
    resumed: int = 0
    failed: int = 0
    skipped: int = 0
    unmoved: int = 0
    lost: int = 0
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """True where every planned item was finished."""
        return not (self.interrupted or self.failed or self.skipped)


class Collection:
    """One collection under way."""

    def __init__(
        self,
        worker: Worker,
        journal: Journal,
        lanes: Lanes,
        progress: Progress,
        inputs: Mapping[str, str],
        max_calls: int | None = None,
    ) -> None:
        self._worker, self._journal, self._lanes = worker, journal, lanes
        self._progress, self._inputs, self._budget = progress, inputs, max_calls
        self._budget_given = max_calls
        self._targets: deque[Target] = deque()
        self._seen: set[tuple[str, str]] = set()
        self._ready: deque[WorkItem] = deque()
        self._planned: set[str] = set()
        self._places: dict[tuple[str, Subject], str] = {}
        self._own: dict[Subject, WorkItem] = {}
        self._given = True
        self._running: dict[Future[Finished | None], WorkItem] = {}
        self._expected: Counter[str] = Counter()
        self.outcome = Outcome()

    def run(self, targets: Iterable[Target]) -> Outcome:
        """Collect everything the targets lead to; Ctrl-C ends it with what is finished so far."""
        # Of two targets that hold one name the first is read, whatever order they were given in.
        self._add_targets(sorted(targets, key=lambda one: (one.kind, one.locator)))
        if self._lanes.note:
            self._progress.note(self._lanes.note)
        try:
            while self._targets:
                self._plan(self._targets.popleft())
            self._given = False
            self._announce()
            while self._targets or self._ready or self._running:
                self._step()
        except KeyboardInterrupt:
            self.outcome.interrupted = True
            self._lanes.stop()
        return self.outcome

    def _announce(self) -> None:
        """Say before anything is read how many calls it will take, by the sources' own numbers."""
        for name, calls in sorted(self._expected.items()):
            allowed = "" if self._budget_given is None else f"; at most {self._budget_given} are allowed"
            self._progress.note(f"{name}: about {calls} calls are expected{allowed}")

    def _step(self) -> None:
        while self._targets:
            self._plan(self._targets.popleft())
        self._lanes.widen(len(self._ready) + len(self._running))
        while self._ready and len(self._running) < self._lanes.window(len(self._ready)):
            self._start(self._ready.popleft())
        if self._running:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            self._take([(self._running.pop(future), future) for future in done])

    def _add_targets(self, targets: Iterable[Target]) -> None:
        for target in targets:
            if (target.kind, target.locator) not in self._seen:
                self._seen.add((target.kind, target.locator))
                self._targets.append(target)

    def _plan(self, target: Target) -> None:
        if self._holds(target):
            return
        accepting = [one for one in self._worker.collectors.values() if one.accepts(target)]
        for collector in accepting:
            self._plan_with(collector, target)
        if not accepting:
            row = LedgerRow(
                "run", "target", target.kind, 1, 0, 1, 0, Gap.UNSUPPORTED.value, "no plug-in reads it"
            )
            self._finish(f"target:{target.kind}:{_name(target)}", "", Collected(ledger=[row]))

    def _holds(self, target: Target) -> bool:
        """True where a repository that was given is what a target leads to, at the same commit.

        At another commit both are read, and the ledger says which stands where.
        """
        own = None if self._given or target.subject is None else self._own.get(target.subject)
        commit = target.fact("commit")
        if own is None or not commit:
            return False
        same = commit in self._worker.state_of(own).split()
        cause = (
            "a repository that was given holds it" if same else "a repository that was given stands elsewhere"
        )
        said = (
            f"at commit {commit}"
            if same
            else f"its host is at {commit}; both are read: bring yours up to date"
        )
        row = LedgerRow(
            own.collector, "repository", str(target.subject), 1, int(not same), int(same), 0, cause, said
        )
        self._finish(f"held:{target.kind}:{_name(target)}", "", Collected(ledger=[row]))
        return same

    def _plan_with(self, collector: Collector, target: Target) -> None:
        items: list[WorkItem] = []

        def plan() -> Collected:
            found = Collected()
            settings = self._worker.conditions.settings[collector.name]
            for one in collector.plan(target, settings, self._worker.reader(collector, target)):
                if isinstance(one, WorkItem):
                    items.append(one)
                else:
                    keep(found, one, self._worker.contract(collector.name))
            return found

        planned = attempt(plan)
        about = (target.subject,) if target.subject else ()
        name = f"plan:{collector.name}:{_name(target)}"
        if isinstance(planned, Crash):
            item = WorkItem(collector.name, f"plan of a {target.kind} target", target, about)
            self._finish(name, "", unread(collector, item, planned), planned.detail)
        else:
            self._finish(name, "", planned)
        # Items that were planned before a crash are real: each is read on its own.
        for item in items:
            self._admit(item)

    def _admit(self, item: WorkItem) -> None:
        name = item_name(item)
        known, namesake = name in self._planned, self._is_namesake(item)
        if namesake:
            self._tell_namesake(item, read=not (known or self._given))
        if known or (namesake and self._given):
            return
        if self._given and len(item.subjects) == 1:
            self._own[item.subjects[0]] = item
        self._planned.add(name)
        if item.calls:
            self._expected[item.collector] += item.calls + item.later
        self._progress.total(len(self._planned))
        if self._journal.holds(name, self._inputs_of(item)):
            self._resume(name)
        elif self._affords(item):
            self._ready.append(item)
        else:
            self._refuse(item, Crash(Gap.SAMPLED_OUT, "the limit on calls was reached"))

    def _is_namesake(self, item: WorkItem) -> bool:
        """True where another target's repository or cluster has the name of this item's."""
        if len(item.subjects) != 1 or item.subjects[0].kind not in _PLACES:
            return False
        key = (item.collector, item.subjects[0])
        return self._places.setdefault(key, item.target.locator) != item.target.locator

    def _tell_namesake(self, item: WorkItem, read: bool) -> None:
        """Say that two targets hold one name: of those given one is left out, of those found both are read,
        and what they say differently is contested.
        """
        subject = item.subjects[0]
        cause = "another target holds one of this name"
        detail = "both are read as one" if read else "not read: rename one of the two folders"
        row = LedgerRow(
            item.collector, subject.kind.value, str(subject), 1, int(read), int(not read), 0, cause, detail
        )
        self._finish(f"namesake:{item.collector}:{_name(item.target)}:{subject}", "", Collected(ledger=[row]))

    def _resume(self, name: str) -> None:
        body = self._journal.read(name)
        self.outcome.items[name] = None
        self.outcome.resumed += 1
        self.outcome.failed += bool(body["failed"])
        self._add_targets(target_from_json(target) for target in body["targets"])
        self._progress.done(name, body["failed"])

    def _affords(self, item: WorkItem) -> bool:
        if self._budget is None or not item.calls:
            return True
        self._budget -= item.calls
        return self._budget >= 0

    def _inputs_of(self, item: WorkItem) -> str:
        about = [target_to_json(item.target), [str(one) for one in item.subjects], repr(item.payload)]
        named = digest(document([self._inputs[item.collector], about]))
        return f"{named}{SEEN}{digest(document(repr(item.seen)))}" if item.seen else named

    def _start(self, item: WorkItem) -> None:
        waiting = len(self._ready) + 1
        try:
            future = self._lanes.submit(item, item_name(item), self._inputs_of(item), waiting)
        except BrokenExecutor:
            self._lanes.replace_broken()
            self._ready.appendleft(item)
            return
        self._running[future] = item

    def _take(self, done: Sequence[tuple[WorkItem, Future[Finished | None]]]) -> None:
        finished: list[Finished] = []
        suspects: list[WorkItem] = []
        for item, future in done:
            # A cluster that went away cancels what it had; a worker without the folder answers with None.
            error = None if future.cancelled() else future.exception()
            found = None if future.cancelled() or error is not None else future.result()
            if error is None and found is None:
                self._running[self._lanes.here(item, item_name(item), self._inputs_of(item))] = item
            elif found is not None:
                finished.append(found)
            elif isinstance(error, BrokenExecutor):
                suspects.append(item)
            else:
                why = _LOST.get(type(error).__name__, f"could not be handed over: {type(error).__name__}")
                crash = Crash(Gap.NOT_COLLECTED, why)
                self._refuse(item, crash, failed=True)
        self._keep(finished)
        if suspects:
            self._isolate(suspects)

    def _isolate(self, suspects: list[WorkItem]) -> None:
        """Find out which item killed its process: each that was under way runs alone."""
        lost = [future for future, item in self._running.items() if item.lane != "api"]
        suspects += [self._running.pop(future) for future in lost]
        self._lanes.replace_broken()
        for item in suspects:
            try:
                self._keep([self._lanes.isolate(item, item_name(item), self._inputs_of(item))])
            except BrokenExecutor:
                self._refuse(item, Crash(Gap.NOT_COLLECTED, "its process was killed"), failed=True)

    def _refuse(self, item: WorkItem, crash: Crash, failed: bool = False) -> None:
        collector = self._worker.collectors[item.collector]
        found = unread(collector, item, crash, skipped=not failed)
        if not failed:
            self.outcome.skipped += 1
        # Not journalled under the item's inputs, so that a resumed run tries it again.
        self._finish(item_name(item), "", found, crash.detail if failed else "")

    def _finish(self, name: str, inputs: str, found: Collected, failed: str = "") -> None:
        self._keep([self._worker.finish(name, inputs, found, failed)])

    def _keep(self, finished: Sequence[Finished]) -> None:
        self._journal.add(one.line for one in finished)
        for one in finished:
            self.outcome.items[one.item] = None
            self.outcome.failed += bool(one.failed)
            self.outcome.unmoved += one.unmoved
            self._add_targets(one.targets)
            if one.lost and not one.failed:
                self._say_lost(one.lost)
            if one.item in self._planned or one.failed:
                self._progress.done(one.item, one.failed)
            for line in one.told[:_FILES]:
                self._progress.note(line)
            if len(one.told) > _FILES:
                self._progress.note(
                    f"and {len(one.told) - _FILES} more files; the ledger of the bundle has all"
                )

    def _say_lost(self, what: str) -> None:
        """Say what gave nothing: a mistyped name must not pass for an empty source."""
        self.outcome.lost += 1
        if self.outcome.lost <= _TOLD:
            self._progress.note(f"nothing was read of {what}")
        elif self.outcome.lost == _TOLD + 1:
            self._progress.note("more sources gave nothing; the ledger names them")


def _name(target: Target) -> str:
    return digest(document([target.kind, target.locator]))[7:23]


def inputs_digest(version: str, settings: Any, as_of: str, period: Sequence[str], tool: str) -> str:
    """Return the digest of everything beside the item that its reading depends on."""
    return digest(document([SHAPE, version, settings, as_of, list(period), tool]))
