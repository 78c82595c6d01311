"""Survey answers by construct and respondent, and what can be said of all who were invited."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cnmm_collectors.people.constructs import construct_of
from cnmm_collectors.tables.cast import to_date, to_number
from cnmm_collectors.tables.cells import Cells
from cnmm_collectors.tables.faults import Code
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.table import Table, order_of

_SEVEN = (
    "strongly disagree", "disagree", "somewhat disagree", "neither agree nor disagree", "somewhat agree",
    "agree", "strongly agree",
)  # fmt: skip
_SATISFIED = (
    "extremely dissatisfied", "very dissatisfied", "somewhat dissatisfied",
    "neither satisfied nor dissatisfied", "somewhat satisfied", "very satisfied", "extremely satisfied",
)  # fmt: skip
_FIVE = ("not at all", "slightly", "moderately", "very much", "extremely")
_LABELS = {
    **{label: (7, number) for number, label in enumerate(_SEVEN, 1)},
    **{label: (7, number) for number, label in enumerate(_SATISFIED, 1)},
    **{label: (5, number) for number, label in enumerate(_FIVE, 1)},
    "neutral": (7, 4),
    "slightly disagree": (7, 3),
    "slightly agree": (7, 5),
}
# Words that only one of the two scales has; the others stand on both and settle nothing.
_PROOF = {"somewhat disagree": 7, "somewhat agree": 7, "slightly disagree": 7, "slightly agree": 7,
          **{label: 7 for label in _SATISFIED if "somewhat" in label}, **dict.fromkeys(_FIVE, 5)}  # fmt: skip
_MISSING = re.compile(
    r"prefer not|not applicable|\bn/?a\b|don.?t know|no answer|keine angabe|ne sais pas|no s[eé]"
)


WHOLE_GROUPS = frozenset({"", "all", "total", "overall", "company"})
"""What a row of means is about that speaks for everybody who answered."""
_MIXED = -1
_ENOUGH = 10
"""So many answers to an item, and to others of its construct, show whether it runs against them."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the operator declares of a survey file: how many were invited and answered, the largest answer."""

    invited: int = 0
    scale: int = 0
    answered: int = 0


@dataclass(slots=True)
class Wave:
    """One survey: by construct, each respondent's mean on its own scale and group, or sums of groups."""

    name: str
    digest: str
    columns: str
    invited: int
    newest: date | None
    answered: int = 0
    scale: dict[str, int] = field(default_factory=dict)
    mixed: set[str] = field(default_factory=set)
    """Constructs that were asked on two scales."""
    doubtful: set[str] = field(default_factory=set)
    """Constructs with an item that runs against the others."""
    answers: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    sums: dict[str, list[tuple[float, float | None, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    sheets: dict[str, int] = field(default_factory=dict)
    """By construct, how many answer sheets were read; where a table has a row for each answer, whole ones."""

    def lost(self, construct: str, k: int) -> int | None:
        """Return how many answers are missing, in whole steps of k; None where no number is declared."""
        sums = self.sums.get(construct, [])
        if any(group in WHOLE_GROUPS for *_, group in sums):
            return 0
        if not self.answered:
            return None
        seen = sum(size for _, _, size, _ in sums) or self.sheets.get(construct, 0)
        return Cells(k).steps(max(0, self.answered - seen))


def read_wave(table: Table, intake: Intake, declared: Survey, as_of: date) -> Wave:
    """Return the answers of a recognised survey table; raises TableFault for dates read two ways."""
    newest = _newest(table, as_of)
    columns = ", ".join(sorted(set(table.fields)))
    wave = Wave(table.name, table.digest, columns, declared.invited, newest, declared.answered)
    if table.layout == "aggregates":
        _read_sums(table, intake, wave, declared)
        return wave
    sheets = _forms(table, intake) if table.layout == "forms" else _long(table, intake)
    scales = _scales(sheets, declared)
    wave.mixed = {construct for construct, scale in scales.items() if scale == _MIXED}
    wave.doubtful = {
        construct
        for construct, scale in scales.items()
        if scale > 0 and _runs_against(sheets, construct, scale)
    }
    intake.told += [
        f"an item of {one} runs against the others: mark it with (R), or take the mark away"
        for one in sorted(wave.doubtful)
    ]
    for construct, scale in scales.items():
        wave.scale[construct] = max(0, scale)
        if scale > 0 and construct not in wave.doubtful:
            items = max((len(found[construct]) for found, _ in sheets if construct in found), default=0)
            whole = [sheet for sheet in sheets if len(sheet[0].get(construct, ())) == items]
            wave.sheets[construct] = len(whole)
            for found, group in whole:
                mean = _mean(found.get(construct, ()), items, scale)
                if mean is not None:
                    wave.answers[construct].append((mean, group))
    return wave


Sheet = tuple[Mapping[str, Sequence[tuple[str, bool]]], str]


def _forms(table: Table, intake: Intake) -> list[Sheet]:
    """Return one sheet a row: its answers by construct."""
    items = [
        (f"f{number}", *construct_of(table.header[column]))
        for number, (name, column) in enumerate(table.recognised.columns)
        if name == "items"
    ]
    group = table.place("group") or "''"
    sheets: list[Sheet] = []
    for _, who, *cells in table.box.rows([group, *(place for place, _, _ in items)]):
        found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        for cell, (_, construct, turned) in zip(cells, items, strict=True):
            found[construct].append((cell, turned))
        sheets.append((found, who.strip().casefold()))
    return sheets


def _long(table: Table, intake: Intake) -> list[Sheet]:
    """Return one sheet a respondent of a table with a row for each answer."""
    respondent, group = table.place("respondent"), table.place("group") or "''"
    item, value = table.place("item"), table.place("value")
    who = respondent or "CAST(rowid AS VARCHAR)"
    sheets: dict[str, tuple[dict[str, list[tuple[str, bool]]], str]] = {}
    for _, person, belongs, text, answer in table.box.rows([who, group, item or "''", value or "''"]):
        construct, turned = construct_of(text)
        if not construct:
            intake.excluded["items of no known construct"] += 1
            continue
        found, _ = sheets.setdefault(person, (defaultdict(list), belongs.strip().casefold()))
        found[construct].append((answer, turned))
    return list(sheets.values())


def _scales(sheets: Sequence[Sheet], declared: Survey) -> dict[str, int]:
    """Return each construct's scale: 0 where nobody says which, _MIXED where its answers are on two."""
    seen: dict[str, set[int]] = defaultdict(set)
    for found, _ in sheets:
        for construct, answers in found.items():
            seen[construct] |= {_PROOF[text] for cell, _ in answers if (text := _plain(cell)) in _PROOF}
    return {
        construct: 100
        if construct == "unplanned"
        else _MIXED
        if len(proved) > 1
        else next(iter(proved), declared.scale)
        for construct, proved in seen.items()
    }


def _plain(cell: str) -> str:
    return re.sub(r"\s+", " ", cell.strip().casefold())


def _mean(answers: Iterable[tuple[str, bool]], items: int, scale: int) -> float | None:
    """Return a respondent's mean, None with fewer than two thirds of the items answered."""
    values = [value for cell, turned in answers if (value := _value(cell, turned, scale)) is not None]
    return sum(values) / len(values) if values and 3 * len(values) >= 2 * items else None


def _value(cell: str, turned: bool, scale: int) -> float | None:
    """Return an answer on its construct's scale, turned round where its item is; None for no answer."""
    plain, least = _plain(cell), 0 if scale == 100 else 1
    if not plain or _MISSING.search(plain):
        return None
    if plain in _LABELS:
        points, number = _LABELS[plain]
        value = float(number) if points == scale else _five(plain, scale)
    else:
        value = to_number(plain)
    if value is None or not least <= value <= scale:
        return None
    return scale + least - value if turned else value


def _runs_against(sheets: Sequence[Sheet], construct: str, scale: int) -> bool:
    """True where the answers to an item fall as those to the others of its construct rise."""
    rows = [
        [_value(cell, turned, scale) for cell, turned in found[construct]]
        for found, _ in sheets if construct in found
    ]  # fmt: skip
    width = max(map(len, rows), default=0)
    return any(_falls(rows, item) for item in range(width)) if width > 1 else False


def _falls(rows: Sequence[Sequence[float | None]], item: int) -> bool:
    pairs = []
    for row in rows:
        others = [one for number, one in enumerate(row) if number != item and one is not None]
        own = row[item] if item < len(row) else None
        if own is not None and others:
            pairs.append((own, sum(others) / len(others)))
    if len(pairs) < _ENOUGH:
        return False
    one, other = (sum(part) / len(pairs) for part in zip(*pairs, strict=True))
    spread = [
        math.sqrt(sum((pair[at] - mean) ** 2 for pair in pairs)) for at, mean in enumerate((one, other))
    ]
    together = sum((a - one) * (b - other) for a, b in pairs)
    # Chance alone rarely gives less than -0.3 from ten answers of people who mean the same.
    return 0 not in spread and together / (spread[0] * spread[1]) < -0.3


def _five(plain: str, scale: int) -> float | None:
    """Return the place of an agreement label on a declared 5-point scale."""
    five = {"strongly disagree": 1, "disagree": 2, "neutral": 3, "neither agree nor disagree": 3, "agree": 4,
            "strongly agree": 5}  # fmt: skip
    found = five.get(plain) if scale == 5 else None
    return None if found is None else float(found)


def _read_sums(table: Table, intake: Intake, wave: Wave, declared: Survey) -> None:
    names = [
        table.place(name) or "''" for name in ("item", "mean", "n", "sd", "group", "invited", "scale_max")
    ]
    for rowid, item, mean, n, sd, group, invited, scale in table.box.rows(names):
        construct, turned = construct_of(item)
        value, size = to_number(mean), to_number(n)
        if not construct:
            intake.excluded["items of no known construct"] += 1
            continue
        if value is None or size is None or size != int(size):
            intake.reject(table, [rowid], Code.NUMBER, "mean" if value is None else "n")
            continue
        top = int(to_number(scale) or declared.scale)
        wave.scale[construct] = top if wave.scale.get(construct, top) == top else 0
        wave.invited = max(wave.invited, int(to_number(invited) or 0))
        value = top + 1 - value if turned else value
        wave.sums[construct].append((value, to_number(sd), int(size), group.strip().casefold()))


def _newest(table: Table, as_of: date) -> date | None:
    place = table.place("submitted_on")
    if place is None:
        return None
    order = order_of(table, "submitted_on")
    texts = [text for (text,) in table.box.distinct(place)]
    days = [day for text in texts if (day := to_date(text, order)) is not None and day <= as_of]
    return max(days, default=None)


def half_width(n: int, sd: float, invited: int) -> float:
    """Return half of the 90 % interval of a mean for all `invited`, from `n` answers."""
    if n >= invited:
        return 0.0
    z, df = 1.6449, max(1, n - 1)
    # Cornish-Fisher: Student's quantile from the normal one, good to 1 % from five answers on.
    t = z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
    return t * sd / math.sqrt(n) * math.sqrt((invited - n) / max(1, invited - 1))
