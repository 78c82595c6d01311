"""Observations come from a bundle one signal at a time: all of them, whatever their order, and never all at once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.bundles import write
from cnmm_collectors.signals import Observation
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.engine import assess
from cnmm_rules.facts import Sealed
from cnmm_rules.readings import Readings
from cnmm_scanner.bundle import Bundle, write_bundle
from cnmm_scanner.canonical import document, record
from cnmm_scanner.container import Container, ContainerFault, held
from cnmm_scanner.container import write as pack
from cnmm_scanner.observations import Observations
from cnmm_scanner.records import SIGNALS
from unit.scanner.small import ABOUT, facts

_KEYS = ("a.b", "a.b_c", "a.b{kind=x}", "c.d")


def _line(key: str, subject: str, **more: Any) -> bytes:
    told = {"signal": key, "subject": subject, "source": "git", "state": "observed", "value": True}
    return record({**told, "evidence": ["sha256:1"], **more})


def _opened(path: Path, *lines: bytes) -> Observations:
    with path.open("wb") as sink:
        pack({f"{SIGNALS}/x.ndjson": held(b"".join(lines))}, sink)
    return Observations(Container(path), [f"{SIGNALS}/x.ndjson"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(_KEYS), st.integers(0, 30)), max_size=60))
def test_each_signal_is_found_whole_in_any_order(tmp_path: Path, told: list[tuple[str, int]]) -> None:
    seen = _opened(tmp_path / "b", *(_line(key, f"repo:r{number}") for key, number in told))
    for key in _KEYS:
        assert [str(one.subject) for one in seen.of(key)] == [f"repo:r{n}" for name, n in told if name == key]
    assert list(seen.of("a")) == []
    assert Counter(one.key for one in seen) == Counter(key for key, _ in told)
    assert {one.name for one in seen.subjects(SubjectKind.REPO)} == {f"r{number}" for _, number in told}
    assert seen.subjects(SubjectKind.TEAM) == set()


def test_a_signal_is_found_across_blocks(tmp_path: Path) -> None:
    long = "x" * 300_000
    keys = ["a.b", "a.b", "a.b", "a.b", "a.b_c", "a.b_c", "a.b_c", "a.b_c", "c.d"]
    seen = _opened(tmp_path / "b", *(_line(key, f"repo:{n}", detail=long) for n, key in enumerate(keys)))
    for key in _KEYS:
        assert [int(one.subject.name) for one in seen.of(key)] == [n for n, k in enumerate(keys) if k == key]


@pytest.mark.parametrize(
    "line",
    [
        b"[]\n",
        b'{"subject":"repo:a"}\n',
        b'{"signal":"a.b"}\n',
        _line("a.b", "repo:a").replace(b"observed", b"seen"),
        _line("a.b", "repo:a", value={"f": "1/0"}),
        _line("a.b", "repo:a").replace(b'"repo:a"', b'"house:a"'),
        _line("a.b", "repo:a")[:-1] + b"," + _line("a.b", "repo:b"),
        _line("a.b", "repo:a")[:-1],
    ],
)
def test_a_line_that_holds_no_record_is_refused(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(ContainerFault):
        list(_opened(tmp_path / "b", line).of("a.b"))


class _Counted(Sealed):
    def __init__(self, inner: Sealed) -> None:
        self.inner = inner
        self.asked: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Observation]:
        raise AssertionError("nobody needs all observations at once")

    def of(self, key: str) -> list[Observation]:
        self.asked[key] += 1
        return list(self.inner.of(key))

    def subjects(self, kind: SubjectKind) -> Any:
        return self.inner.subjects(kind)


def test_a_large_organisation_is_judged_signal_by_signal_as_if_all_were_in_memory(tmp_path: Path) -> None:
    with Bundle(write(tmp_path, 110, teams=3)) as bundle:
        told, catalogue = bundle.facts(), bundle.catalogue()
        assert isinstance(told.observations, Sealed)
        counted = _Counted(told.observations)
        everything = list(told.observations)
        random.Random(5).shuffle(everything)
        streamed = assess(replace(told, observations=counted), catalogue).to_json()
        assert document(streamed) == document(
            assess(replace(told, observations=everything), catalogue).to_json()
        )
    assert sum(len(counted.of(key)) > 100 for key in list(counted.asked)) > 30
    assert max(counted.asked.values()) == 2, "the second time is this test's own"


def test_a_large_signal_leaves_memory_with_the_next_one_and_small_ones_stay(tmp_path: Path) -> None:
    lines = [_line(key, f"repo:{n}") for key in ("a.b", "c.d") for n in range(150)]
    counted = _Counted(_opened(tmp_path / "b", *lines, _line("x.y", "org:acme"), _line("x.z", "org:acme")))
    readings = Readings(counted)
    for key in ("a.b", "a.b", "x.y", "c.d", "x.y", "x.z", "a.b", "x.y"):
        assert readings.sealed(key, Subject.parse("repo:0" if key < "x" else "org:acme"))
    assert counted.asked == {"a.b": 2, "c.d": 1, "x.y": 1, "x.z": 1}


def test_of_many_losses_the_first_are_named_and_all_counted(tmp_path: Path) -> None:
    rows = [
        {"source": "git", "unit": unit, "about": f"r{number:03}", "requested": 2, "received": 1, "skipped": 0, "failed": 1}
        for unit in ("clone", "page")
        for number in range(250)
    ]  # fmt: skip
    random.Random(3).shuffle(rows)
    members = {**facts({"a": True}), "ledger/git.ndjson": held(b"".join(map(record, rows)))}
    write_bundle(tmp_path / "b", members, ABOUT)
    with Bundle(tmp_path / "b") as bundle:
        told = assess(bundle.facts(), bundle.catalogue()).to_json()["ledger"]
    assert told["losses_total"] == 500
    assert [one["about"] for one in told["losses"]] == 2 * [f"r{number:03}" for number in range(20)]
