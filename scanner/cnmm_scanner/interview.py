"""The guided questionnaire: every row that a statement can back, asked for one by one on the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click
import yaml

from cnmm_rules.criteria import Criterion
from cnmm_scanner.attesting import (
    LONGEST,
    STATEABLE,
    Draft,
    StatementFault,
    asked,
    records_of,
    write_statement,
)
from cnmm_scanner.office import Office
from cnmm_scanner.signature import Signer

STOP = ("q", "quit")


@dataclass(slots=True)
class Interview:
    """One sitting: what was stated before and is in date is not asked again."""

    office: Office
    folder: Path
    signer: Signer | None
    section: str
    level: int

    def run(self) -> int:
        """Ask until the rows are through or somebody stops; return the exit status."""
        today = datetime.now(UTC).date()
        subject = self.office.subject("")
        rows = list(asked(self.office.catalogue, self.section, self.level))
        open_rows = [row for row in rows if not self._stated(row, today)]
        click.echo(
            f"{len(open_rows)} of {len(rows)} rows are open. An empty answer skips a row, q ends.\n"
            "A statement without a document and a trusted signature is shown as claimed, never as proof.\n"
        )
        written = 0
        role = ""
        for number, row in enumerate(open_rows, 1):
            self._show(number, len(open_rows), row)
            statement = click.prompt("What is so", default="", show_default=False).strip()
            if statement.casefold() in STOP:
                break
            if not statement:
                continue
            role = click.prompt("Which role answers for it", default=role or None).strip()
            draft = self._ask(row, subject, statement, role, today)
            written += self._write(draft)
        click.echo(f"{written} statements written to {self.folder}")
        return 0

    def _ask(self, row: Criterion, subject: str, statement: str, role: str, today: date) -> Draft:
        names = records_of(row, STATEABLE)
        key = names[0]
        if len(names) > 1:
            key = click.prompt("Which record is it", type=click.Choice(names), default=names[0])
        document = click.prompt(
            "Document that backs it (a file, empty for none)", default="", show_default=False
        )
        expires = click.prompt("Valid until", default=(today + LONGEST).isoformat(), value_proc=_day)
        place = Path(document.strip()) if document.strip() else None
        return Draft(row.id, key, subject, statement, role, today, expires, place)

    def _write(self, draft: Draft) -> bool:
        try:
            for path in write_statement(draft, self.folder, self.signer, renew=True):
                click.echo(f"  {path}")
        except StatementFault as fault:
            click.echo(f"  not written: {fault}")
            return False
        click.echo(f"  {self.office.amounts(draft, signed=self.signer is not None)}\n")
        return True

    def _show(self, number: int, total: int, row: Criterion) -> None:
        click.secho(f"{number}/{total}  {row.id}", bold=True)
        click.echo(f"  {row.statement}")
        click.echo(f"  counts as: {' or '.join(records_of(row, STATEABLE))}")
        for prompt in row.prompts:
            click.echo(f"  an auditor will ask: {prompt}")

    def _stated(self, row: Criterion, today: date) -> bool:
        """True where the folder holds a statement about the organisation that is in date."""
        path = self.folder / f"{row.id}.yaml"
        try:
            found = yaml.safe_load(path.read_bytes())
            return isinstance(found, dict) and found["date"] <= today <= found["expires"]
        except (OSError, yaml.YAMLError, KeyError, TypeError):
            return False


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter("a date such as 2026-11-22") from None
