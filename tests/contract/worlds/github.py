"""An organisation on a loopback GitHub; every required fault on every request, some on one kind alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.git.collector import GitCollector
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.subjects import Subject, SubjectKind
from contract.worlds import CREDENTIAL, EVERYWHERE, World
from doubles.github.files import give
from doubles.github.organisation import acme
from doubles.github.server import serve
from unit.collectors.git.repos import History

PARTS = ("server",)
REALITIES = ("whole",)
NAMES = {
    "401": "bad credentials",
    "403": "forbidden",
    "404": "hidden",
    "429": "too many, no time",
    "429 with Retry-After": "too many",
    "wrong JSON": "wrong shape",
    "endless pages": "endless",
    "redirect": "elsewhere",
}
PLACES = (
    "inventory",
    "teams",
    "GET /orgs/acme/repos",
    "changes",
    "statement",
    "git/trees",
    "contents",
)
FAULTS = (
    *EVERYWHERE,
    *(f"{fault} at {place}" for fault in ("403", "404", "503", "truncated") for place in PLACES),
)
PEOPLE = ("olga-owner", "dora-direct", "ann-a", "ben-b", "cat-c", "dan-d", "eve-e", "crew-1")


STATEMENTS = Target(
    "github-statements", "acme/checkout", CREDENTIAL, Subject(SubjectKind.ORG, "acme"),
    ((f"exec-sponsor 2026-10-10 {'5' * 40}", "attestations/sponsor.yaml"),),
)  # fmt: skip
"""A statement that the records collector found in a checkout of the organisation's."""


def _wants(reader: SourceReader) -> None:
    """Tell the reader what the Git collector wants of a repository, as the run does."""
    files, chosen = GitCollector(), Settings()
    reader.asker = lambda names, known: files.wants(names, known, chosen, reader.as_of)


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Serve the organisation; a credential that reaches the second host is an error of its own."""
    org, history = acme(), History()
    history.commit(
        {"app.py": "1\n", "Dockerfile": "FROM python:3.12\n", "CODEOWNERS": "* @acme/web\n"}, days=9
    )
    guide = "https://github.example/acme/.github/blob/main/CONTRIBUTING.md"
    org.guide = {"url": guide, "body": "# How\nAsk first.\nAdd tests.\nKeep it small.\n"}
    org.repositories[0]["contributingGuidelines"] = {"url": guide}
    give(org, "portal", history.write(folder / "portal"))
    with serve(org) as double:
        if state not in REALITIES:
            fault, _, place = state.partition(" at ")
            double.faults.set(place or ".", NAMES.get(fault, fault))
        settings = {
            "api": double.url,
            "max_seconds": 5.0 if state in REALITIES else 0.3,
            "max_wait": 0.2,
            "per_minute": 0,
            "pause": 0.02,
            "max_calls": 200,
            "clone": False,
        }
        yield World(
            (Target("github", "acme", CREDENTIAL), STATEMENTS),
            settings,
            asked=lambda: tuple(double.asked),
            canaries=PEOPLE,
            tune=_wants,
        )
        leaked = [token for host, token in double.tokens if host == "other" and token]
        assert not leaked, "a credential went to another host"
