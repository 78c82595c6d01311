"""Casting: texts of cells become dates, states, numbers and flags, or are refused; never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

EMPTY = frozenset({"", "-", "–", "—", "n/a", "na", "null", "none", "nil", "0000-00-00", "nan", "#n/a", "0"})
_EPOCH = date(1899, 12, 30)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_ISO_MONTH = re.compile(r"(\d{4})-(\d{2})")
_COMPACT = re.compile(r"(19|20)(\d{2})(\d{2})(\d{2})")
_PARTS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{2}|\d{4})(?:[ T,].*)?")
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})(?:[ T].*)?")
_NAMED = re.compile(r"(\d{1,2})[ ./\-]+([^\W\d_]{3,10})\.?[ ,./\-]+(\d{4}|\d{2})(?:[ T,].*)?")
_CLOCK = re.compile(
    r".*?[T ,](\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)? ?([ap]m)? ?(z|utc|gmt|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_NAMED_US = re.compile(r"([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:[ ,].*)?")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january janvier janv enero ene jän jänner",
            "feb februar february février fevrier févr febrero",
            "mar märz maerz mär march mars marzo mrz",
            "apr april avril avr abril abr",
            "may mai mayo",
            "jun juni june juin junio",
            "jul juli july juillet juil julio",
            "aug august août aout agosto ago",
            "sep sept september septembre septiembre",
            "oct okt oktober october octobre octubre",
            "nov november novembre noviembre",
            "dec dez dezember december décembre decembre diciembre dic déc",
        ),
        1,
    )
    for name in names.split()
}


class Order(StrEnum):
    """How the dates of a column put day and month."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class AmbiguousDates(ValueError):
    """A column of dates can be read both ways; the message says how to settle it."""


def is_empty(text: str) -> bool:
    """True for the ways in which exports write nothing."""
    return text.strip().casefold() in EMPTY


def date_order(texts: Iterable[str]) -> Order:
    """Return the order that a column's own values prove; raises AmbiguousDates.

    Dates with dots are day first by custom; a column without day and month in doubt is day first, which
    then changes nothing.
    """
    doubtful = day = month = False
    for text in texts:
        match = _PARTS.fullmatch(text.strip())
        if match is None or match[2] == ".":
            continue
        first, second = int(match[1]), int(match[3])
        day, month = day or first > 12, month or second > 12
        doubtful = doubtful or (first <= 12 and second <= 12 and first != second)
    if day and month:
        raise AmbiguousDates("puts the day first in some rows and the month first in others")
    if doubtful and not (day or month):
        raise AmbiguousDates("can be read day first and month first; set date_order: dmy or mdy")
    return Order.MONTH_FIRST if month else Order.DAY_FIRST


def to_date(text: str, order: Order) -> date | None:
    """Return the date a cell holds, or None where it holds none that can be read."""
    text = text.strip()
    for pattern, take in _READERS:
        match = pattern.fullmatch(text)
        if match is not None:
            return take(match)
    match = _PARTS.fullmatch(text)
    if match is not None:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 2000 if year < 70 else 1900 if year < 100 else 0
        swap = order is Order.MONTH_FIRST and match[2] != "."
        return _make(year, first if swap else second, second if swap else first)
    return _number(text)


def to_moment(text: str, order: Order) -> tuple[datetime, bool] | None:
    """Return the moment a cell holds and whether it names its zone; without one it is taken as UTC.

    None where there is no date; a date alone is its first moment.
    """
    day = to_date(text, order)
    if day is None:
        return None
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        whole = re.fullmatch(r"\d{10}|\d{13}", text.strip())
        number = int(text) / (1000 if len(text.strip()) == 13 else 1) if whole else 0
        at = datetime.fromtimestamp(number, UTC) if whole else datetime.combine(day, time(), UTC)
        return at, bool(whole)
    hour = int(match[1]) % 12 + 12 * (match[4].lower() == "pm") if match[4] else int(match[1])
    try:
        clock = time(hour, int(match[2]), int(match[3] or 0), tzinfo=_zone(match[5] or ""))
        return datetime.combine(day, clock), bool(match[5])
    except ValueError:
        return None


def _zone(text: str) -> timezone:
    found = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", text)
    if found is None:
        return UTC
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _named(day: str, month: str, year: str) -> date | None:
    number = _MONTHS.get(unicodedata.normalize("NFKC", month).casefold())
    return None if number is None else _make(int(year) + (2000 if len(year) == 2 else 0), number, int(day))


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
    (_ISO, lambda m: _make(int(m[1]), int(m[2]), int(m[3]))),
    (_ISO_MONTH, lambda m: _make(int(m[1]), int(m[2]), 1)),
    (_COMPACT, lambda m: _make(int(m[1] + m[2]), int(m[3]), int(m[4]))),
    (_YEAR_FIRST, lambda m: _make(int(m[1]), int(m[2]), int(m[3]))),
    (_NAMED, lambda m: _named(m[1], m[2], m[3])),
    (_NAMED_US, lambda m: _named(m[2], m[1], m[3])),
)


def _number(text: str) -> date | None:
    """Read a spreadsheet's serial day, or seconds or milliseconds since 1970."""
    if not re.fullmatch(r"\d{5}(?:\.\d+)?|\d{10}|\d{13}", text):
        return None
    whole = int(text.partition(".")[0])
    if len(str(whole)) == 5:
        return _EPOCH + timedelta(days=whole) if 20_000 <= whole <= 80_000 else None
    return datetime.fromtimestamp(whole / (1000 if whole >= 10**12 else 1), UTC).date()


class State(StrEnum):
    """How far somebody came with a course; none of these stands for another."""

    ENROLLED = "enrolled"
    STARTED = "started"
    ATTENDED = "attended"
    COMPLETED = "completed"
    FAILED = "failed"
    EXEMPT = "exempt"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


_STATES = {
    State.FAILED: "not passed|failed|fail|nicht bestanden|échoué|echoue|non réussi|reprobado"
    "|suspenso|no aprobado",
    State.STARTED: "not completed|incomplete|in progress|started|ongoing|overdue|begonnen|in bearbeitung"
    "|nicht abgeschlossen|en cours|non terminé|en curso|en progreso|incompleto",
    State.ENROLLED: "not started|enrolled|enrollment|enrolment|registered|assigned|subscribed|planned"
    "|scheduled"
    "|booked|approved|requested|voucher|angemeldet|zugewiesen|geplant|inscrit|inscrito|asignado|no iniciado",
    State.WITHDRAWN: "withdrawn|cancelled|canceled|no show|dropped|expired|revoked_access|revoked|declined"
    "|unenrolled"
    "|abgemeldet|storniert|annulé|abandonné|cancelado|retirado",
    State.EXEMPT: "waived|exempt|exemption|equivalency|equivalent|befreit|dispensé|exento",
    State.ATTENDED: "attended|present|participated|teilgenommen|présent|asistió",
    State.COMPLETED: "completed|complete|completion|passed|pass|successful|success|satisfied|finished|done"
    "|certificate_grant|abgeschlossen|bestanden|erledigt|terminé|terminée|réussi|réussie|achevé"
    "|completado|completada|aprobado|finalizado",
}
_STATE_OF = {word: state for state, words in _STATES.items() for word in words.split("|")}
_LONGEST = sorted(_STATE_OF, key=len, reverse=True)


def to_state(text: str) -> State:
    """Return the state a status names, the longest known phrase first; UNKNOWN for what is not listed."""
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()
    plain = plain.replace("-", " ") if "-" in plain else plain
    if plain in _STATE_OF:
        return _STATE_OF[plain]
    for phrase in _LONGEST:
        if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", plain):
            return _STATE_OF[phrase]
    return State.UNKNOWN


_YES = frozenset(
    [
        "yes",
        "y",
        "true",
        "1",
        "x",
        "ja",
        "j",
        "wahr",
        "oui",
        "o",
        "vrai",
        "sí",
        "si",
        "s",
        "verdadero",
        "✓",
        "active",
    ]
)
_NO = frozenset(["no", "n", "false", "nein", "falsch", "non", "faux", "falso", "inactive"])


def to_flag(text: str) -> bool | None:
    """Return yes or no, False for an empty cell, None for anything else."""
    plain = text.strip().casefold()
    if plain in _YES:
        return True
    return False if plain in _NO or is_empty(plain) else None


def to_number(text: str) -> float | None:
    """Return a number written with a point or a comma, a percent sign dropped; None for no number."""
    plain = text.strip().replace("\u00a0", "").replace(" ", "").rstrip("%")
    if re.fullmatch(r"[+-]?\d+,\d{1,2}", plain):
        plain = plain.replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+", plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "")
    return float(plain) if re.fullmatch(r"[+-]?\d+(?:\.\d+)?", plain) else None
