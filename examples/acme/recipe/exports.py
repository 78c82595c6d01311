"""What the people systems of acme export: roster, training, certificates, a survey, accounts, work."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from recipe import tracker
from recipe.staff import KNOWN, PREFIX, Member, certificates, is_trained, staff

Row = Sequence[str]
LEAVERS = 6
SERVICES = (("acme-release-robot", "platform"), ("acme-scanner", "security"))
_ISSUER = "The Linux Foundation"
_BADGES = {
    "CKA": "CKA: Certified Kubernetes Administrator",
    "CKAD": "CKAD: Certified Kubernetes Application Developer",
    "CKS": "CKS: Certified Kubernetes Security Specialist",
}
GROUPS = (("Engineering", 170), ("Product", 20), ("Management", 20), ("Leadership", 12), ("Sales", 18))
"""Who answered the survey: 240 of 400."""
COMFORT = {"Engineering": 6, "Product": 6, "Management": 5, "Leadership": 6, "Sales": 4}


def files() -> dict[str, bytes]:
    """Return the exports by name."""
    people = staff()
    return {
        "roster.csv": _csv(_roster(people), delimiter=";"),
        "training.csv": _csv(_training(people)),
        "certificates.csv": _csv(_certificates(people)),
        "survey.csv": _csv(_survey()),
        "vendors.csv": _csv([("Email", "Company", "Last Day"), *_vendors()]),
        "services.csv": _csv([("Account", "Owner"), *SERVICES]),
        "directory.csv": _csv(_directory(people)),
        "tickets.csv": _csv(tracker.tickets(people)),
        "pages.csv": _csv(tracker.pages()),
        "access-reviews.csv": _csv(tracker.reviews()),
    }


def _csv(rows: Iterable[Row], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _roster(people: Sequence[Member]) -> Iterator[Row]:
    """The four hundred, and six who have left: an export in German style, semicolons and days first."""
    yield (
        "Personalnummer", "Name", "E-Mail", "GitHub", "Job Title", "Team", "Vorgesetzter", "Cloud Native",
        "Role Profile Link", "Security Champion", "Tech Lead", "Expert Group", "Mentor",
        "Development Plan Date", "Austrittsdatum", "Gehalt", "Geburtsdatum", "Bewertung",
    )  # fmt: skip
    managers = {one.team: one.key for one in people if one.title == "Engineering Manager"}
    for one in people:
        yield _person(one, managers.get(one.team, ""))
    for n in range(LEAVERS):
        gone = people[20 * n + 4]
        yield (
            f"{PREFIX}9{n:02d}", f"Gone {gone.name}", f"gone.{n}@{gone.mail.partition('@')[2]}", "",
            "Software Engineer", gone.team, "", "no", "", "no", "no", "", "", "", "31.03.2026", "41000",
            "1980-01-01", "",
        )  # fmt: skip


def _person(one: Member, manager: str) -> Row:
    # Nine of the twenty stream teams have no written profile yet: 285 - 90 engineers have one.
    profile = one.is_engineer and one.stream < 11
    senior = one.is_senior_in_stream
    group = {"platform": "kubernetes", "sre": "observability", "security": "policy"}.get(one.team, "")
    return (
        one.key, one.name, one.mail, one.login if _commits(one) else "", one.title, one.team,
        "" if one.key == manager else manager, "yes" if one.is_cloud_native else "no",
        f"https://hr.acme.example/profiles/{one.title.replace(' ', '-').lower()}" if profile else "",
        "yes" if senior and one.rank == 1 else "no",
        "yes" if (senior and one.rank == 0) or (one.rank == 0 and one.title.startswith("Senior")) else "no",
        group if one.rank < 4 and one.title.endswith("Engineer") else "",
        "yes" if senior else "no",
        "14.05.2026" if one.is_engineer and one.stream >= 0 else "",
        "", str(40_000 + one.number), f"19{60 + one.number % 40}-02-03", "B",
    )  # fmt: skip


def _commits(one: Member) -> bool:
    return any(one.login == login for known in KNOWN.values() for _, login in known)


def _training(people: Sequence[Member]) -> Iterator[Row]:
    """What the learning platform holds: finished courses, enrolments that count for nothing, one failure."""
    yield ("Email", "Course Title", "Provider", "Status", "Completion Date", "Instructor Comment")
    for one in people:
        for course, provider, day in _courses(one):
            yield (one.mail, course, provider, "Completed", day, f"well done {one.name.split()[0]}")
    for one in people[:40]:
        yield (one.mail, "Kubernetes Networking", "Linux Foundation", "Enrolled", "", "")
    yield (people[41].mail, "Kubernetes Networking", "Linux Foundation", "Failed", "2026-02-02", "")


def _courses(one: Member) -> Iterator[tuple[str, str, str]]:
    if is_trained(one):
        # Sixty of the effort, finished within the last year.
        yield "Kubernetes Fundamentals (LFS258)", "Linux Foundation", "2026-03-10"
    if one.team == "platform" and one.rank < 3 and one.title == "Senior Platform Engineer":
        yield "Service mesh with Istio", "Linux Foundation", "2026-04-20"
        yield "Infrastructure with Terraform", "Internal Academy", "2026-05-06"
        yield "Containers with Buildpacks", "KubeCon community", "2026-03-25"
    if one.is_senior_in_stream and one.stream < 5 and one.rank == 0:
        yield "Microservices in practice", "Internal Academy", "2026-06-15"
    if one.stream >= 5 and one.title == "Software Engineer" and one.rank < 4:
        # Sixty engineers of fifteen stream teams.
        yield "Secure coding with OWASP", "Internal Academy", "2026-02-11"
    if one.title == "Engineering Manager" and 0 <= one.stream < 15:
        # Fifteen managers of twenty-six.
        yield "Cloud native for managers: Kubernetes explained", "Internal Academy", "2026-01-20"


def _certificates(people: Sequence[Member]) -> Iterator[Row]:
    yield (
        "Recipient Email",
        "Issued To",
        "Badge Name",
        "Issuer",
        "Issued At Date",
        "Expires At Date",
        "Certificate ID",
    )
    number = 0
    for one in people:
        for held in certificates(one):
            code, _, old = held.partition(", ")
            number += 1
            # 24 months for what was earned since April 2024; what has run out was earned in May 2024.
            issued, expires = ("2024-05-10", "2026-05-09") if old else ("2025-06-12", "2027-06-11")
            yield (one.mail, one.name, _BADGES[code], _ISSUER, issued, expires, f"LF-acme{number:06d}")
    yield (people[0].mail, people[0].name, "CKA practice exam bootcamp", "Some Academy", "2026-01-09", "", "")


def _survey() -> Iterator[Row]:
    yield (
        "Timestamp", "Email", "Department", "[trust] 1", "[westrum] 1", "[cn-comfort] 1",
        "Anything you want to add?",
    )  # fmt: skip
    number = 0
    people = staff()
    for group, count in GROUPS:
        for _ in range(count):
            half = number % 2
            who = people[number]
            yield (
                f"2026-09-{number % 28 + 1:02d}", who.mail, group, str(6 + half), str(5 + half),
                str(COMFORT[group]), f"written by {who.name}",
            )  # fmt: skip
            number += 1


def _vendors() -> Iterator[Row]:
    for n in range(8):
        yield (f"contractor.{n}@staff.acme.example", "Tanglewycke & Sons", "" if n else "2026-06-30")


def _directory(people: Sequence[Member]) -> Iterator[Row]:
    """Who is in the groups that the identity provider hands on."""
    yield ("Email", "Groups")
    for one in people:
        groups = {"platform": "platform-admins", "sre": "platform-admins;operators", "security": "readers"}
        if one.team in groups:
            yield (one.mail, groups[one.team])
