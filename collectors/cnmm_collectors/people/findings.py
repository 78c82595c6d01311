"""From merged exports to signals and ledger rows: every declared signal gets a reading."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

from cnmm_collectors.people.belonging import Belonging
from cnmm_collectors.people.exports import Exports
from cnmm_collectors.people.groups import Groups
from cnmm_collectors.people.history import YEAR
from cnmm_collectors.people.opinions import opinions
from cnmm_collectors.people.settings import COUNTED
from cnmm_collectors.people.skills import Skills
from cnmm_collectors.people.survey import Wave
from cnmm_collectors.people.teams import Teams
from cnmm_collectors.people.telling import DECLARE, Desk, Unread
from cnmm_collectors.plugin import LedgerRow, Population, Reader, Yield
from cnmm_collectors.signals import Gap, Interval, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_collectors.tables.cells import Cells, team_share
from cnmm_collectors.tables.counts import HEADS

_KIND_OF = {"hr": "roster", "roster": "roster", "training": "training", "certifications": "certifications",
            "survey": "survey"}  # fmt: skip


def find(
    exports: Exports, org: Subject, reader: Reader, k: int, specs: Sequence[SignalSpec]
) -> Iterator[Yield]:
    """Yield every signal the exports answer, unknown by name for the rest, and the account of each file."""
    desk = Desk(reader, org, Cells(k))
    groups = exports.groups if exports.rostered else None
    answered: set[str] = set()
    for one in _answers(desk, exports, groups):
        if isinstance(one, Signal) and one.subject == org:
            answered.add(one.key)
        yield one
    yield from _unanswered(desk, exports, specs, answered)
    yield from _accounts(desk, exports, groups)


def _answers(desk: Desk, exports: Exports, groups: Groups | None) -> Iterator[Yield]:
    roster = exports.roster
    if groups is not None:
        belonging = Belonging(desk, roster, groups)
        yield from belonging.signals()
        teams = Teams(desk, roster, groups, belonging.source)
        yield from teams.signals()
        if groups.teams or (roster.hides and roster.members()):
            subjects = tuple(sorted({teams.subject(name) for name in groups.teams}))
            evidence = desk.cite(roster.files, "engineering teams", str(len(subjects)))
            # Each row that was not read may belong to one team more, or settle what another one is.
            most = len(roster.members()) + roster.unread if roster.unread else len(subjects)
            count = most if roster.counted else None
            yield Population(desk.org, SubjectKind.TEAM, count, subjects, "enumeration", evidence)
        yield from _restructures(desk, exports, belonging.source)
    yield from Skills(
        desk,
        groups,
        exports.learning,
        exports.certificates,
        tuple(roster.files),
        roster.unread,
        roster.counted,
    ).signals()
    if exports.waves:
        for key, cell, wave in opinions(exports.waves, desk.cells, exports.as_of):
            if isinstance(cell, Unknown) or wave is None:
                gap = (
                    cell if isinstance(cell, Unknown) else Unknown(Gap.NOT_COLLECTED, "no survey asks for it")
                )
                yield Signal(key, desk.org, "survey", gap)
            else:
                files = [(wave.name, wave.digest, wave.columns)]
                yield desk.told(key, "survey", cell, files, "respondents")
    yield from _extras(desk, exports, groups)


def _restructures(desk: Desk, exports: Exports, source: str) -> Iterator[Signal]:
    """Yield how many teams changed since the earlier roster that is nearest to a year old."""
    key = "hr.team_restructure_count_12m"
    past = sorted(
        (one for one in exports.past.values() if one.day < exports.as_of),
        key=lambda one: abs((exports.as_of - one.day).days - YEAR),
    )
    if not past:
        why = "only one state of the roster; name the day of an earlier one with state_of in its mapping"
        yield desk.untold(key, source, why)
    elif past[0].unread or exports.roster.hides or "team" not in exports.roster.columns:
        yield desk.untold(
            key,
            source,
            "rows of a roster are unread, nobody declares the headcount, or it has no team column",
        )
    else:
        value = past[0].told(past[0].changes(exports.roster), exports.as_of)
        yield desk.told(key, source, value, (*exports.roster.files, *past[0].files), "teams")


def _extras(desk: Desk, exports: Exports, groups: Groups | None) -> Iterator[Signal]:
    extras = exports.extras
    if extras.skill_files and groups is not None:
        people = groups.get("engineers")
        assessed = [extras.levels[number] for number in people if number in extras.levels]
        files = (*exports.roster.files, *extras.skill_files)
        for level in ("beginner", "intermediate", "advanced", "intermediate-or-above"):
            key = f"training.skill_level_share{{level={level}}}"
            wanted = ("intermediate", "advanced") if level == "intermediate-or-above" else (level,)
            all_ = desk.cells.step(len(people)) + desk.cells.steps(exports.roster.unread)
            few = 2 * desk.cells.step(len(assessed)) < all_
            if few or len(assessed) < desk.cells.k:
                why = "fewer than half of the engineers were assessed, or too few to be told"
                yield desk.untold(key, "training", why, Gap.NOT_VISIBLE)
            else:
                hits = sum(one in wanted for one in assessed)
                # A record that is missing may be of one more who was assessed, or of another level.
                read = exports.learning
                gone = read.unread + exports.roster.unread
                unread = Unread(read.unread, gone, anybody=read.partial or not exports.roster.counted)
                yield desk.share(key, "training", hits, len(assessed), files, "assessed engineers", unread)
    if extras.session_files:
        yield _sessions(desk, exports, groups)
    if extras.opening_files:
        lost = exports.counts.missing("openings")
        unread = Unread(strangers=lost or 0, anybody=lost is None)
        posts, told = extras.posts, extras.opening_files
        yield desk.share("hr.cn_opening_ratio", "hr", sum(posts), len(posts), told, "open posts", unread)


def _sessions(desk: Desk, exports: Exports, groups: Groups | None) -> Signal:
    key = "training.session_team_ratio"
    teams = {name.casefold() for name in groups.teams} if groups is not None else set()
    year = exports.as_of.toordinal() - 365
    taught = sum(exports.extras.taught.get(name, 0) >= year for name in teams)
    cell = team_share(taught, len(teams))
    if cell is None:
        return desk.untold(key, "training", "fewer than three teams are known")
    if exports.roster.hides:
        return desk.untold(key, "training", f"somebody may be missing from the roster: {DECLARE}")
    if exports.learning.partial or exports.learning.unread:
        cell = Interval(cell.low, Fraction(1))
    files = (*exports.roster.files, *exports.extras.session_files)
    return desk.told(key, "training", cell, files, "teams")


def _unanswered(
    desk: Desk, exports: Exports, specs: Sequence[SignalSpec], answered: set[str]
) -> Iterator[Signal]:
    """Yield unknown for each declared signal of the organisation that nothing answered, with the source."""
    for spec in specs:
        if spec.subject is not SubjectKind.ORG:
            continue
        source = next((one.name for one in spec.sources if one.name in _KIND_OF), spec.sources[0].name)
        kind = _KIND_OF.get(source, source)
        failure = exports.failed(kind)
        gap = failure.gap if failure else Gap.NOT_COLLECTED
        detail = failure.detail if failure else f"needs a {kind} export that holds it"
        for key in _keys(spec):
            if key not in answered:
                yield desk.untold(key, source, detail, gap)


def _response(wave: Wave, cells: Cells) -> str:
    """Return how many of those invited answered, in words and steps."""
    if not wave.invited:
        return "response rate: how many were invited is not declared"
    most = max([len(found) for found in wave.answers.values()]
               + [row[2] for found in wave.sums.values() for row in found], default=0)  # fmt: skip
    return f"response rate: {cells.told(min(most, wave.invited), wave.invited)} of those invited"


def _keys(spec: SignalSpec) -> Iterator[str]:
    """Yield a signal's keys: over all values of its facets, without those it may go without."""
    facets = [parameter for parameter in spec.parameters if parameter.name != "audience"]
    for values in itertools.product(*(parameter.values for parameter in facets)):
        yield spec.key(**{one.name: value for one, value in zip(facets, values, strict=True)})


def _accounts(desk: Desk, exports: Exports, groups: Groups | None) -> Iterator[LedgerRow]:
    for intake in exports.intakes:
        yield intake.ledger(desk.cells)
    for failure in exports.failures:
        yield failure.ledger()
    given = {intake.kind for intake in exports.intakes} & {*COUNTED, HEADS}
    yield from exports.counts.ledger(given, exports.roster.unread)
    for wave in exports.waves:
        yield LedgerRow("people", "survey", wave.name, 0, 0, detail=_response(wave, desk.cells))
    if groups is not None:
        strange, titled = Belonging(desk, exports.roster, groups).unmatched()
        if titled:
            share = desk.cells.told(strange, titled)
            yield LedgerRow(
                "people", "titles", "roster", 0, 0, detail=f"titles of no known role family: {share}"
            )
