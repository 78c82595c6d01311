"""A scan on a cluster of real workers says what one machine says, survives a killed worker, and leaks nothing."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest

from cnmm_collectors.plugin import Target, WorkItem
from cnmm_scanner.journal import Vault
from cnmm_scanner.lanes import Choice, ExecutorFault, parse_executor
from cnmm_scanner.work import Conditions
from e2e.clusters import dask_cluster
from e2e.commands import Bench, wait_until
from unit.collectors.git.repos import JANE, OMAR, History

CANARY = "canary-5f1e0c7b9d"
PEOPLE = (b"jane", b"omar", b"example.com")


@pytest.fixture
def bench(tmp_path: Path, require: Callable[[str, bool, str], None]) -> Bench:
    require("dask", find_spec("distributed") is not None, "pip install 'cnmm[dask]'")
    made = Bench(tmp_path)
    for number in range(4):
        history = History()
        history.commit({"Dockerfile": "FROM x\n", "app.py": "1", "CODEOWNERS": "* @acme/shop\n"}, 40, JANE)
        history.commit({"app.py": f"{number}"}, 20, OMAR)
        history.write(tmp_path / "repositories" / f"r{number}")
    return made


def targets(bench: Bench, **recipe: object) -> tuple[str, str]:
    """Return two targets: real repositories, and items that a third party's collector reads."""
    return str(bench.folder / "repositories"), bench.recipe(**recipe)


def test_three_workers_say_the_same_though_one_is_killed(bench: Bench) -> None:
    both = targets(bench, items=9, sleep=0.4, credential="PROBE_TOKEN")
    status, _, err = bench.scan(*both, "--executor", "threads:2", "--fresh", output="alone")
    assert status == 0, err
    bench.log.unlink()
    # The workers resolve the credential themselves; nothing of the run's own environment may reach them.
    environment = bench.environment(PROBE_TOKEN=CANARY)
    with dask_cluster(bench.folder / "cluster", environment, workers=3, tls=True, spill=True) as cluster:
        # Without git on this machine: the repositories can only have been read by the workers.
        given = {**cluster.environment, "PROBE_TOKEN": f"run-{CANARY}", "PATH": "/nonexistent"}
        process = bench.start(
            "scan", "-c", "cnmm.yaml", "-o", "out", "--format", "plain", "--fresh", "--quiet",
            *both, "--executor", f"dask:{cluster.address}", **given,
        )  # fmt: skip
        wait_until(lambda: len(bench.read()) >= 4)
        cluster.workers[0].kill()
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        said, spilled = cluster.said().lower(), cluster.spilled()
    alone, spread = bench.assessment("alone"), bench.assessment()
    assert spread["complete"] is True
    assert spread["conclusions_digest"] == alone["conclusions_digest"]
    # A killed worker costs its items a second reading and nobody a result.
    assert 9 <= len(bench.read()) <= 11
    # Every result went to disk, and is searched there with all that was logged.
    assert b"repo:" in spilled
    assert CANARY.encode() not in said
    assert not any(person in said for person in PEOPLE)


def test_without_tls_what_holds_person_facts_stays_on_this_machine(bench: Bench) -> None:
    repositories, _ = targets(bench)
    environment = bench.environment(PATH="/nonexistent")
    with dask_cluster(bench.folder / "cluster", environment, workers=1, tls=False) as cluster:
        status, _, err = bench.scan(repositories, "--fresh", "--executor", f"dask:{cluster.address}")
        assert status == 0, err
    assert "does not use TLS" in err
    assert bench.assessment()["ledger"]["failed"] == 0


def test_neither_items_nor_what_prepares_a_worker_hold_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Callable[[str, bool, str], None]
) -> None:
    require("dask", find_spec("distributed") is not None, "pip install 'cnmm[dask]'")
    from cnmm_scanner.cluster import Cluster, Prepare

    monkeypatch.setenv("GIT_TOKEN", CANARY)
    sent: list[object] = []

    class Wire:
        def __init__(self, *given: object, **more: object) -> None:
            sent.extend((given, more))

        def register_plugin(self, plugin: Prepare) -> None:
            sent.append(plugin)

        def get_executor(self, **_: object) -> Wire:
            return self

        def submit(self, *given: object) -> None:
            sent.append(given)

    monkeypatch.setattr("cnmm_scanner.cluster.Client", Wire)
    key = Vault.new_key()
    day = date(2026, 11, 22)
    conditions = Conditions({}, day, (day, day), "2026-11-22T00:00:00Z", tmp_path, True, key)
    item = WorkItem("git", "shop", Target("git", "https://git.example/shop", "GIT_TOKEN"), ())
    for address in ("tcp://127.0.0.1:1", "tls://127.0.0.1:1"):
        sent.clear()
        cluster = Cluster(address, conditions)
        cluster.submit(item, "git:shop", "inputs")
        raw = pickle.dumps(sent)
        assert CANARY.encode() not in raw
        assert (key in raw) is cluster.private
        assert key not in pickle.dumps(sent[-1])
        assert cluster.takes(item) is cluster.private


def test_an_address_is_checked_before_anything_is_read(bench: Bench) -> None:
    assert parse_executor("dask:tls://scheduler.dask:8786") == Choice(dask="tls://scheduler.dask:8786")
    for wrong in ("dask:", "dask:scheduler", "dask:http://x:1", "dask:tls://user:secret@x:1"):
        with pytest.raises(ExecutorFault) as refused:
            parse_executor(wrong)
        assert "tls://HOST:PORT" in str(refused.value) + str(refused.value.hint)
    status, _, err = bench.scan(
        targets(bench)[1],
        "--executor",
        "dask:tcp://127.0.0.1:9",
        DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s",
    )
    assert status == 2
    assert "is the scheduler running there" in err
    assert "Traceback" not in err
