"""`cnmm attest`, `artefact`, `complete`, `waive` and `adjudicate`: what people write down for an audit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from cnmm_scanner.faults import Fault

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_THERE = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEY = click.option("--sign-key", type=_THERE, help="Private key of the role; `cnmm keys new` makes one.")
_RENEW = click.option("--renew", is_flag=True, help="Replace what is there already.")


class _Day(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{str(value)[:40]!r} is no date such as 2026-11-22", param, ctx)


DAY = _Day()


class AskedWrongly(Fault):
    """Options that do not fit together."""


def _today() -> date:
    return datetime.now(UTC).date()


@click.command()
@click.argument("criterion", required=False)
@click.option("--statement", help="What is so, in one or two sentences.")
@click.option("--role", help="The role that answers for it; the name of a person is not needed.")
@click.option("--artefact", type=_THERE, help="The document that backs it; copied beside the statement.")
@click.option("--record", default="", help="Which record it is, where a row accepts several.")
@click.option("--subject", default="", help="What it is about; the organisation of the settings by default.")
@click.option("--date", "day", type=DAY, help="When it was so; today by default.")
@click.option("--expires", type=DAY, help="Until when it speaks, a year at most; a year by default.")
@click.option("--reviewer", default="", help="The other role that has reviewed it.")
@click.option("-d", "--folder", type=_FOLDER, default="attestations", show_default=True)
@click.option("-c", "--config", type=_THERE, help="Settings: the organisation, its catalogue, trusted keys.")
@click.option("--interview", is_flag=True, help="Ask for every row that a statement can back, one by one.")
@click.option("--list", "listed", is_flag=True, help="Say what each statement of the folder amounts to.")
@click.option("--section", default="", help="With --interview: only the rows of this section.")
@click.option("--level", type=click.IntRange(0, 5), default=0, help="With --interview: only this level.")
@_RENEW
@_KEY
def attest(
    criterion: str | None, folder: Path, config: Path | None, listed: bool, interview: bool, **asked: Any
) -> int:
    """Write a role's statement about a row, or ask for all of them, or list what is there.

    A statement alone only claims. It proves a row that accepts statements where its document is there
    and unchanged, it is in date, and it is signed by a role whose key the settings trust.
    """
    from cnmm_scanner.interview import Interview
    from cnmm_scanner.office import Office

    office = Office.open(config)
    if listed:
        lines, sound = office.list(folder)
        for line in lines:
            click.echo(line)
        return 0 if sound else 1
    signer = _signer(asked["sign_key"])
    if interview:
        return Interview(office, folder, signer, asked["section"], asked["level"]).run()
    missing = [f"--{name}" for name in ("statement", "role") if not asked[name]]
    if criterion is None or missing:
        raise AskedWrongly(
            f"what to state is missing: {', '.join([*([] if criterion else ['CRITERION']), *missing])}",
            "or ask with --interview, or look with --list",
        )
    draft = office.draft(criterion, asked)
    from cnmm_scanner.attesting import write_statement

    for path in write_statement(draft, folder, signer, renew=asked["renew"]):
        click.echo(path)
    click.echo(office.amounts(draft, signed=signer is not None), err=True)
    return 0


@click.command()
@click.argument("file", type=_THERE)
@click.option("--criterion", required=True, help="The row that it is to prove.")
@click.option("--record", default="", help="Which record it is, where the row accepts several.")
@click.option("--owner", required=True, help="The role that owns the document.")
@click.option("--reviewer", required=True, help="The other role that has reviewed it.")
@click.option("--date", "day", type=DAY, help="The document's date; today by default.")
@click.option("-c", "--config", type=_THERE, help="Settings: the organisation's catalogue.")
@_RENEW
@_KEY
def artefact(file: Path, criterion: str, owner: str, reviewer: str, config: Path | None, **asked: Any) -> int:
    """Write beside the document FILE which record it is: digest, date, owner and reviewer.

    The folder is read as `sources: {artefacts: FOLDER}`. A document of which a byte changes afterwards
    proves nothing until this is written anew.
    """
    from cnmm_scanner.attesting import DOCUMENTABLE, StatementFault, choose_record, find_row, write_sidecar
    from cnmm_scanner.office import Office

    row = find_row(Office.open(config).catalogue, criterion)
    key = choose_record(row, asked["record"], DOCUMENTABLE)
    if not key:
        raise StatementFault(f"{row.id} asks for no document", f"cnmm explain {row.id}")
    signer, day = _signer(asked["sign_key"]), asked["day"] or _today()
    for path in write_sidecar(file, key, day, owner, reviewer, signer, renew=asked["renew"]):
        click.echo(path)
    return 0


@click.command()
@click.argument("keys", nargs=-1, metavar="KEY...")
@click.option(
    "--role", required=True, help="The role that answers for it; its key is among the trusted ones."
)
@click.option("--date", "day", type=DAY, help="When it was so; today by default.")
@click.option("--expires", type=DAY, help="Until when it speaks, a year at most; half a year by default.")
@click.option("-d", "--folder", type=_FOLDER, default="artefacts", show_default=True)
@click.option("--sign-key", type=_THERE, required=True, help="Private key of the role.")
def complete(
    keys: tuple[str, ...], role: str, day: date | None, expires: date | None, folder: Path, sign_key: Path
) -> int:
    """Sign that the records KEY... are all documents and statements there are.

    A record that is not on the list is then absent instead of unknown, so that a row can be ruled out. A
    list that is not signed by a trusted role says nothing.
    """
    from cnmm_scanner.attesting import write_list

    start = day or _today()
    until = expires or start + timedelta(days=182)
    for path in write_list(folder, keys, role, start, until, _signer(sign_key)):
        click.echo(path)
    return 0


@click.command()
@click.argument("criterion")
@click.option("--reason", required=True, help="Why the risk is accepted.")
@click.option("--owner", required=True, help="The role that owns the risk.")
@click.option("--approver", required=True, help="The other role that accepts it.")
@click.option("--expires", type=DAY, help="Until when; half a year by default.")
@click.option("--subject", default="", help="What it is about; the organisation of the settings by default.")
@click.option("-f", "--file", type=_FILE, default="waivers.yaml", show_default=True)
@click.option("-c", "--config", type=_THERE, help="Settings: the organisation and its catalogue.")
def waive(
    criterion: str, reason: str, owner: str, approver: str, expires: date | None, subject: str, file: Path,
    config: Path | None,
) -> int:  # fmt: skip
    """Add an accepted risk to the file that `waivers:` names; it is shown, and never a pass."""
    from cnmm_scanner.attesting import append, find_row
    from cnmm_scanner.office import Office

    office = Office.open(config)
    entry = {
        "criterion": find_row(office.catalogue, criterion).id,
        "subject": office.subject(subject),
        "reason": reason,
        "owner": owner,
        "approver": approver,
        "expires": expires or _today() + timedelta(days=182),
    }
    append(file, "waivers", entry)
    click.echo(file)
    return 0


@click.command()
@click.argument("criterion")
@click.option("--accept/--reject", "accepted", required=True, default=None, help="The decision.")
@click.option("--reason", required=True, help="What was looked at, and why it decides.")
@click.option("--auditor", required=True, help="The role that decides.")
@click.option("--date", "day", type=DAY, help="The day of the decision; today by default.")
@click.option("--subject", default="", help="What it is about; the organisation of the settings by default.")
@click.option("-f", "--file", type=_FILE, default="adjudications.yaml", show_default=True)
@click.option("-c", "--config", type=_THERE, help="Settings: the organisation and its catalogue.")
def adjudicate(
    criterion: str, accepted: bool, reason: str, auditor: str, day: date | None, subject: str, file: Path,
    config: Path | None,
) -> int:  # fmt: skip
    """Add an auditor's decision on a contested or claimed row; `cnmm assess --adjudications` applies it."""
    from cnmm_scanner.attesting import append, find_row
    from cnmm_scanner.office import Office

    office = Office.open(config)
    entry = {
        "criterion": find_row(office.catalogue, criterion).id,
        "subject": office.subject(subject),
        "decision": "accept" if accepted else "reject",
        "reason": reason,
        "dated": day or _today(),
        "auditor": auditor,
    }
    append(file, "adjudications", entry)
    click.echo(file)
    return 0


def _signer(key: Path | None) -> Any:
    if key is None:
        return None
    from cnmm_scanner.signature import load_signer

    return load_signer(key)
