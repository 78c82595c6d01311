"""Who may log in: whole for an owner, in part for everybody else, under pseudonyms always."""

from __future__ import annotations

from cnmm_collectors import accounts
from cnmm_collectors.reader.people import pseudonym
from doubles.github.organisation import Organisation, acme
from doubles.github.server import serve
from unit.collectors.github.workshop import Scan


def scan(org: Organisation, fault: str = "", at: str = "") -> Scan:
    with serve(org) as double:
        if fault:
            double.faults.set(at, fault)
        return Scan(double)


def listed(found: Scan) -> set[str]:
    return {one.value for one in found.found.people if one.attribute == accounts.LISTED}


def test_an_owner_sees_members_and_outside_collaborators() -> None:
    org = acme()
    org.outside = ["vic-vendor"]
    found = scan(org)
    held = {one.person for one in found.found.people if one.attribute == accounts.HOLDER}
    assert held == {pseudonym(f"login:{login}") for login in (*org.people(), "vic-vendor")}
    assert listed(found) == {"whole"}
    assert "vic-vendor" not in repr(found.found.people)


def test_whoever_is_no_owner_sees_a_part() -> None:
    org = acme()
    org.viewer_administers = False
    assert listed(scan(org)) == {"partial"}


def test_members_that_the_host_counts_and_does_not_list_are_a_part() -> None:
    org = acme()
    org.concealed = 1
    assert listed(scan(org)) == {"partial"}


def test_an_organisation_that_cannot_be_read_is_a_part() -> None:
    assert listed(scan(acme(), "bad credentials", "organisation")) == {"partial"}
