"""The store: entries written once, read in order, and removed when their time is over."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Row, create_engine, delete, event, insert, select, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from cnmm_scanner.history.entry import Entry, Measure
from cnmm_scanner.history.location import HistoryFault, Location
from cnmm_scanner.history.tables import ASSESSMENT, MEASURE, SCAN, SECTION

ORGANISATION = "organisation"
_BUSY_SECONDS = 30
_LOCK = 0x636E6D6D
"""The advisory lock that two scans on one server share while the tables are made."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One recorded scan, without its documents."""

    id: int
    organisation: str
    as_of: date
    recorded_at: str
    complete: bool
    engine: str
    catalogue: str
    catalogue_version: str
    conclusions_digest: str
    manifest_digest: str
    proven: int
    possible: int


class History:
    """An open history, its tables up to date; every method raises HistoryFault for what goes wrong."""

    def __init__(self, engine: Engine, location: Location) -> None:
        self._engine, self._location = engine, location

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with _said(self._location), self._engine.begin() as connection:
            yield connection

    def record(self, entry: Entry) -> bool:
        """Keep an entry; return False where this very bundle is kept already."""
        with self._begin() as connection:
            known = select(SCAN.c.id).where(SCAN.c.manifest_digest == entry.manifest_digest)
            if connection.execute(known).first() is not None:
                return False
            number = connection.execute(insert(SCAN).returning(SCAN.c.id), _scan(entry)).scalar_one()
            _insert_all(connection, number, entry)
        return True

    def entries(self, organisation: str | None = None) -> list[Kept]:
        """Return what is kept, the oldest audit date first; of one organisation, or of all."""
        query = select(SCAN).order_by(SCAN.c.organisation, SCAN.c.as_of, SCAN.c.id)
        if organisation is not None:
            query = query.where(SCAN.c.organisation == organisation)
        with self._begin() as connection:
            return [Kept(**row._mapping) for row in connection.execute(query)]

    def latest(self, organisation: str, until: date, but: str = "") -> Kept | None:
        """Return the newest complete entry of an organisation at or before a day, not of bundle `but`."""
        found = [
            one
            for one in self.entries(organisation)
            if one.complete and one.as_of <= until and one.manifest_digest != but
        ]
        return found[-1] if found else None

    def assessment(self, kept: Kept) -> dict[str, Any]:
        """Return the assessment of an entry."""
        query = select(ASSESSMENT.c.document).where(ASSESSMENT.c.scan == kept.id)
        with self._begin() as connection:
            packed = connection.execute(query).scalar_one()
        try:
            document: dict[str, Any] = json.loads(zlib.decompress(packed))
        except (zlib.error, ValueError) as error:
            raise HistoryFault(f"{self._location}: an assessment in it is damaged") from error
        return document

    def sections(self, kept: Sequence[Kept], subject: str = ORGANISATION) -> dict[int, list[Row[Any]]]:
        """Return the sections of entries for one subject, by entry, in catalogue order."""
        found: dict[int, list[Row[Any]]] = {one.id: [] for one in kept}
        query = select(SECTION).where(SECTION.c.subject == subject).order_by(SECTION.c.position)
        with self._begin() as connection:
            for row in connection.execute(query):
                if row.scan in found:
                    found[row.scan].append(row)
        return found

    def measures(self, kept: Kept) -> list[Measure]:
        """Return the measures of an entry, sorted."""
        query = select(MEASURE).where(MEASURE.c.scan == kept.id)
        with self._begin() as connection:
            rows = connection.execute(query).all()
        return sorted(
            Measure(
                row.signal, row.subject, Fraction(row.low), None if row.high is None else Fraction(row.high)
            )
            for row in rows
        )

    def prune(self, before: date, organisation: str | None = None) -> int:
        """Remove every entry with an audit date before a day, documents and all; return how many."""
        old = SCAN.c.as_of < before
        if organisation is not None:
            old = old & (SCAN.c.organisation == organisation)
        with self._begin() as connection:
            numbers = select(SCAN.c.id).where(old)
            for table in (ASSESSMENT, MEASURE, SECTION):
                connection.execute(delete(table).where(table.c.scan.in_(numbers)))
            return connection.execute(delete(SCAN).where(old)).rowcount


def _scan(entry: Entry) -> dict[str, Any]:
    told = entry.assessment
    return {
        "organisation": told["organisation"],
        "as_of": entry.as_of,
        "recorded_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "complete": told["complete"],
        "engine": told["engine"],
        "catalogue": told["catalogue"]["id"],
        "catalogue_version": told["catalogue"]["version"],
        "conclusions_digest": told["conclusions_digest"],
        "manifest_digest": entry.manifest_digest,
        "proven": told["headline"]["proven"],
        "possible": told["headline"]["possible"],
    }


def _insert_all(connection: Connection, number: int, entry: Entry) -> None:
    sections = [*_sections(number, ORGANISATION, entry.assessment["sections"])]
    for team in entry.assessment["teams"]:
        sections.extend(_sections(number, team["id"], team["sections"]))
    measures = [
        {
            "scan": number,
            "signal": one.signal,
            "subject": one.subject,
            "low": str(one.low),
            "high": None if one.high is None else str(one.high),
        }
        for one in entry.measures
    ]
    document = [{"scan": number, "document": zlib.compress(entry.sealed)}]
    for table, rows in ((SECTION, sections), (MEASURE, measures), (ASSESSMENT, document)):
        if rows:
            connection.execute(insert(table), rows)


def _sections(number: int, subject: str, sections: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for position, section in enumerate(sections):
        kept = {name: section[name] for name in ("title", "proven", "possible", "coverage")}
        about = {"scan": number, "subject": subject, "section": section["id"], "position": position}
        yield {**about, **kept}


@contextmanager
def open_history(location: Location) -> Iterator[History]:
    """Open a history, made or brought up to date where needed; raises HistoryFault."""
    with _said(location):
        engine = _engine(location)
    try:
        with _said(location):
            _migrate(engine)
        yield History(engine, location)
    finally:
        engine.dispose()


@contextmanager
def _said(location: Location) -> Iterator[None]:
    """Turn what a database says into one line; statements and their values stay out of it."""
    try:
        yield
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise HistoryFault(
            f"history {location}: the driver is not installed", "install cnmm[postgres]"
        ) from error
    except CommandError as error:
        raise HistoryFault(f"history {location}: made by a newer version", "update cnmm") from error
    except ArgumentError as error:
        raise HistoryFault(
            f"history {location}: not a database URL", "give postgresql://HOST/NAME"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise HistoryFault(f"history {location}: {_reason(error)}") from error


def _reason(error: SQLAlchemyError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot be opened: {error.strerror}"
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return f"{type(cause).__name__}: {lines[0][:200]}" if lines else type(cause).__name__


def _engine(location: Location) -> Engine:
    if location.path is None:
        return create_engine(
            location.url, poolclass=NullPool, connect_args={"connect_timeout": _BUSY_SECONDS}
        )
    _make_private(location.path)
    engine = create_engine("sqlite://", creator=_connector(location.path), poolclass=NullPool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _lock_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Create the file for its owner alone: an assessment says where an organisation is weak."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _connector(path: Path) -> Any:
    import sqlite3

    # Transactions are begun by `_lock_sqlite`, so that two writers wait for each other from the start.
    return lambda: sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # What was removed is overwritten: retention would otherwise only hide it.
    connection.execute("PRAGMA secure_delete = ON")


def _lock_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "cnmm_scanner.history:migrations")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
