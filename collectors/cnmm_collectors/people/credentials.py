"""Certificate records from tables and from saved badge files (Credly, Open Badges 2 and 3)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cnmm_collectors.people.certificates import (
    Certificate,
    Certificates,
    code_of,
    expiry,
    is_official,
    is_well_formed,
)
from cnmm_collectors.people.identity import KEYS, Conflict, Directory
from cnmm_collectors.tables.cast import Order, State, is_empty, to_date, to_state
from cnmm_collectors.tables.faults import Code
from cnmm_collectors.tables.intake import STRANGE, Intake
from cnmm_collectors.tables.table import Table, order_of

_GOOD = frozenset(
    {"accepted", "active", "valid", "current", "issued", "earned", "certified", "aktiv", "gültig"}
)
_LAPSED = frozenset({"expired", "abgelaufen", "expiré", "vencido", "inactive", "lapsed"})


def take_table(
    table: Table,
    intake: Intake,
    certificates: Certificates,
    directory: Directory,
    as_of: date,
    rostered: bool,
) -> None:
    """Add the records of a certificate table; raises TableFault for dates that can be read two ways."""
    issued, expires = order_of(table, "issued_on"), order_of(table, "expires_on")
    certificates.files.append((table.name, table.digest, ", ".join(sorted(set(table.fields)))))
    for rowid, *cells in table.box.rows(table.places):
        row = dict(zip(table.fields, cells, strict=True))
        code = code_of(row.get("certification", ""), row.get("issuer", ""))
        if not code:
            intake.excluded["another certificate, a course or a look-alike"] += 1
            continue
        if not _stands(row.get("cert_status", "")):
            intake.excluded["not passed, planned or revoked"] += 1
            continue
        day = to_date(row.get("issued_on", ""), issued)
        end = to_date(row.get("expires_on", ""), expires)
        if day is None or not date(2010, 1, 1) <= day <= as_of:
            intake.reject(table, [rowid], Code.DATE, "issued_on")
            continue
        if not is_empty(row.get("expires_on", "")) and (end is None or end < day):
            intake.reject(table, [rowid], Code.DATE, "expires_on")
            continue
        try:
            person = _person(directory, [(kind, row.get(kind, "")) for kind in KEYS], rostered)
        except Conflict:
            intake.reject(table, [rowid], Code.CONFLICT)
            continue
        if person is None:
            _set_aside(intake, table, rowid, row)
            continue
        if intake.repeats((person, *cells)):
            continue
        last = end or expiry(code, day)
        if _has_lapsed(row.get("cert_status", "")) and last >= as_of:
            intake.reject(table, [rowid], Code.CONFLICT, "cert_status")
            continue
        sound = is_well_formed(row.get("credential_id", "")) and is_official(row.get("issuer", ""))
        certificates.add(Certificate(person, code, day, last, sound))
    certificates.unread += intake.quarantined


def _set_aside(intake: Intake, table: Table, rowid: int, row: Mapping[str, str]) -> None:
    """Account for a record of nobody known: left out where it names somebody, broken where it names none."""
    if any(not is_empty(row.get(kind, "")) for kind in KEYS):
        intake.excluded[STRANGE] += 1
    else:
        intake.reject(table, [rowid], Code.NO_KEY)


def _has_lapsed(status: str) -> bool:
    return unicodedata.normalize("NFKC", status).strip().casefold() in _LAPSED


def _stands(status: str) -> bool:
    plain = unicodedata.normalize("NFKC", status).strip().casefold()
    if is_empty(plain) or plain in _GOOD or plain in _LAPSED:
        return True
    return to_state(plain) is State.COMPLETED


def _person(directory: Directory, ids: list[tuple[str, str]], rostered: bool) -> int | None:
    """Return whom a record belongs to; without a roster every new id is a person."""
    if not rostered:
        return directory.place(ids)
    found = {person for kind, text in ids if (person := directory.find(kind, text)) is not None}
    if len(found) > 1:
        raise Conflict
    return found.pop() if found else None


@dataclass(frozen=True, slots=True)
class Badges:
    """A saved document of badges, and the file that holds it."""

    name: str
    digest: str
    document: Any

    def close(self) -> None:
        """Nothing was copied."""


def holds_badges(document: Any) -> bool:
    """True for a saved document of badges that is understood."""
    return any(True for _ in _badges(document))


def take_badges(
    document: Any,
    intake: Intake,
    certificates: Certificates,
    directory: Directory,
    as_of: date,
    rostered: bool,
) -> None:
    """Add the badges of a saved document."""
    if isinstance(document, Mapping) and _part(document, "metadata").get("next_page_url"):
        certificates.partial = True
        intake.told.append("a page of several: the rest is missing")
    for number, badge in enumerate(_badges(document), 1):
        intake.rows += 1
        code = code_of(badge["title"], badge["issuer"])
        day = to_date(badge["issued"], Order.DAY_FIRST)
        end = to_date(badge["expires"], Order.DAY_FIRST) if badge["expires"] else None
        if not code or not badge["stands"]:
            intake.excluded["another badge, a course, or not accepted"] += 1
        elif day is None or day > as_of:
            intake.reject_record(number, Code.DATE, "issued_on")
        else:
            person = _person(directory, [("email", badge["email"]), ("login", badge["login"])], rostered)
            if person is None:
                intake.excluded[STRANGE] += 1
                continue
            sound = is_official(badge["issuer"])
            certificates.add(Certificate(person, code, day, end or expiry(code, day), sound))


def _badges(document: Any) -> Iterator[dict[str, Any]]:
    records = document if isinstance(document, list) else None
    if isinstance(document, Mapping):
        records = document["data"] if isinstance(document.get("data"), list) else [document]
    for record in records or ():
        if isinstance(record, Mapping):
            made = _credly(record) or _open_badge_3(record) or _open_badge_2(record)
            if made is not None:
                yield made


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within an object, an empty one where there is none of that shape."""
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _credly(record: Mapping[str, Any]) -> dict[str, Any] | None:
    template = record.get("badge_template")
    if not isinstance(template, Mapping):
        return None
    listed = _part(record, "issuer").get("entities")
    entities = (
        [_part(one, "entity") for one in listed if isinstance(one, Mapping)]
        if isinstance(listed, list)
        else []
    )
    issuer = next((str(one["name"]) for one in entities if one.get("name")), "")
    category = str(template.get("type_category", ""))
    return {
        "title": str(template.get("name", "")),
        "issuer": issuer,
        "issued": str(record.get("issued_at_date") or record.get("issued_at") or ""),
        "expires": str(record.get("expires_at_date") or ""),
        "stands": record.get("state") == "accepted" and category in ("", "Certification"),
        "email": str(record.get("recipient_email") or record.get("issued_to_email") or ""),
        "login": str(record.get("earner_path") or ""),
    }


def _open_badge_2(record: Mapping[str, Any]) -> dict[str, Any] | None:
    badge = record.get("badge")
    if not isinstance(badge, Mapping) or "issuedOn" not in record:
        return None
    recipient = _part(record, "recipient")
    issuer = badge.get("issuer")
    return {
        "title": str(badge.get("name", "")),
        "issuer": str(issuer.get("name", "")) if isinstance(issuer, Mapping) else "",
        "issued": str(record["issuedOn"]),
        "expires": str(record.get("expires") or ""),
        "stands": not record.get("revoked"),
        "email": "" if recipient.get("hashed") else str(recipient.get("identity", "")),
        "login": "",
    }


def _open_badge_3(record: Mapping[str, Any]) -> dict[str, Any] | None:
    subject = record.get("credentialSubject")
    if not isinstance(subject, Mapping) or not isinstance(subject.get("achievement"), Mapping):
        return None
    issuer = record.get("issuer")
    listed = subject.get("identifier")
    who = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    email = next((str(one.get("identityHash", "")) for one in who if not one.get("hashed")), "")
    return {
        "title": str(subject["achievement"].get("name", "")),
        "issuer": str(issuer.get("name", "")) if isinstance(issuer, Mapping) else "",
        "issued": str(
            record.get("awardedDate") or record.get("validFrom") or record.get("issuanceDate") or ""
        ),
        "expires": str(record.get("validUntil") or record.get("expirationDate") or ""),
        "stands": True,
        "email": email or str(subject.get("id", "")).removeprefix("mailto:"),
        "login": "",
    }
