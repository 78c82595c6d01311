"""Where work items run: API items on threads of this process, analysis on any executor."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Literal, Self

from cnmm_collectors.plugin import WorkItem
from cnmm_scanner.faults import Fault
from cnmm_scanner.work import Conditions, Finished, Worker, begin, perform

if TYPE_CHECKING:
    from cnmm_scanner.cluster import Cluster

API_THREADS = 16
_DASK = re.compile(r"dask:((?:tcp://|tls://)?[\w.\[\]:-]+:[0-9]{1,5})")
_CHOICE = re.compile(r"(?:(threads|processes)(?::([1-9][0-9]{0,3}))?|([1-9][0-9]{0,3}))")


class ExecutorFault(Fault):
    """An executor is not written as one of those there are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which executor analysis runs on; `workers` 0 means as many as there are processors.

    `dask` is the address of a scheduler, empty for none; what may not go there runs as it would without.
    """

    processes: bool = True
    workers: int = 0
    dask: str = ""


def parse_executor(text: str) -> Choice:
    """Return what `threads`, `processes`, `N`, `threads:N`, `processes:N` or `dask:ADDRESS` spells."""
    cluster = _DASK.fullmatch(text)
    if cluster is not None:
        return Choice(dask=cluster[1])
    match = _CHOICE.fullmatch(text)
    if match is None:
        raise ExecutorFault(
            f"executor {text[:60]!r}",
            "write threads, processes, N, threads:N, processes:N or dask:tls://HOST:PORT",
        )
    return Choice(match[1] != "threads", int(match[2] or match[3] or 0))


_LONGEST_SOCKET = 60
"""A fork server listens on a socket below the temporary folder; systems allow about 100 characters."""


def _start_method() -> Literal["forkserver", "spawn"]:
    """Return how workers start: `spawn` is slower, and works where the temporary folder's path is long."""
    return "forkserver" if len(tempfile.gettempdir()) <= _LONGEST_SOCKET else "spawn"


def start_server() -> None:
    """Start the fork server deaf to Ctrl-C, which its workers inherit.

    Until it has come far enough to ignore one itself, it would die of it with a traceback on the operator's
    screen.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


class Lanes:
    """The executors of one run; made when first needed, stopped when the run ends, however it ends."""

    def __init__(self, choice: Choice, conditions: Conditions, worker: Worker) -> None:
        self._choice = choice
        self._conditions = conditions
        self._worker = worker
        self._context = multiprocessing.get_context(_start_method())
        # Workers wait for its end to close; an Event would wait for workers that are gone.
        self._stop, self._alive = self._context.Pipe(duplex=False)
        self._api: Executor | None = None
        self._analysis: Executor | None = None
        self._local = True
        self._cluster = _connect(choice.dask, conditions) if choice.dask else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._cluster is not None:
            self._cluster.close()
        for pool in (self._api, self._analysis):
            if pool is not None:
                pool.shutdown(wait=not self._alive.closed, cancel_futures=True)
        self._alive.close()

    def window(self, items: int) -> int:
        """Return how many items may be under way at once: enough to keep every worker busy."""
        remote = 0 if self._cluster is None else self._cluster.size
        return API_THREADS + 2 * (remote + self._size(items))

    def _size(self, items: int) -> int:
        return max(1, min(self._choice.workers or os.cpu_count() or 1, items))

    @property
    def note(self) -> str:
        """What the operator should know of where items run; empty where nothing is unusual."""
        if self._cluster is None or self._cluster.private:
            return ""
        return (
            "the cluster does not use TLS: what holds person facts, clones among it, is read on this machine"
        )

    def submit(self, item: WorkItem, name: str, inputs: str, items: int) -> Future[Finished | None]:
        """Start an item in its lane; `items` is how many are waiting, itself included.

        The future gives None where a worker of a cluster does not see the item's folder: start it `here`.
        """
        if self._cluster is not None and self._cluster.takes(item):
            return self._cluster.submit(item, name, inputs)
        return self.here(item, name, inputs, items)

    def here(self, item: WorkItem, name: str, inputs: str, items: int = 2) -> Future[Finished | None]:
        """Start an item on this machine."""
        if item.lane == "api":
            self._api = self._api or ThreadPoolExecutor(API_THREADS, "cnmm-api")
            return self._api.submit(self._worker.perform, item, name, inputs)
        if self._analysis is None:
            # A single item is not worth starting a process for.
            self._local = not self._choice.processes or items == 1
            self._analysis = self._make(self._size(items))
        return self._analysis.submit(self._task(), item, name, inputs)

    def _task(self) -> Callable[[WorkItem, str, str], Finished | None]:
        return self._worker.perform if self._local else perform

    def _make(self, size: int) -> Executor:
        if self._local:
            return ThreadPoolExecutor(size, "cnmm-analysis")
        if self._context.get_start_method() == "forkserver":
            start_server()
        return ProcessPoolExecutor(
            size, self._context, initializer=begin, initargs=(self._conditions, self._stop)
        )

    def widen(self, items: int) -> None:
        """Give up a single thread once more items than one are known, so that they run in parallel."""
        if self._analysis is not None and self._local and self._choice.processes and items > 1:
            self._analysis.shutdown(wait=False)
            self._analysis = None

    def replace_broken(self) -> None:
        """Forget a pool one of whose processes died."""
        if self._analysis is not None:
            self._analysis.shutdown(wait=False, cancel_futures=True)
        self._analysis, self._local = None, False

    def isolate(self, item: WorkItem, name: str, inputs: str) -> Finished:
        """Run one item in a process of its own; raises BrokenExecutor where that process dies."""
        make = partial(ProcessPoolExecutor, 1, self._context, initializer=begin)
        with make(initargs=(self._conditions, self._stop)) as pool:
            return pool.submit(perform, item, name, inputs).result()

    def stop(self) -> None:
        """Stop all workers at once; what is under way is lost and will be unknown."""
        self._alive.close()


def _connect(address: str, conditions: Conditions) -> Cluster:
    """Return the connection to a cluster; Dask is loaded only where one is asked for."""
    try:
        from cnmm_scanner.cluster import Cluster
    except ModuleNotFoundError as error:
        raise ExecutorFault(f"dask:{address}: Dask is not installed", "pip install 'cnmm[dask]'") from error
    return Cluster(address, conditions)
