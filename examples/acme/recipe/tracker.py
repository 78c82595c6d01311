"""What tracker, paging system and access reviews of acme export; teams on the host are not in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from recipe.staff import STREAM, Member

Row = Sequence[str]
ON_HOST = ("payments", "checkout", "web")
TRACKED = tuple(name for name in STREAM if name not in ON_HOST)
"""Seventeen stream teams that plan in the tracker."""
_FIRST = date(2026, 8, 3)
"""The oldest ticket lies before the ninety days of the audit, the newest in its last two weeks."""


def tickets(people: Sequence[Member]) -> Iterator[Row]:
    """Ten tickets of each team, eight planned and two bugs, over six people; one request each to platform.

    Payments, whose own work is on the host, asked once, about the guardrails; web never did.
    """
    yield (
        "Issue key", "Issue Type", "Summary", "Sprint", "Team", "Assignee", "Requested by team", "Created",
        "Updated", "Resolved", "Labels",
    )  # fmt: skip
    helpers = [one for one in people if one.team == "platform"][:6]
    for at, team in enumerate(TRACKED):
        crew = [one for one in people if one.team == team][:6]
        for n in range(10):
            who, day = crew[n % 6], _FIRST + timedelta(days=9 * n)
            done = f"{day + timedelta(days=5)} 15:00"
            yield (
                f"{team.upper()}-{n}", "Bug" if n % 5 == 4 else "Story", f"For {who.name}",
                f"Sprint {n // 2}", team, who.mail, "", f"{day} 09:00", done, done, "",
            )  # fmt: skip
        helper = helpers[at % 6]
        yield (
            f"PLAT-{at}", "Service request", f"Access for {crew[0].name}", "", "platform", helper.mail, team,
            "2026-10-12 09:00", "2026-10-12 13:00", "2026-10-12 13:00", "",
        )  # fmt: skip
    yield (
        "PLAT-99", "Service request", "May the ledger keep its capability?", "", "platform", helpers[0].mail,
        "payments", "2026-10-13 09:00", "2026-10-13 13:00", "2026-10-13 13:00", "guardrails",
    )  # fmt: skip


def pages() -> Iterator[Row]:
    """Thirteen pages of the platform's rota, one a week; two of them in the evening."""
    yield ("Incident number", "Created at", "Escalation policy")
    for n in range(14):
        day = date(2026, 7, 29) + timedelta(days=7 * n)
        yield (str(100 + n), f"{day}T{21 if n in (3, 8) else 10}:00:00+01:00", "platform")


def reviews() -> Iterator[Row]:
    """The access review of September; that of December is planned."""
    yield ("Access review name", "Completed on", "Status")
    yield ("Quarterly access review", "2026-09-30", "Completed")
    yield ("Quarterly access review", "", "Planned")


SOURCES = """\
  work: [exports/tickets.csv, exports/access-reviews.csv]
  oncall: exports/pages.csv
"""
COLLECTOR = (
    f"  work: {{tracked: [{', '.join(TRACKED)}], asking: ['*'], platform: [platform],"
    " rotas: {platform: {zone: Europe/Berlin}}, rows: {tickets: 188, pages: 14, access reviews: 2}}\n"
)
