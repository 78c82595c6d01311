"""Invented people. No report may ever show one of these names, addresses or logins: they are the canaries."""

from __future__ import annotations

PEOPLE = {
    "ottoline": ("Ottoline Quarrender", "ottoline.quarrender@acme.example"),
    "ottoline-old": ("O. Quarrender-Vale", "oqv@former.acme.example"),
    "casimir": ("Casimir Thistlewood", "casimir.thistlewood@acme.example"),
    "ysolde": ("Ysolde Bramblecott", "ysolde.bramblecott@acme.example"),
    "evander": ("Evander Pikestaffe", "evander.pikestaffe@acme.example"),
    "marisol": ("Marisol Underhay", "marisol.underhay@acme.example"),
    "tobiah": ("Tobiah Greenslade", "tobiah.greenslade@acme.example"),
    "philippa": ("Philippa Vantongeren", "philippa.vantongeren@acme.example"),
    "leofric": ("Leofric Ashdownmoray", "leofric.ashdownmoray@acme.example"),
    "zenobia": ("Zenobia Carrowmore", "zenobia.carrowmore@acme.example"),
    "renovate": ("renovate[bot]", "renovate[bot]@bots.acme.example"),
}

MAILMAP = "Ottoline Quarrender <ottoline.quarrender@acme.example> <oqv@former.acme.example>\n"

SECRET = "correct-parrot-ledger-7741"  # noqa: S105 - invented, and a canary too


def address(who: str) -> str:
    """Return `Name <address>` as a trailer writes it."""
    name, mail = PEOPLE[who]
    return f"{name} <{mail}>"
