"""One thing withheld of each of a few exports of the sample; `make withhold` withholds everything, one by one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from demo import demo
from withholding.judging import Assessment, breaches, narrowed
from withholding.run import scan, settings_of, withheld
from withholding.variants import Case, Variant, copied, variants

KINDS = ("roster", "training")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The sample's exports, records and catalogue, without repositories, host and clusters."""
    home = demo(tmp_path_factory) / "build" / "acme"
    settings = settings_of(home / "cnmm.yaml")
    return copied(home, {**settings, "targets": []}, {}, tmp_path_factory.mktemp("withheld") / "given")


@pytest.fixture(scope="module")
def whole(given: Case) -> Assessment:
    return scan(given, given.folder.parent)


@pytest.mark.parametrize("kind", KINDS)
def test_less_of_an_export_decides_nothing(given: Case, whole: Assessment, kind: str) -> None:
    of_it = [one for one in variants(given, seed=7) if f"exports/{kind}.csv: " in one.name]
    one = random.Random(f"7 {kind}").choice(of_it)
    assert withheld(given, one, given.folder.parent, whole) == [], one.name


def test_everything_is_among_the_variants(given: Case) -> None:
    names = [one.name for one in variants(given)]
    assert len(set(names)) == len(names)
    for path in sorted(given.folder.rglob("*")):
        if path.is_file() and path.name not in ("cnmm.yaml", "waivers.yaml"):
            assert f"{path.relative_to(given.folder)} gone" in names
    for source in given.settings["sources"]:
        assert f"source {source} not named" in names


def test_the_judge_sees_each_kind_of_breach() -> None:
    def told(outcome: str, proven: int, possible: int, low: float, high: float | None) -> Assessment:
        test = {"signal": "a.b", "threshold": "> 0.5", "low": low, "high": high}
        section = {"id": "org", "proven": proven, "possible": possible}
        return {
            "headline": {"proven": proven, "possible": possible}, "sections": [section], "teams": [],
            "findings": [{"criterion": "x", "subject": "org:a", "outcome": outcome, "tests": [test]}],
        }  # fmt: skip

    first = told("unknown", 1, 3, 0.2, 0.8)
    assert breaches(first, told("unknown", 0, 4, 0.0, None)) == []
    assert narrowed(first, told("unknown", 0, 4, 0.0, None)) == []
    assert len(breaches(first, told("unknown", 2, 2, 0.2, 0.8))) == 4
    assert len(breaches(first, told("met", 1, 3, 0.2, 0.8))) == 1
    assert len(breaches(told("met", 1, 3, 0.2, 0.8), told("unmet", 1, 3, 0.2, 0.8))) == 1
    assert len(narrowed(first, told("unknown", 1, 3, 0.3, 0.8))) == 1
    assert len(narrowed(told("unknown", 1, 3, 0.2, None), told("unknown", 1, 3, 0.2, 9))) == 1


def test_a_scan_that_fails_is_told(given: Case, whole: Assessment, tmp_path: Path) -> None:
    found = withheld(
        given, Variant("spoiled", lambda one: one.settings.update(as_of="never")), tmp_path, whole
    )
    assert len(found) == 1
    assert "ended with status 2" in found[0]
