"""What an operator can set for any Git host: what is tracked in it, and by which labels."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

EVERY = "*"


class Tracking(BaseModel):
    """What of the organisation's work is tracked on this host; what is not named is unknown, never zero."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    teams: tuple[str, ...] = Field(
        default=(), description="Teams whose work is tracked in the issues of their repositories; `*` for all"
    )
    platform: tuple[str, ...] = Field(
        default=(), description="Teams that serve others: platform and service teams"
    )
    requests: tuple[str, ...] = Field(
        default=(), description="Repositories whose issues are the requests to platform and service teams"
    )
    debt: tuple[str, ...] = Field(
        default=("debt", "tech debt", "technical debt"), description="Labels of technical debt"
    )
    reviews: tuple[str, ...] = Field(
        default=("retro", "retrospective", "postmortem", "post mortem", "action item", "incident review"),
        description="Labels of actions from retrospectives and incident reviews",
    )
    unplanned: tuple[str, ...] = Field(
        default=("bug", "defect", "incident", "hotfix", "regression", "rework", "outage"),
        description="Labels and types of unplanned work",
    )
    planned: tuple[str, ...] = Field(
        default=(
            "feature", "enhancement", "story", "task", "epic", "chore", "documentation", "improvement",
            "debt", "tech debt", "technical debt", "maintenance",
        ),
        description="Labels and types of planned work",
    )  # fmt: skip
    incidents: tuple[str, ...] = Field(
        default=("incident", "outage", "rollback", "hotfix"),
        description="Labels of incidents and of changes that repair one",
    )

    def follows(self, team: str) -> bool:
        """True where the work of the team is tracked on this host."""
        return EVERY in self.teams or team in self.teams


def spelled(label: str) -> str:
    """Return a label as labels are compared: lower case, words apart by one blank."""
    return " ".join(label.lower().replace("-", " ").replace("_", " ").replace(":", " ").split())


def spellings(labels: Iterable[str]) -> list[str]:
    """Return the ways in which people spell labels, for a host that compares them letter by letter."""
    found = {spelled(label) for label in labels}
    return sorted({label.replace(" ", joint) for label in found for joint in (" ", "-", "_")})
