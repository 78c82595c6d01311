"""Who may log in to an organisation: members and outside collaborators, in memory only."""

from __future__ import annotations

from collections.abc import Mapping

from cnmm_collectors.github.client import Client
from cnmm_collectors.hosts.facts import Accounts, Unread
from cnmm_collectors.signals import Gap


def read_accounts(client: Client, organisation: str, counted: object, sees_all: bool) -> Accounts | Unread:
    """Return who may log in, whole where this credential is shown everybody and the host counts no more.

    Only an owner, or an App that may read members, is shown them all; others are shown the public ones.
    """
    members = client.listing(f"/orgs/{organisation}/members", role="all")
    outside = client.listing(f"/orgs/{organisation}/outside_collaborators")
    rows = [row for row in (*members.rows, *outside.rows) if isinstance(row, Mapping) and row.get("login")]
    if not rows:
        nobody = Unread(Gap.NOT_VISIBLE, "no account is shown; needs members: read")
        return nobody if members.miss is None else members.unread()
    robots = frozenset(str(row["login"]) for row in rows if row.get("type") == "Bot")
    whole = sees_all and members.complete and outside.complete and counted == len(members.rows)
    whole = whole and len(rows) == len(members.rows) + len(outside.rows)
    return Accounts(frozenset(str(row["login"]) for row in rows) - robots, robots, whole)
