"""The whole organisation in few requests: settings, teams, repositories, and how much of it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.access import read_teams
from cnmm_collectors.github.accounts import read_accounts
from cnmm_collectors.github.client import Answer, Client, own_page, unread
from cnmm_collectors.github.configurations import with_configurations
from cnmm_collectors.github.description import Sight, describe, readable
from cnmm_collectors.github.environments import read_gates
from cnmm_collectors.github.guides import guide_of
from cnmm_collectors.github.security import read_assistant, read_security, read_security_of
from cnmm_collectors.hosts.asking import Spare
from cnmm_collectors.hosts.facts import Organisation, Read, Repository, Team, Unread
from cnmm_collectors.hosts.outcomes import Kind, Outcome
from cnmm_collectors.hosts.tracker import spellings
from cnmm_collectors.signals import Gap

_NO_SIGN_ON = ("free", "team")
"""Plans without sign-in through a provider, at the organisation or above it."""
_NOT_IN_PLAN = Unread(Gap.NOT_LICENSED, "the plan does not include sign-in through a provider")
_SIGN_ON = Unread(Gap.UNSUPPORTED, "the host does not show whether sign-in through the provider is enforced")
_PERSON = Outcome(Kind.UNSUPPORTED, "a personal account, no organisation: name its repositories one by one")
_OWN_CALLS = 17
"""The calls an organisation takes beside those that grow with it."""
_ADMINISTRATION = ("read", "write")


class Unseen(Exception):
    """The organisation itself could not be read; the outcome says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.explain())
        self.gap, self.outcome = outcome.gap, outcome


@dataclass(frozen=True, slots=True)
class _Head:
    """What is set for the organisation as a whole, from one GraphQL and one REST answer."""

    answer: Answer
    rest: Mapping[str, Any] | None
    rest_outcome: Outcome
    cite: tuple[Evidence, ...]
    rest_cite: tuple[Evidence, ...]

    def plan(self) -> str:
        """Return the name of the plan, empty where it is not shown."""
        return _plan(self.rest)

    def counted(self) -> int | None:
        """Return how many repositories the organisation says it has, None where it does not say."""
        if self.rest is None:
            return None
        public, private = self.rest.get("public_repos"), self.rest.get("total_private_repos")
        return public + private if isinstance(public, int) and isinstance(private, int) else None


def read_head(client: Client, organisation: str) -> _Head:
    """Return what is set for the organisation; raises Unseen."""
    answer, outcome = client.query(Spare("organisation"), org=organisation)
    found = answer.at("organization") if answer is not None else None
    if answer is None or not isinstance(found, Mapping):
        why = (answer.miss("organization") if answer is not None else None) or outcome
        raise Unseen(_PERSON if why.kind is Kind.NOT_VISIBLE and _is_person(client, organisation) else why)
    rest, rest_outcome = client.get(f"/orgs/{organisation}")
    if rest_outcome.kind is Kind.PRESENT and not isinstance(rest, Mapping):
        rest_outcome = Outcome(Kind.MALFORMED, "the host gave no organisation")
    shown = rest if rest_outcome.kind is Kind.PRESENT and isinstance(rest, Mapping) else None
    # Of the plan only its name: it also tells how many seats are taken.
    settings = {key: (shown or {}).get(key) for key in _SETTINGS} | {"plan": _plan(shown)}
    return _Head(
        answer, shown, rest_outcome, (client.cite(f"organisation: {organisation}", _public(found)),),
        (client.cite("organisation settings", settings, path=f"/orgs/{organisation}"),) if shown else (),
    )  # fmt: skip


def _is_person(client: Client, login: str) -> bool:
    body, outcome = client.get(f"/users/{login}")
    return outcome.kind is Kind.PRESENT and isinstance(body, Mapping) and body.get("type") == "User"


def _plan(rest: Mapping[str, Any] | None) -> str:
    plan = rest.get("plan") if rest else None
    return str(plan.get("name", "")).lower() if isinstance(plan, Mapping) else ""


def _public(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is cited of the organisation: no number of people, which may be small."""
    shown = {key: value for key, value in found.items() if key not in _UNCITED}
    return {**shown, "samlIdentityProvider": found.get("samlIdentityProvider") is not None}


_UNCITED = ("membersWithRole", "samlIdentityProvider", "defaults")
_SETTINGS = (
    "default_repository_permission",
    "public_repos",
    "total_private_repos",
    "two_factor_requirement_enabled",
)


def count_calls(client: Client, organisation: str) -> tuple[int, int]:
    """Return how many calls an organisation will take and how many repositories it has; raises Unseen."""
    head = read_head(client, organisation)
    repositories = head.answer.at("organization", "repositories", "totalCount")
    teams = head.answer.at("organization", "teams", "totalCount")
    count = repositories if isinstance(repositories, int) else 0
    grants = teams if isinstance(teams, int) else 0
    pages = (
        -(-count // client.settings.page),
        -(-count // 100),
        -(-count // 100),
        -(-count // 50),
        -(-grants // 50),
    )
    return _OWN_CALLS + sum(pages), count


def read_organisation(client: Client, organisation: str) -> Organisation:
    """Return everything about an organisation but its alerts and changes; raises Unseen."""
    head = read_head(client, organisation)
    teams, teams_listed = read_teams(client, organisation)
    sight = _sight(client, organisation, head, teams)
    repositories, listed, why = _repositories(client, organisation, sight)
    repositories = read_security(client, organisation, repositories)
    repositories = with_configurations(client, organisation, repositories)
    repositories = read_gates(client, repositories)
    partial = why or _why_partial(client, head, listed)
    return Organisation(
        sees_all_repositories=not partial,
        sees_all_teams=not isinstance(teams, Unread) and _sees_teams(client, head),
        why_not=partial,
        repositories=repositories,
        listed=listed,
        complete=not why,
        teams=teams,
        teams_listed=teams_listed,
        cite=(*head.cite, *head.rest_cite),
        second_factor=_second_factor(head),
        linked=_linked(head),
        sign_on=_sign_on(client, organisation, head),
        assistant=read_assistant(client, organisation),
        accounts=read_accounts(
            client,
            organisation,
            head.answer.at("organization", "membersWithRole", "totalCount"),
            _sees_teams(client, head),
        ),
    )


def _sight(client: Client, organisation: str, head: _Head, teams: Sequence[Team] | Unread) -> Sight:
    right = head.rest.get("default_repository_permission") if head.rest else None
    everybody = head.answer.at("organization", "membersWithRole", "totalCount")
    return Sight(
        organisation=organisation,
        web=own_page(client.base, organisation),
        app_administers=client.identity.permissions.get("administration") in _ADMINISTRATION,
        owners=_owners(client, organisation),
        default=right if isinstance(right, str) else None,
        guide=guide_of(head.answer.at("organization", "defaults", "contributingGuidelines")),
        wide=None
        if isinstance(teams, Unread) or not isinstance(everybody, int)
        else frozenset(name for team in teams if 0 < everybody <= team.size for name in team.grants),
    )


def _owners(client: Client, organisation: str) -> frozenset[str] | None:
    """Return the accounts of the owners; a list without any owner was not read by somebody who may know."""
    found = client.listing(f"/orgs/{organisation}/members", role="admin")
    logins = frozenset(
        str(row["login"]) for row in found.rows if isinstance(row, Mapping) and row.get("login")
    )
    return logins if found.complete and logins else None


def _repositories(client: Client, organisation: str, sight: Sight) -> tuple[tuple[Repository, ...], int, str]:
    """Return the repositories, how many the host counts, and why some are missing where some are."""
    path = ("organization", "repositories")
    found: dict[str, Repository] = {}
    total, why = 0, ""
    for answer, page in client.connection(
        Spare("inventory"),
        path,
        client.settings.page,
        org=organisation,
        debt=spellings(client.settings.tracking.debt),
    ):
        total = page.total if page.total is not None else total
        if page.miss is not None:
            why = page.miss.explain()
        for position, node in enumerate(page.rows):
            if readable(node):
                one = describe(client, sight, node, answer, (*path, "nodes", position))
                found[one.name] = one
            elif (lost := answer.miss(*path, "nodes", position)) is not None and not why:
                why = lost.explain()
    if not why and len(found) < total:
        why = f"{total - len(found)} of {total} repositories were withheld"
    return tuple(sorted(found.values(), key=lambda one: one.name)), max(total, len(found)), why


def _why_partial(client: Client, head: _Head, listed: int) -> str:
    """Return why this listing is no enumeration of the organisation, empty where it is one."""
    counted = head.counted()
    if client.identity.kind == "app":
        if not client.identity.everywhere:
            return "the App is installed on chosen repositories only"
        return "" if counted in (None, listed) else "the organisation counts other repositories than it lists"
    unknown = head.answer.miss("organization", "viewerCanAdminister")
    if unknown is not None:
        return unknown.explain()
    if head.answer.at("organization", "viewerCanAdminister") is not True:
        return "the credential is no owner's: repositories may be hidden from it"
    if counted is None:
        return "the organisation's own number of repositories is hidden from the credential"
    return "" if counted == listed else "the credential lists other repositories than the organisation counts"


def _sees_teams(client: Client, head: _Head) -> bool:
    """True where secret teams are listed too: for an owner, and for an App that may read members."""
    if client.identity.kind == "app":
        return client.identity.permissions.get("members") in ("read", "write")
    return head.answer.at("organization", "viewerCanAdminister") is True


def _second_factor(head: _Head) -> Read[bool] | Unread:
    value = head.answer.at("organization", "requiresTwoFactorAuthentication")
    cite = head.cite
    if not isinstance(value, bool):
        value = head.rest.get("two_factor_requirement_enabled") if head.rest else None
        cite = head.rest_cite
    if not isinstance(value, bool):
        miss = head.answer.miss("organization", "requiresTwoFactorAuthentication")
        return unread(miss) if miss else Unread(Gap.NOT_PERMITTED, "the setting is shown to owners only")
    provider = head.answer.at("organization", "samlIdentityProvider")
    hidden = head.answer.miss("organization", "samlIdentityProvider")
    if value is False and (provider is not None or hidden is not None or head.plan() not in _NO_SIGN_ON):
        return Unread(
            Gap.NOT_VISIBLE, "the host demands none; whether the identity provider does is not shown"
        )
    return Read(value, cite)


def _sign_on(client: Client, organisation: str, head: _Head) -> Read[bool] | Unread:
    """Return whether members get in through a provider alone: so where it made their accounts.

    Groups of the provider are listed in an enterprise whose accounts it manages, and nowhere else.
    """
    if head.plan() in _NO_SIGN_ON:
        return _NOT_IN_PLAN
    path = f"/orgs/{organisation}/external-groups"
    body, outcome = client.get(path, per_page=1)
    groups = body.get("groups") if outcome.kind is Kind.PRESENT and isinstance(body, Mapping) else None
    if not isinstance(groups, list) or not groups:
        return _SIGN_ON
    return Read(True, (client.cite("groups of the identity provider", {"groups": True}, path=path),))


def _linked(head: _Head) -> Read[tuple[int, int]] | Unread:
    linked = head.answer.at("organization", "samlIdentityProvider", "externalIdentities", "totalCount")
    members = head.answer.at("organization", "membersWithRole", "totalCount")
    if isinstance(linked, int) and isinstance(members, int) and members > 0:
        return Read((min(linked, members), members), head.cite)
    miss = head.answer.miss("organization", "samlIdentityProvider")
    if head.plan() in _NO_SIGN_ON:
        return _NOT_IN_PLAN
    return unread(miss) if miss else Unread(
        Gap.NOT_VISIBLE, "no identity provider is shown: it may be the enterprise's, or hidden"
    )  # fmt: skip


def read_one(client: Client, organisation: str, name: str) -> Organisation:
    """Return a single repository as an organisation of which nothing else is known; raises Unseen."""
    answer, outcome = client.query(
        Spare("repository"), org=organisation, name=name, debt=spellings(client.settings.tracking.debt)
    )
    node = answer.at("repository") if answer is not None else None
    if answer is None or not isinstance(node, Mapping) or not readable(node):
        raise Unseen((answer.miss("repository") if answer is not None else None) or outcome)
    sight = Sight(
        organisation, own_page(client.base, organisation),
        client.identity.permissions.get("administration") in _ADMINISTRATION, None, None, frozenset(),
    )  # fmt: skip
    one = describe(client, sight, node, answer, ("repository",))
    (one,) = read_gates(client, (read_security_of(client, organisation, one),))
    return Organisation(
        sees_all_repositories=False, sees_all_teams=False, why_not="one repository was asked for",
        repositories=(one,), listed=1, complete=True,
        teams=Unread(Gap.NOT_COLLECTED, "one repository was asked for"), teams_listed=0, cite=one.cite,
    )  # fmt: skip
