"""Where statements are made and looked through: catalogue, organisation, and what a scan would say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cnmm_collectors import registry
from cnmm_collectors.plugin import LedgerRow, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.catalogue.loader import load
from cnmm_rules.criteria import Catalogue, Criterion
from cnmm_scanner.attesting import (
    LONGEST,
    STATEABLE,
    Draft,
    StatementFault,
    choose_record,
    find_row,
    parse_subject,
)
from cnmm_scanner.claims import read_claims
from cnmm_scanner.located import Located, read_yaml
from cnmm_scanner.plugins import CATALOGUES, COLLECTORS, discover, find
from cnmm_scanner.settings import Settings, collector_settings, read_settings
from cnmm_scanner.sources import SourceKind, source_targets

RECORDS = "records"
KEYLESS = "a statement about a row that machines decide"


@dataclass(frozen=True, slots=True)
class Office:
    """The settings as far as statements need them."""

    settings: Settings
    document: Located | None
    catalogue: Catalogue

    @classmethod
    def open(cls, config: Path | None) -> Office:
        """Return the office of a settings file; raises Fault."""
        settings = Settings() if config is None else read_settings(config)
        document = None if config is None else read_yaml(config)
        files = find(CATALOGUES, settings.catalogue.id, True).load().files()
        return cls(settings, document, load(files, registry.load()))

    @property
    def organisation(self) -> str:
        """The organisation's name; raises StatementFault where nobody said it."""
        if self.settings.organisation is None:
            raise StatementFault("of which organisation is not said", "-c cnmm.yaml, or --subject org:NAME")
        return self.settings.organisation

    def subject(self, text: str) -> str:
        """Return what a statement is about: what is given, else the organisation."""
        return parse_subject(text or f"org:{self.organisation}")

    def today(self) -> date:
        """Return the audit date of the settings, else today."""
        return self.settings.as_of or datetime.now(UTC).date()

    def draft(self, criterion: str, asked: Mapping[str, Any]) -> Draft:
        """Return the statement that the options describe; raises StatementFault."""
        row = find_row(self.catalogue, criterion)
        day = asked["day"] or datetime.now(UTC).date()
        return Draft(
            criterion=row.id,
            key=choose_record(row, asked["record"], STATEABLE),
            subject=self.subject(asked["subject"]),
            statement=asked["statement"],
            role=asked["role"],
            day=day,
            expires=asked["expires"] or day + LONGEST,
            document=asked["artefact"],
            reviewer=asked["reviewer"],
        )

    def amounts(self, draft: Draft, *, signed: bool) -> str:
        """Return in one line what a statement can do, and what it lacks."""
        row: Criterion = find_row(self.catalogue, draft.criterion)
        if not draft.key:
            return f"{row.id} is decided by what machines record: a statement only claims it"
        lacks = [] if draft.document else ["a document (--artefact)"]
        lacks += [] if signed else ["a signature (--sign-key) by a role whose key the settings trust"]
        if lacks:
            return f"{row.id}: claimed until it has {' and '.join(lacks)}"
        return f"{row.id}: proof where `collectors: records: trust:` names the role's public key"

    def list(self, folder: Path) -> tuple[list[str], bool]:
        """Return what a scan would say of each file of a folder, and whether nothing is lost or run out."""
        organisation = Subject.safe(SubjectKind.ORG, self.settings.organisation or "given-targets")
        collector = next(one for one in discover(COLLECTORS, True) if one.name == RECORDS).load()()
        settings = collector_settings(self.settings, RECORDS, collector.Settings, self.document)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        reader = SourceReader(collector=RECORDS, version=collector.version, as_of=self.today(), now=now)
        (target,) = source_targets({SourceKind.ATTESTATIONS: [folder]}, organisation, 5)
        rows: list[LedgerRow] = []
        for item in collector.plan(target, settings, reader):
            if isinstance(item, WorkItem):
                found = collector.collect(item, settings, reader)
                rows += [one for one in found if isinstance(one, LedgerRow)]
        known = frozenset(row.id for row in self.catalogue.criteria)
        rows += read_claims([folder], known, organisation, self.today()).rows
        told = sorted(dict.fromkeys(line for row in rows if (line := _line(row))))
        return told, all(row.requested == row.received for row in rows)


def _line(row: LedgerRow) -> str:
    """Return what a ledger row says of a file, as its author would; empty for nothing new."""
    if row.requested != row.received:
        return f"{row.about}: does not count: {row.detail}"
    if row.unit == "claim":
        return f"{row.about}: claims its row"
    if row.detail.startswith(KEYLESS):
        return ""
    return f"{row.about}: {row.detail or 'proves its record'}"
