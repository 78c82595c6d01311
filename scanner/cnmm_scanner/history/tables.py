"""The tables of a history, the same in SQLite and PostgreSQL; `migrations` makes them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

SCAN = Table(
    "scan",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("recorded_at", String(20), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("engine", Text, nullable=False),
    Column("catalogue", Text, nullable=False),
    Column("catalogue_version", Text, nullable=False),
    Column("conclusions_digest", String(71), nullable=False),
    Column("manifest_digest", String(71), nullable=False, unique=True),
    Column("proven", Integer, nullable=False),
    Column("possible", Integer, nullable=False),
)
Index("scan_by_day", SCAN.c.organisation, SCAN.c.as_of)

SECTION = Table(
    "section",
    METADATA,
    Column("scan", Integer, ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("section", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("proven", Integer),
    Column("possible", Integer),
    Column("coverage", Float, nullable=False),
)

MEASURE = Table(
    "measure",
    METADATA,
    Column("scan", Integer, ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("low", Text, nullable=False),
    Column("high", Text),
)
"""Exact ranges, `n` or `n/d`; `high` is null where nothing bounds it."""

ASSESSMENT = Table(
    "assessment",
    METADATA,
    Column("scan", Integer, ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
"""The sealed assessment, compressed by zlib."""
