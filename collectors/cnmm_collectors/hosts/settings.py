"""What an operator can set for the collector of any Git host."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors.hosts.tracker import Tracking
from cnmm_collectors.reader.http import HttpLimits


class HostSettings(BaseModel):
    """The keys that the collectors of all hosts know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clone: bool = Field(default=True, description="Let the Git collector clone each active repository")
    clone_credential: str = Field(
        default="",
        pattern=r"^([A-Z_][A-Z0-9_]{0,99})?$",
        description="NAME of the variable with the token for cloning; the target's own where empty",
    )
    sample: int | None = Field(
        default=None,
        ge=1,
        description="Read files, deployments, changes and issues of so many repositories, drawn by `seed`",
    )
    seed: int = Field(default=0, ge=0, description="What decides which repositories are drawn")
    activity: bool = Field(default=True, description="Read the changes of the window and their reviews")
    work: bool = Field(
        default=True, description="Read issues, boards and deployments; needs `activity` as well"
    )
    tracking: Tracking = Field(
        default=Tracking(), description="What of the organisation's work is tracked on this host"
    )
    activity_days: int = Field(default=90, ge=1, le=365, description="Days of changes that are read")
    alert_days: int = Field(default=180, ge=1, le=730, description="Days of alerts that are judged")
    bots: tuple[str, ...] = Field(
        default=("dependabot", "renovate", "github-actions", "copilot", "web-flow"),
        description="Accounts that are no person, besides those the host itself calls bots",
    )
    production: tuple[str, ...] = Field(
        default=("prod", "production", "prd", "live"), description="Names of production environments"
    )
    security_checks: tuple[str, ...] = Field(
        default=(
            "codeql", "code scanning", "semgrep", "snyk", "trivy", "grype", "gitleaks", "trufflehog",
            "dependency review", "sonar", "checkov", "kics", "tfsec", "bandit", "gosec", "osv", "secret",
            "sast", "dast", "security", "vulnerab", "opa", "conftest", "kyverno", "polaris",
        ),
        description="Words that make a required check a security check",
    )  # fmt: skip
    max_seconds: float = Field(default=60.0, gt=0, description="Wall time for one request")
    max_wait: float = Field(
        default=900.0, ge=0, description="Seconds of waiting for rate limits, for each piece of work"
    )
    max_calls: int | None = Field(default=None, ge=1, description="Most calls for each piece of work")
    per_minute: int = Field(default=800, ge=0, description="Most requests in a minute; 0 for no spacing")
    pause: float = Field(
        default=60.0, ge=0, description="Seconds to wait after a refusal that gives no time itself"
    )

    def limits(self) -> HttpLimits:
        """Return the caps of a session as the settings give them."""
        return HttpLimits(
            seconds=self.max_seconds, wait=self.max_wait, calls=self.max_calls, per_minute=self.per_minute,
            pause=self.pause,
        )  # fmt: skip
