"""A worker of a cluster serves one run at a time: what another run has begun is left to that run itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest

from cnmm_collectors.git.collector import GitCollector
from cnmm_collectors.plugin import Target, WorkItem
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.journal import Vault
from cnmm_scanner.manifest import tool_version
from cnmm_scanner.work import Conditions
from unit.collectors.git.repos import JANE, History

DAY = date(2026, 11, 22)


@pytest.fixture
def conditions(tmp_path: Path, require: Callable[[str, bool, str], None]) -> Iterator[Conditions]:
    require("dask", find_spec("distributed") is not None, "pip install 'cnmm[dask]'")
    settings = {"git": GitCollector.Settings()}
    yield Conditions(
        settings, DAY, (DAY, DAY), "2026-11-22T00:00:00Z", tmp_path / "cache", True, Vault.new_key()
    )
    from cnmm_scanner import cluster

    cluster._prepared = None


def test_a_worker_that_another_run_took_over_answers_nothing(tmp_path: Path, conditions: Conditions) -> None:
    from cnmm_scanner.cluster import Prepare, perform_here

    history = History()
    history.commit({"Dockerfile": "FROM x\n"}, 40, JANE)
    place = history.write(tmp_path / "shop")
    subject = Subject(SubjectKind.REPO, "acme/shop")
    item = WorkItem("git", "shop", Target("git", str(place), subject=subject), (subject,))
    one, other = (Prepare(run, conditions, tool_version()) for run in ("one", "other"))

    assert perform_here("one", item, "git:shop", "x") is None, "nobody prepared this process"
    one.setup(None)
    found = perform_here("one", item, "git:shop", "x")
    assert found is not None and found.signals > 10 and not found.failed
    other.setup(None)
    assert perform_here("one", item, "git:shop", "x") is None
    one.teardown(None)
    assert perform_here("other", item, "git:shop", "x") is not None, "the older run's end is not the newer's"
    elsewhere = WorkItem("git", "away", Target("git", str(tmp_path / "away"), subject=subject), (subject,))
    assert perform_here("other", elsewhere, "git:away", "x") is None, "this machine has no such folder"
