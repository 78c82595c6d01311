"""Four hundred invented people in thirty teams: roles, what they learned, which certificates they hold.

Every number that expected.yaml rests on is made here from tables; nothing is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recipe.people import PEOPLE

STREAM = (
    "payments", "checkout", "web", "orders", "invoicing", "pricing", "search", "warehouse", "shipping",
    "returns", "loyalty", "accounts", "messaging", "mobile", "stores", "offers", "marketplace", "partners",
    "fraud", "gifts",
)  # fmt: skip
"""Twenty teams of thirteen: manager, product owner, designer, tester, three senior, six other engineers."""
OTHERS: dict[str, tuple[tuple[str, int], ...]] = {
    "platform": (("Engineering Manager", 1), ("Platform Product Owner", 1), ("Senior Platform Engineer", 8),
                 ("Platform Engineer", 10)),
    "sre": (("Engineering Manager", 1), ("Senior Site Reliability Engineer", 5),
            ("Site Reliability Engineer", 14)),
    "security": (("Engineering Manager", 1), ("Information Security Officer", 1),
                 ("Kubernetes Security Engineer", 3), ("Cloud Security Engineer", 3),
                 ("Application Security Engineer", 3), ("Security Engineer", 4)),
    "data": (("Engineering Manager", 1), ("Machine Learning Engineer", 10), ("Data Engineer", 4)),
    "enablement": (("Platform Coach", 5),),
    "quality": (("Engineering Manager", 1), ("QA Engineer", 12)),
    "network": (("Engineering Manager", 1), ("Network Engineer", 9)),
    "design": (("UX Designer", 12),),
    "sales": (("Sales Representative", 20),),
    "finance": (("Accountant", 10),),
}  # fmt: skip
"""Ten teams of 20, 20, 15, 15, 5, 13, 10, 12, 20 and 10."""
_PRODUCT = (
    ("Engineering Manager", 1), ("Product Owner", 1), ("UX Designer", 1), ("QA Engineer", 1),
    ("Senior Software Engineer", 3), ("Software Engineer", 6),
)  # fmt: skip
TEAMS: dict[str, tuple[tuple[str, int], ...]] = {**dict.fromkeys(STREAM, _PRODUCT), **OTHERS}
TYPES = {
    **dict.fromkeys(STREAM, "stream-aligned"),
    "platform": "platform", "enablement": "enabling", "security": "enabling", "data": "complicated-subsystem",
}  # fmt: skip
"""Team types on record: 24 of 30."""
KNOWN = {
    "payments": (("ottoline", "ottoline"), ("casimir", "casimir")),
    "checkout": (("ysolde", "ysolde"), ("evander", "evander")),
    "platform": (("marisol", "marisol"), ("tobiah", "tgreens")),
    "security": (("leofric", "leofric"),),
    "data": (("philippa", "philippa"),),
    "web": (("zenobia", "zcarrow"),),
}
"""Those who commit, by team, with their logins: the first engineers of the team."""
_FIRST = (
    "Alora", "Brannoc", "Cerys", "Dervla", "Emrys", "Fenella", "Gethin", "Hesper", "Ianto", "Jocasta",
    "Kerensa", "Lowri", "Merewen", "Nerys", "Orsolya", "Peregrine", "Rosmerta", "Senara", "Tamsyn", "Ulick",
)  # fmt: skip
SURNAMES = (
    "Abbotsquince", "Barleymoor", "Cobblethwaite", "Dunnockfield", "Elverstoke", "Fernyhalgh", "Gorsedown",
    "Hollinquist", "Ivelchester", "Jarrowmere", "Kestleholt", "Larkenshaw", "Mossingham", "Nettlecombe",
    "Oxenburgh", "Pennywhistler", "Quillerforth", "Rushbearing", "Sallowfield", "Tanglewycke",
)  # fmt: skip
DOMAIN = "staff.acme.example"
PREFIX = "ACM-0"
CANARIES = (*(name.lower() for name in SURNAMES), DOMAIN, PREFIX.lower())
"""What no output may hold: a surname is in each name, address and login, the prefix in each number."""


@dataclass(frozen=True)
class Member:
    """One invented person; `rank` counts the holders of a title within the team from 0."""

    number: int
    name: str
    mail: str
    login: str
    title: str
    team: str
    rank: int

    @property
    def key(self) -> str:
        """The employee number."""
        return f"{PREFIX}{self.number:04d}"

    @property
    def is_engineer(self) -> bool:
        """True for the 285 engineers: 200 in stream teams, 18, 19, 13, 14, 12 and 9 elsewhere."""
        return self.title.endswith("Engineer")

    @property
    def is_senior_in_stream(self) -> bool:
        """True for the three senior engineers of each stream team."""
        return self.title == "Senior Software Engineer"

    @property
    def stream(self) -> int:
        """The team's place among the stream teams from 0, or -1."""
        return STREAM.index(self.team) if self.team in STREAM else -1

    @property
    def is_cloud_native(self) -> bool:
        """True for the hundred of the effort: 18 platform, 19 SRE, 3 security, 60 senior in streams."""
        kinds = ("Platform Engineer", "Site Reliability Engineer", "Kubernetes Security Engineer")
        return self.is_senior_in_stream or self.title.removeprefix("Senior ") in kinds


def staff() -> tuple[Member, ...]:
    """Return the four hundred, always in the same order."""
    return tuple(_staff())


def _staff() -> Iterator[Member]:
    number = 0
    for team, roles in TEAMS.items():
        waiting = list(KNOWN.get(team, ()))
        for title, count in roles:
            for rank in range(count):
                name = f"{_FIRST[number % 20]} {SURNAMES[number // 20 % 20]}"
                login = name.lower().replace(" ", "-")
                mail = f"{login.replace('-', '.')}@{DOMAIN}"
                if waiting and title.endswith("Engineer") and title != "QA Engineer":
                    who, login = waiting.pop(0)
                    name, mail = PEOPLE[who]
                yield Member(number, name, mail, login, title, team, rank)
                number += 1


def is_trained(one: Member) -> bool:
    """True for sixty of the hundred: 15 platform, 12 SRE, 3 security, 30 senior engineers in streams."""
    place = _place(one)
    if one.team == "platform":
        return place < 15
    if one.team == "sre":
        return place < 12
    if one.title == "Kubernetes Security Engineer":
        return True
    # Two of three in the first fifteen stream teams.
    return one.is_senior_in_stream and one.stream < 15 and one.rank < 2


def certificates(one: Member) -> tuple[str, ...]:
    """Return what a person holds: 18 CKA, 30 CKAD, 5 CKS, active all; and 6 CKA that have run out."""
    place = _place(one)
    if place < {"platform": 10, "sre": 8}.get(one.team, 0):
        return ("CKA",)
    if one.team == "security" and (
        one.title == "Kubernetes Security Engineer"
        or (one.title == "Cloud Security Engineer" and one.rank < 2)
    ):
        return ("CKS",)
    # One senior and one other engineer in each of the first fifteen stream teams.
    if (
        0 <= one.stream < 15
        and one.title in ("Senior Software Engineer", "Software Engineer")
        and one.rank == 0
    ):
        return ("CKAD",)
    if one.stream >= 14 and one.title == "Software Engineer" and one.rank == 5:
        return ("CKA, run out",)
    return ()


def _place(one: Member) -> int:
    """Return the place among the engineers of the platform or SRE team, from 0; far out for anybody else."""
    offset = {"Platform Engineer": 8, "Site Reliability Engineer": 5}.get(one.title)
    if one.title.removeprefix("Senior ") not in ("Platform Engineer", "Site Reliability Engineer"):
        return 1000
    return one.rank + (offset or 0)
