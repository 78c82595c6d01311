"""What an operator says of the exports of work: whose board is whose, and what is asked of whom."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cnmm_collectors.tables.mapping import Mapping

_HOURS = (9, 17)
Counted = Literal["tickets", "deployments", "access reviews", "wiki pages", "assistant usage", "pages"]
"""The kinds of exports of work, by what the ledger says they were read as."""


class Rota(BaseModel):
    """When a rota works: from Monday to Friday in its own zone, unless it says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str = Field(description="Time zone by its IANA name, such as Europe/Berlin")
    begins: int = Field(default=_HOURS[0], ge=0, le=23, description="First working hour")
    ends: int = Field(default=_HOURS[1], ge=1, le=24, description="Hour at which work ends")
    days: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4), description="Working days, 0 is Monday")

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("not a time zone: write it like Europe/Berlin")
        return zone

    @property
    def place(self) -> ZoneInfo:
        """Return the zone."""
        return ZoneInfo(self.zone)


class Settings(BaseModel):
    """The `work:` part of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep: bool = Field(
        default=False,
        description="Keep facts of unchanged exports for a day, encrypted, so that they are not read again",
    )
    mappings: dict[str, Mapping] = Field(
        default_factory=dict, description="File name pattern to how it is read"
    )
    teams: dict[str, str] = Field(
        default_factory=dict,
        description="Pattern of a team, area, project or rota in an export to the team it belongs to",
    )
    rows: dict[Counted, int] = Field(
        default_factory=dict,
        description="How many rows the exports of a kind hold in all; where they hold fewer, the rest "
        "counts as unread, and without it any may be missing",
    )
    tracked: tuple[str, ...] = Field(
        default=(), description="Teams that track all their work in these exports; * for every team"
    )
    asking: tuple[str, ...] = Field(
        default=(),
        description="Teams whose every request is in these exports, wherever they track the rest; * for all",
    )
    platform: tuple[str, ...] = Field(
        default=(), description="Teams that take requests for access, resources and support"
    )
    requests: tuple[str, ...] = Field(
        default=("request", "service request", "access request", "sc task", "catalog task", "support"),
        description="Types and labels of a request",
    )
    unplanned: tuple[str, ...] = Field(
        default=(
            "incident",
            "bug",
            "defect",
            "hotfix",
            "rework",
            "problem",
            "escaped defect",
            "störung",
            "fehler",
        ),
        description="Types and labels of unplanned work",
    )
    debt: tuple[str, ...] = Field(
        default=("tech debt", "technical debt", "techdebt", "debt", "refactoring"),
        description="Types and labels of technical debt",
    )
    reviews: tuple[str, ...] = Field(
        default=(
            "retro action",
            "retrospective",
            "retro",
            "postmortem action",
            "postmortem",
            "post incident action",
        ),
        description="Types and labels of actions from retrospectives and incident reviews",
    )
    rotas: dict[str, Rota] = Field(default_factory=dict, description="Pattern of a rota to when it works")

    def team(self, *names: str) -> str:
        """Return the team that the first non-empty name stands for, lower case with hyphens."""
        for name in names:
            if name.strip():
                known = (team for pattern, team in self.teams.items() if fnmatch(name, pattern))
                return "-".join(next(known, name).casefold().split())
        return ""

    def rota(self, name: str) -> Rota | None:
        """Return when a rota works, None where nobody said."""
        return next((one for pattern, one in self.rotas.items() if fnmatch(name, pattern)), None)
