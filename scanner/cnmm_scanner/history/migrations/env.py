"""Runs the migrations on the connection that the store opened."""

from __future__ import annotations

from alembic import context

from cnmm_scanner.history.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table="cnmm_history_version",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
