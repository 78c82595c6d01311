"""What an operator can set for the GitLab collector."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cnmm_collectors.hosts.settings import HostSettings


class Settings(HostSettings):
    """The `gitlab:` part of the configuration."""

    url: str = Field(
        default="https://gitlab.com",
        pattern=r"^https?://[^\s@?#]+$",
        description="Address of the host; of your own where GitLab is self-managed, with its sub-path if any",
    )
    tier: Literal["", "free", "premium", "ultimate"] = Field(
        default="",
        description="What is subscribed to, where the credential is not shown it",
    )
    page: int = Field(default=25, ge=1, le=100, description="Projects asked for in one query, at first")
    per_minute: int = Field(default=600, ge=0, description="Most requests in a minute; 0 for no spacing")
