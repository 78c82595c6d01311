"""Work items on the workers of a Dask cluster: nothing but items and journal lines travels."""

from __future__ import annotations

import secrets
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
from distributed import Client, WorkerPlugin

from cnmm_collectors.plugin import WorkItem
from cnmm_scanner.faults import Fault
from cnmm_scanner.journal import Vault
from cnmm_scanner.manifest import tool_version
from cnmm_scanner.work import Conditions, Finished, Worker

RETRIES = 2
_prepared: tuple[str, Worker] | None = None
"""The run that this process serves, and its side of it; only one, for a process has one key of pseudonyms."""


class ClusterFault(Fault):
    """The cluster cannot be used; the message says what to mend."""


class Prepare(WorkerPlugin):
    """Makes every worker of a cluster ready for one run, also one that joins or restarts later.

    It travels once, beside the items; it holds the run's key only where the cluster speaks mutual TLS.
    """

    def __init__(self, run: str, conditions: Conditions, version: str) -> None:
        self.name = f"cnmm-{run}"
        self._run, self._conditions, self._version = run, conditions, version

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def setup(self, worker: Any) -> None:
        """Make the worker's side of the run; raises where another version of the program is installed."""
        if tool_version() != self._version:
            raise RuntimeError(f"the worker has cnmm {tool_version()}, the run {self._version}")
        # Folders of the run's machine mean nothing here, and what a worker keeps must be its own.
        global _prepared  # a task finds what its process was prepared with nowhere else
        own = replace(self._conditions, cache=platformdirs.user_cache_path("cnmm"), kept=None)
        _prepared = (self._run, Worker(own))

    def teardown(self, worker: Any) -> None:
        """Forget the run and its key."""
        global _prepared
        if _prepared is not None and _prepared[0] == self._run:
            _prepared = None


def perform_here(run: str, item: WorkItem, name: str, inputs: str) -> Finished | None:
    """Collect an item on a worker; None where it has to be read by the run itself.

    That is so in a folder that this worker does not see, and where another run has taken the worker over:
    then pseudonyms of the item may be under two keys.
    """
    locator, served = item.target.locator, _prepared
    if served is None or served[0] != run or (locator.startswith("/") and not Path(locator).exists()):
        return None
    found = served[1].perform(item, name, inputs)
    return found if _prepared is served else None


class Cluster:
    """A connection to a Dask scheduler for one run.

    `private` says that both sides prove who they are, so that keyed person facts may travel.
    """

    def __init__(self, address: str, conditions: Conditions) -> None:
        self.private = address.startswith("tls://")
        self._run = secrets.token_hex(8)
        key = conditions.vault_key if self.private else Vault.new_key()
        try:
            # Certificates and time limits come from Dask's own configuration, where its users keep them.
            self._client = Client(address, set_as_default=False, name="cnmm")
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ClusterFault(
                f"dask:{address}: {type(error).__name__}",
                "is the scheduler running there; for tls:// are Dask's certificates configured",
            ) from error
        self._prepare = Prepare(self._run, replace(conditions, vault_key=key), tool_version())
        try:
            self._client.register_plugin(self._prepare)
        except Exception as error:
            # Whatever a worker raised is raised again here, as whatever class it was.
            self._client.close()
            raise ClusterFault(
                f"dask:{address}: a worker cannot start: {type(error).__name__}",
                f"install cnmm {tool_version()} with the same plug-ins on every worker",
            ) from error
        self._executor = self._client.get_executor(pure=False, retries=RETRIES)

    @property
    def size(self) -> int:
        """How many items the workers that are there now can read at once."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def takes(self, item: WorkItem) -> bool:
        """True for an item whose results may travel on this connection."""
        return item.lane == "analysis" and (self.private or not item.personal)

    def submit(self, item: WorkItem, name: str, inputs: str) -> Future[Finished | None]:
        """Start an item on a worker; one whose worker dies is started on another."""
        future: Future[Finished | None] = self._executor.submit(perform_here, self._run, item, name, inputs)
        return future

    def close(self) -> None:
        """Cancel what is under way, forget the run on the workers, and leave the cluster running."""
        self._executor.shutdown(wait=False)
        try:
            self._client.unregister_worker_plugin(self._prepare.name)
        finally:
            self._client.close(timeout=10)
