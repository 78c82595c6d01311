"""How much of a tree of paths has an owner, in whole numbers and without any person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Literal

from cnmm_collectors.git.owners.github import applying_github
from cnmm_collectors.git.owners.gitlab import applying_gitlab
from cnmm_collectors.git.owners.kubernetes import EVERYTHING, OwnersTree, applying_kubernetes
from cnmm_collectors.git.owners.model import PERSONAL, Owner, OwnersFile, Rule
from cnmm_collectors.git.owners.patterns import compile_pattern

EXAMPLES = 5

Chooser = Callable[[str], tuple[Rule, ...] | None]


@dataclass(frozen=True, slots=True)
class OwnerCoverage:
    """Paths with an owner valid in spelling; catch_all_owned <= owned <= total - undecided.

    `catch_all_owned` paths have only owners of rules that cover everything. `undecided` paths hang
    on a file that could not be read, and are neither owned nor unowned; `security_paths_undecided`
    are the security paths among them. `entries` are owner entries of all rules, inherited ones
    included: teams (teams and groups), persons (e-mail addresses included) and roles add up to it.
    `per_team` counts owned paths by lower-case handle of team or group. `unowned_examples` are the
    first five unowned paths in order.
    """

    total: int
    owned: int
    catch_all_owned: int
    undecided: int
    team_entries: int
    person_entries: int
    role_entries: int
    entries: int
    per_team: Mapping[str, int]
    security_paths_total: int
    security_paths_owned: int
    security_paths_undecided: int
    unowned_examples: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    rules: tuple[Rule, ...] | None
    is_owned: bool
    paths: int = 0
    security: int = 0


def applying_rules(owners: OwnersFile | OwnersTree) -> Chooser:
    """A function from a path to its rules; None where a file deciding it could not be read."""
    if isinstance(owners, OwnersTree):
        return applying_kubernetes(owners)
    if owners.dialect == "github":
        return applying_github(owners)
    # GitHub itself does not use a file that is too large; elsewhere the limit is ours and says
    # nothing of ownership.
    return (lambda path: None) if owners.truncated else applying_gitlab(owners)


def measure_coverage(
    paths: Iterable[str],
    owners: OwnersFile | OwnersTree,
    is_security_path: Callable[[str], bool],
    choose: Chooser | None = None,
) -> OwnerCoverage:
    """Count what the owners say of each path given; the order of paths changes nothing.

    `choose` is what `applying_rules` gave for these owners, where it is at hand.
    """
    choose = choose or applying_rules(owners)
    # By identity: rules of two directories may be equal, and still are two rules.
    tallies: dict[tuple[int, ...] | None, _Tally] = {}
    unowned: list[str] = []
    for path in paths:
        rules = choose(path)
        key = None if rules is None else tuple([id(rule) for rule in rules])
        tally = tallies.get(key)
        if tally is None:
            tally = tallies[key] = _Tally(rules, any(rule.owners for rule in rules or ()))
        tally.paths += 1
        tally.security += bool(is_security_path(path))
        if rules is not None and not tally.is_owned:
            unowned.append(path)
    return _summarise(owners, tuple(tallies.values()), tuple(nsmallest(EXAMPLES, unowned)))


def _summarise(
    owners: OwnersFile | OwnersTree, tallies: Sequence[_Tally], examples: tuple[str, ...]
) -> OwnerCoverage:
    owned = [tally for tally in tallies if tally.is_owned]
    undecided = [tally for tally in tallies if tally.rules is None]
    general = [tally for tally in owned if _is_only_catch_all(owners, tally.rules or ())]
    kinds = _count_entries(owners)
    return OwnerCoverage(
        total=sum(tally.paths for tally in tallies),
        owned=sum(tally.paths for tally in owned),
        catch_all_owned=sum(tally.paths for tally in general),
        undecided=sum(tally.paths for tally in undecided),
        team_entries=kinds["team"],
        person_entries=kinds["person"],
        role_entries=kinds["role"],
        entries=kinds.total(),
        per_team=_count_teams(owned),
        security_paths_total=sum(tally.security for tally in tallies),
        security_paths_owned=sum(tally.security for tally in owned),
        security_paths_undecided=sum(tally.security for tally in undecided),
        unowned_examples=examples,
    )


def _count_entries(owners: OwnersFile | OwnersTree) -> Counter[str]:
    files = (
        [entry.file for entry in owners.directories.values()] if isinstance(owners, OwnersTree) else [owners]
    )
    return Counter(_side_of(owner) for file in files for rule in file.rules for owner in rule.owners)


def _side_of(owner: Owner) -> str:
    if owner.kind in PERSONAL:
        return "person"
    return "role" if owner.kind == "role" else "team"


def _count_teams(owned: Sequence[_Tally]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for tally in owned:
        owners = [owner for rule in tally.rules or () for owner in rule.owners]
        for handle in {owner.handle.lower() for owner in owners if _side_of(owner) == "team"}:
            counts[handle] += tally.paths
    return dict(sorted(counts.items()))


def _is_only_catch_all(owners: OwnersFile | OwnersTree, rules: tuple[Rule, ...]) -> bool:
    if isinstance(owners, OwnersTree):
        root = owners.directories.get("")
        everything = [rule for rule in root.file.rules if rule.pattern == EVERYTHING] if root else []
        return all(any(rule is other for other in everything) for rule in rules)
    dialect: Literal["github", "gitlab"] = "gitlab" if owners.dialect == "gitlab" else "github"
    return all(compile_pattern(rule.pattern, dialect).is_catch_all for rule in rules if rule.owners)
