"""What an operator can set for the Git collector."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BOTS = (
    "dependabot",
    "dependabot-preview",
    "renovate",
    "renovate-bot",
    "renovatebot",
    "github-actions",
    "github-merge-queue",
    "web-flow",
    "k8s-ci-robot",
    "k8s-merge-robot",
    "k8s-release-robot",
    "prow-bot",
    "openshift-ci-robot",
    "openshift-merge-robot",
    "argo-cd-image-updater",
    "argocd-image-updater",
    "fluxcdbot",
    "flux-bot",
    "weave-gitops-bot",
    "greenkeeper",
    "snyk-bot",
    "mergify",
    "bors",
    "pre-commit-ci",
    "semantic-release-bot",
    "release-please",
    "gitlab-bot",
    "project-bot",
    "ghost",
    "allcontributors",
    "imgbot",
    "codecov",
    "copilot",
    "claude",
    "cursor",
    "devin-ai-integration",
    "aider",
    "jenkins",
    "jenkins-x-bot",
    "travis-ci",
    "circleci",
    "buildkite",
    "root",
    "bot",
    "ci",
)
"""Names, logins and local parts of addresses that no person works under; a `[bot]` suffix is always one."""


class Settings(BaseModel):
    """The `git:` part of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ref: str = Field(default="", description="Branch, tag or commit to scan; empty for HEAD")
    activity_days: int = Field(
        default=90, ge=1, description="Days within which a human change makes a component active"
    )
    authorship_days: int = Field(default=180, ge=1, description="Days of history for shares of changes")
    concentration_days: int = Field(
        default=365, ge=1, description="Days of history for contributor concentration"
    )
    bots: tuple[str, ...] = Field(
        default=BOTS, description="Authors who are no person, besides those that end in [bot]"
    )
    security_guideline: tuple[str, ...] = Field(
        default=(), description="Paths designated as security guidelines"
    )
    pipelines: Literal["anywhere", "repository"] = Field(
        default="anywhere",
        description="Where pipelines are defined: `repository` says that none is kept outside the repository "
        "that it builds, so that one without any has none",
    )
    teams: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Team to repositories (ORG/NAME)"
    )
    groups: tuple[str, ...] = Field(
        default=(), description="GitLab top-level groups, so that @name is known to be a team"
    )
    max_seconds: float = Field(default=900.0, gt=0, description="Wall time for one repository")
    max_blob_bytes: int = Field(default=1024 * 1024, ge=1024, description="Largest file that is read")
    max_blobs: int = Field(default=20_000, ge=1, description="Most files that are read of one repository")
    max_total_bytes: int = Field(
        default=48 * 1024**2, ge=1024, description="Most bytes that are read of one repository"
    )
    max_paths: int = Field(default=1_000_000, ge=1, description="Most tracked paths of one repository")

    @property
    def window_days(self) -> int:
        """The longest window, in days: what the history pass keeps in detail."""
        return max(self.activity_days, self.authorship_days, self.concentration_days)
