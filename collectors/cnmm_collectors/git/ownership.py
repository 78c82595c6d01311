"""Signals over ownership files: what is covered, by whom in kind, and for each component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.git.detect.paths import is_security_path
from cnmm_collectors.git.model import Cite, RepositoryView
from cnmm_collectors.git.owners import (
    Chooser,
    OwnerCoverage,
    OwnersFile,
    OwnersTree,
    Rule,
    applying_rules,
    choose_dialect,
    compile_pattern,
    locate,
    measure_coverage,
    parse_github,
    parse_gitlab,
    parse_tree,
)
from cnmm_collectors.git.standing import Standing
from cnmm_collectors.git.touches import place_paths
from cnmm_collectors.git.tree import REGULAR
from cnmm_collectors.signals import Absent, Gap, Interval, Masses, Observed, Reading, Signal, Unknown

_TEAMS = frozenset({"team", "group"})
_BAR = Fraction(85, 100)
_REPOSITORY = (
    "codeowners.path_coverage_ratio",
    "codeowners.team_owner_ratio",
    "codeowners.owner_concentration",
    "codeowners.catch_all_ratio",
)
_PLACES = frozenset({".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"})


@dataclass(frozen=True, slots=True)
class Ownership:
    """The ownership file that counts: `path` empty where there is none, `gap` set where it was not read."""

    path: str
    owners: OwnersFile | OwnersTree | None
    gap: Gap | None = None


@dataclass(slots=True)
class _Count:
    paths: int = 0
    owned: int = 0
    by_team: int = 0
    explicit_team: int = 0
    undecided: int = 0
    everywhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the rules of one path give: an owner, a team, a team by a rule that is no catch-all, and the
    teams of the catch-all.
    """

    owned: bool
    by_team: bool
    explicit: bool
    everywhere: frozenset[str]


def is_ownership_file(path: str) -> bool:
    """True for a file that may say who owns paths."""
    return path in _PLACES or path == "OWNERS_ALIASES" or path.rpartition("/")[2] == "OWNERS"


def read_ownership(
    paths: Sequence[str],
    contents: Mapping[str, bytes],
    unread: Mapping[str, Gap],
    web: str,
    groups: frozenset[str],
) -> Ownership:
    """Return the ownership that the host would use."""
    tracked = frozenset(paths)
    host = urlsplit(web).hostname if web else None
    first = next((path for path in sorted(_PLACES) if path in contents), None)
    text = contents[first].decode("utf-8", "replace") if first else None
    dialect = choose_dialect(tracked, text, host)
    path = locate(tracked, dialect)
    if path is None:
        return Ownership("", None)
    if dialect == "kubernetes":
        missing = [gap for name, gap in sorted(unread.items()) if is_ownership_file(name)]
        files = {name: raw for name, raw in contents.items() if is_ownership_file(name)}
        return Ownership(path, None, missing[0]) if missing else Ownership(path, parse_tree(files))
    if path not in contents:
        return Ownership(path, None, unread.get(path, Gap.UNSUPPORTED))
    parse = (
        parse_github(path, contents[path])
        if dialect == "github"
        else parse_gitlab(path, contents[path], groups)
    )
    return Ownership(path, parse)


def judge_ownership(view: RepositoryView, ownership: Ownership, standing: Standing) -> Iterator[Signal]:
    """Yield every ownership signal of the repository and of its components."""
    paths = [entry.path for entry in view.entries if entry.mode in REGULAR]
    sensitive = [path for path in paths if is_security_path(path)]
    if ownership.owners is None:
        yield from _without_file(view, ownership, standing, bool(sensitive))
        return
    # Three measures ask of the same paths: each is decided once.
    choose = cache(applying_rules(ownership.owners))
    coverage = measure_coverage(paths, ownership.owners, is_security_path, choose)
    counts = _count(paths, place_paths(paths, view.components), ownership.owners, choose)
    cited = view.cite.file(ownership.path)
    readings: dict[str, Reading] = {
        "codeowners.path_coverage_ratio": _ratio(coverage.owned, coverage.total, coverage.undecided, cited),
        "codeowners.team_owner_ratio": _team_share(counts, coverage, cited),
        "codeowners.owner_concentration": _masses(coverage, cited),
        "codeowners.catch_all_ratio": _ratio(coverage.catch_all_owned, coverage.owned, 0, cited),
        "codeowners.security_path_ratio": _security(ownership.owners, choose, sensitive, cited, view.cite),
    }
    if coverage.undecided:
        part = Unknown(Gap.MALFORMED, "some paths hang on an ownership file that could not be read")
        readings |= dict.fromkeys(_REPOSITORY[1:], part)
    for key, reading in readings.items():
        yield Signal(key, view.repo, "git", reading)
    for position, component in enumerate(view.components):
        alone = len(view.components) == 1
        reading = standing.outside(component) or _owned_by_team(counts.get(position), alone, cited, view.cite)
        yield Signal("codeowners.team_owned_ratio", component.subject, "git", reading)


def _without_file(
    view: RepositoryView, ownership: Ownership, standing: Standing, sensitive: bool
) -> Iterator[Signal]:
    listed = view.cite.tree("ownership files: CODEOWNERS or OWNERS")
    gap = ownership.gap
    unread = Unknown(gap, "the ownership file was not read") if gap is not None else None
    readings: tuple[Reading, ...] = (Observed(Fraction(0), (listed,)), *[Absent((listed,))] * 3)
    for key, reading in zip(_REPOSITORY, readings, strict=True):
        yield Signal(key, view.repo, "git", unread or reading)
    security = Observed(False, (listed,)) if sensitive else Absent((view.cite.tree("security paths"),))
    yield Signal("codeowners.security_path_ratio", view.repo, "git", unread or security)
    for component in view.components:
        reading = standing.outside(component) or unread or Observed(False, (listed,))
        yield Signal("codeowners.team_owned_ratio", component.subject, "git", reading)


def _ratio(part: int, whole: int, undecided: int, cited: Evidence) -> Reading:
    if not whole:
        return Absent((cited,))
    if undecided:
        return Observed(Interval(Fraction(part, whole), Fraction(part + undecided, whole)), (cited,))
    return Observed(Fraction(part, whole), (cited,))


def _team_share(counts: Mapping[int, _Count], coverage: OwnerCoverage, cited: Evidence) -> Reading:
    return _ratio(sum(count.by_team for count in counts.values()), coverage.owned, 0, cited)


def _masses(coverage: OwnerCoverage, cited: Evidence) -> Reading:
    if not coverage.per_team:
        return Absent((cited,))
    return Observed(Masses(tuple(sorted(coverage.per_team.items()))), (cited,))


def _security(
    owners: OwnersFile | OwnersTree, choose: Chooser, sensitive: Sequence[str], cited: Evidence, cite: Cite
) -> Reading:
    if not sensitive:
        return Absent((cite.tree("security paths"),))
    bare = 0
    for path in sensitive:
        rules = choose(path)
        if rules is None:
            return Unknown(
                Gap.MALFORMED, "some security paths hang on an ownership file that could not be read"
            )
        bare += not any(rule.owners and not is_catch_all(owners, rule) for rule in rules)
    what = f"security paths without an owner of their own: {bare} of {len(sensitive)}"
    return Observed(not bare, (cited, cite.tree(what)))


def _owned_by_team(count: _Count | None, alone: bool, cited: Evidence, cite: Cite) -> Reading:
    if count is None or not count.paths:
        return Absent((cite.tree("paths of the component"),))
    # Where the component is the repository, a catch-all for exactly one team is its owner.
    held = count.by_team if alone and len(count.everywhere) == 1 else count.explicit_team
    low, high = Fraction(held, count.paths), Fraction(held + count.undecided, count.paths)
    if low <= _BAR < high:
        return Unknown(
            Gap.MALFORMED, "paths of the component hang on an ownership file that could not be read"
        )
    return Observed(low > _BAR, (cited, cite.tree(f"paths with a team as owner: {held} of {count.paths}")))


def _count(
    paths: Sequence[str], places: Sequence[int], owners: OwnersFile | OwnersTree, choose: Chooser
) -> dict[int, _Count]:
    counts: dict[int, _Count] = {}
    # By identity: the same few rules decide nearly all paths.
    judged: dict[tuple[int, ...], _Verdict] = {}
    for path, place in zip(paths, places, strict=True):
        count = counts.setdefault(place, _Count())
        count.paths += 1
        rules = choose(path)
        if rules is None:
            count.undecided += 1
            continue
        key = tuple(map(id, rules))
        if key not in judged:
            judged[key] = _judge(owners, rules)
        verdict = judged[key]
        count.owned += verdict.owned
        count.by_team += verdict.by_team
        count.explicit_team += verdict.explicit
        count.everywhere |= verdict.everywhere
    return counts


def _judge(owners: OwnersFile | OwnersTree, rules: Sequence[Rule]) -> _Verdict:
    everywhere: set[str] = set()
    by_team = explicit = False
    for rule in rules:
        named = {owner.handle.lower() for owner in rule.owners if owner.kind in _TEAMS}
        by_team = by_team or bool(named)
        if is_catch_all(owners, rule):
            everywhere |= named
        else:
            explicit = explicit or bool(named)
    return _Verdict(any(rule.owners for rule in rules), by_team, explicit, frozenset(everywhere))


def is_catch_all(owners: OwnersFile | OwnersTree, rule: Rule) -> bool:
    """True for a rule that covers every path of the repository."""
    if isinstance(owners, OwnersTree):
        top = owners.directories.get("")
        return top is not None and any(rule is other for other in top.file.rules)
    dialect: Literal["github", "gitlab"] = "gitlab" if owners.dialect == "gitlab" else "github"
    return compile_pattern(rule.pattern, dialect).is_catch_all
