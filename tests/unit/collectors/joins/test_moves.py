"""Moves of a technology radar: what its file tells, and which of them repositories bear out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from cnmm_collectors import radar
from cnmm_collectors.backstage.entities import EntityFault
from cnmm_collectors.backstage.radar import moves, read_radar
from cnmm_collectors.joins.moves import MovesJoin
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.radar import Move
from cnmm_collectors.signals import Interval, Observed, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

AS_OF = date(2026, 11, 1)
ORG = Subject(SubjectKind.ORG, "acme")
REPO = Subject(SubjectKind.REPO, "acme/platform")
RECORD = "https://github.com/acme/platform/blob/main/docs/adr/0007.md"


def told(*timeline: tuple[str, str], **more: Any) -> list[Move]:
    """Return the moves of a radar of one entry."""
    shots = [{"date": day, "ringId": ring, "moved": 1} for day, ring in timeline]
    entry = {"title": "Argo CD", "timeline": shots, **more}
    return list(moves(read_radar(json.dumps({"entries": [entry]}).encode()), AS_OF))


@pytest.mark.parametrize(
    ("timeline", "kind"),
    [
        ([("2025-12-01", "trial"), ("2026-05-01", "adopt")], "adopt"),
        ([("2026-05-01", "adopt")], "adopt"),
        ([("2024-12-01", "Adopt"), ("2026-05-01T10:00:00Z", "Hold")], "retire"),
        ([("2026-06-01", "hold"), ("2026-05-01", "adopt")], "retire"),
        ([("2026-05-01", "hold")], ""),
        ([("2025-12-01", "adopt"), ("2026-05-01", "adopt")], ""),
        ([("2026-05-01", "trial")], ""),
        ([("2025-10-01", "trial"), ("2025-10-31", "adopt")], ""),
        ([("2026-05-01", "trial"), ("2026-11-02", "adopt")], ""),
        ([("soon", "adopt")], ""),
        ([], ""),
    ],
)
def test_the_newest_move_of_a_year_counts(timeline: Sequence[tuple[str, str]], kind: str) -> None:
    assert [one.kind for one in told(*timeline)] == ([kind] if kind else [])


def test_names_and_links_are_taken_from_an_entry() -> None:
    (move,) = told(
        ("2026-05-01", "adopt"), key="argo-cd", url="https://x.example/a", links=[{"url": RECORD}],
        description=f"see [why]({RECORD}) and https://x.example/b, or a\nline",
    )  # fmt: skip
    assert move == Move("adopt", ("argocd",), ("https://x.example/a", RECORD, "https://x.example/b"))
    assert radar.to_move(radar.of_move(ORG, move).value).names == move.names


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"entries": [{"timeline": []}]}', b"[" * 90_000, b"\xff"]
)
def test_what_is_no_radar_is_said(raw: bytes) -> None:
    with pytest.raises(EntityFault):
        read_radar(raw)


def judged(facts: Sequence[PersonFact], complete: bool = True) -> Mapping[str, Any]:
    context = {"organisation": ORG, "now": "2026-11-01T00:00:00Z", "complete": complete}
    return {one.key.rpartition("=")[2].rstrip("}"): one.reading for one in MovesJoin().join(facts, context)}


def world(
    kind: str, link: str = RECORD, names: Sequence[str] = ("argo-cd",), used: Sequence[str] = ()
) -> list[PersonFact]:
    return [
        radar.of_move(ORG, Move(kind, ("argocd",), (link,))),
        radar.of_decision(REPO, "docs/adr/0007.md", names),
        *radar.of_tools(REPO, used, whole=True),
    ]


def test_a_move_that_was_decided_and_is_borne_out_counts_and_others_stay_open() -> None:
    up = judged(world("adopt", used=["argo-cd"]))
    assert isinstance(up["adopt"], Observed) and up["adopt"].value == Interval(1, None)
    assert "docs/adr/0007.md" in up["adopt"].evidence[0].excerpt
    assert isinstance(up["retire"], Unknown)
    down = judged(world("retire"))
    assert isinstance(down["retire"], Observed) and down["retire"].value == Interval(1, None)


@pytest.mark.parametrize(
    ("facts", "complete"),
    [
        (world("adopt"), True),
        (world("retire", used=["argo-cd"]), True),
        (world("retire"), False),
        ([*world("retire"), *radar.of_tools(Subject(SubjectKind.REPO, "acme/b"), [], whole=False)], True),
        (
            world("adopt", link="https://github.com/acme/other/blob/main/docs/adr/0007.md", used=["argo-cd"]),
            True,
        ),
        (world("adopt", link=RECORD.replace("0007", "0008"), used=["argo-cd"]), True),
        (world("adopt", names=["flux"], used=["argo-cd"]), True),
        ([], True),
    ],
    ids=[
        "not in use",
        "still in use",
        "not all read",
        "a file unread",
        "elsewhere",
        "no record",
        "of another",
        "none",
    ],
)
def test_nothing_is_said_of_what_is_not_borne_out(facts: Sequence[PersonFact], complete: bool) -> None:
    assert all(isinstance(one, Unknown) and one.detail for one in judged(facts, complete).values())
