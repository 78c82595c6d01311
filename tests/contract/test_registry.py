"""Nothing is asked that nobody reads: a row's signal has a plug-in, or a source that is named here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from cnmm_collectors import registry
from cnmm_collectors.signals import SignalSpec, split_key
from cnmm_rules import catalogue as published
from cnmm_rules import criteria
from cnmm_rules.catalogue.loader import load
from cnmm_scanner.plugins import COLLECTORS, JOINS, PluginFault, discover

NOT_COLLECTED = {
    "host+kubernetes+catalog": "no API server tells which issuers it trusts, and no catalogue how people sign in",
}
"""Sources that rows ask for and no registered plug-in reads yet. Only ever take away from it."""

NOT_ASKED = {
    "codeowners.catch_all_ratio": "qualifies codeowners.covered_ratio ; the rows ask for valid owners",
    "codeowners.owner_concentration": "shown beside ownership; no published bar says how much is too much",
    "codeowners.path_coverage_ratio": "the finer form of codeowners.covered_ratio, which the rows ask for",
    "docs.contributing_ratio": "shown beside the guideline rows; a guide alone shows no practice",
    "git.cn_discipline_count": "needs a roster of job families; shown where one is given",
    "git.containerised_repo_ratio": "says which components build an image, the population of the image rows",
    "git.contributor_absence_factor": "shown beside git.two_person_component_ratio, which the rows ask for",
    "git.single_maintainer_repo_ratio": "shown beside git.two_person_component_ratio, which the rows ask for",
    "git.truck_factor": "a second method beside git.contributor_absence_factor, shown for comparison",
    "training.golden_set_at_least_5": "shown beside training.kubestronaut_at_least_5; the model names no such title",
    "k8s.extension_crd_group_count": "context of the extension rows; more groups are not more maturity",
    "k8s.guardrail_ns_ratio": "shown for each family of rules; the rows ask for the effect on workloads",
    "k8s.tool_change_count_12m": "needs snapshots of a year, which a single scan has not",
}
"""Declared signals that no row asks for, each with why it is read. Only ever take away from it."""


@cache
def catalogue() -> criteria.Catalogue:
    return load(published.files(), registry.load())


@cache
def asked() -> dict[str, str]:
    """Return the id of every signal that a row or a section asks for, with one that does."""
    found: dict[str, str] = {}
    for row in catalogue().criteria:
        for test in criteria.tests_of(row):
            for key in criteria.keys_of(test):
                found.setdefault(split_key(key)[0], row.id)
    for section in catalogue().sections:
        for key in criteria.keys_of(section.unless):
            found.setdefault(split_key(key)[0], section.id)
    return found


@cache
def read() -> dict[str, tuple[SignalSpec, ...]]:
    """Return what each registered plug-in that can be loaded declares."""
    return dict(_declared())


def _declared() -> Iterator[tuple[str, tuple[SignalSpec, ...]]]:
    for group in (COLLECTORS, JOINS):
        for plugin in discover(group, own_only=True):
            try:
                yield plugin.name, plugin.load().signals
            except PluginFault:
                continue


@pytest.mark.parametrize("group", [COLLECTORS, JOINS])
def test_every_registered_plug_in_can_be_loaded(group: str) -> None:
    for plugin in discover(group):
        assert plugin.load().signals, plugin.name


def test_first_party_plug_ins_declare_what_the_registry_declares() -> None:
    known = registry.load()
    for name, specs in read().items():
        for spec in specs:
            assert known.get(spec.id) == spec, f"{name}: {spec.id} is not the registry's"


def unread() -> dict[str, set[str]]:
    """Return the sources of every signal that is asked for and that no registered plug-in declares."""
    known, declared = registry.load(), {spec.id for specs in read().values() for spec in specs}
    return {one: {source.name for source in known[one].sources} for one in asked() if one not in declared}


def test_every_signal_of_a_row_is_read_or_its_source_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(asked()) <= set(registry.load())
    silent = {one: sources for one, sources in unread().items() if not sources <= set(NOT_COLLECTED)}
    assert not silent, "\n".join(
        f"{asked()[one]} asks {one}: nobody reads {sorted(s)}" for one, s in silent.items()
    )
    with capsys.disabled():
        for source, why in sorted(NOT_COLLECTED.items()):
            held = sorted(one for one, sources in unread().items() if source in sources)
            print(f"\nnot collected: {source} ({why}): {', '.join(held)}", end="")


def test_the_list_of_sources_not_collected_only_shrinks() -> None:
    needed = set().union(*unread().values()) if unread() else set()
    assert not set(NOT_COLLECTED) - needed, "collected by now: take it out of the list"


def test_every_declared_signal_is_asked_for_or_explained() -> None:
    idle = set(registry.load()) - set(asked())
    assert not idle - set(NOT_ASKED), "no row asks for it, and nothing says why"
    assert not set(NOT_ASKED) - idle, "asked for by now: take it out of the list"


def test_no_row_rests_on_a_source_that_only_adds() -> None:
    """Without such a source another's no would say too much: withholding it would rule something out."""
    adding = {spec.id for spec in registry.load().values() if any(source.adds for source in spec.sources)}
    assert adding <= NOT_ASKED.keys()
