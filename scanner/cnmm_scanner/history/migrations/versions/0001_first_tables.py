"""The first tables: scans, their sections, measures and assessments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "scan",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.String(20), nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("catalogue", sa.Text, nullable=False),
        sa.Column("catalogue_version", sa.Text, nullable=False),
        sa.Column("conclusions_digest", sa.String(71), nullable=False),
        sa.Column("manifest_digest", sa.String(71), nullable=False, unique=True),
        sa.Column("proven", sa.Integer, nullable=False),
        sa.Column("possible", sa.Integer, nullable=False),
    )
    op.create_index("scan_by_day", "scan", ["organisation", "as_of"])
    op.create_table(
        "section",
        _scan(),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("section", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("proven", sa.Integer),
        sa.Column("possible", sa.Integer),
        sa.Column("coverage", sa.Float, nullable=False),
    )
    op.create_table(
        "measure",
        _scan(),
        sa.Column("signal", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("low", sa.Text, nullable=False),
        sa.Column("high", sa.Text),
    )
    op.create_table("assessment", _scan(), sa.Column("document", sa.LargeBinary, nullable=False))


def _scan() -> sa.Column[int]:
    return sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("assessment", "measure", "section", "scan"):
        op.drop_table(table)
