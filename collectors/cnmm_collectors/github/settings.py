"""What an operator can set for the GitHub collector."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors.hosts.settings import HostSettings


class App(BaseModel):
    """A GitHub App to read as, instead of a token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: int = Field(ge=1, description="The App's id")
    key_file: Path = Field(description="The App's private key, a PEM file only you can read")
    installation: int = Field(ge=1, description="The id of its installation on the organisation")


class Settings(HostSettings):
    """The `github:` part of the configuration."""

    api: str = Field(
        default="https://api.github.com",
        pattern=r"^https?://[^\s@?#]+$",
        description="Address of the API; https://HOST/api/v3 for Enterprise Server, https://api.NAME.ghe.com",
    )
    app: App | None = Field(default=None, description="Read as a GitHub App instead of with a token")
    contents: bool = Field(
        default=True, description="Read files through the API where repositories are not cloned"
    )
    contents_files: int = Field(
        default=2_000, ge=1, description="Most files of one repository whose content the API is asked for"
    )
    analyses: bool = Field(
        default=True, description="Ask each active repository without alerts when it was last analysed"
    )
    upstream_accounts: Path | None = Field(
        default=None,
        description="A file with the accounts, one a line, that agreed that their upstream work counts",
    )
    page: int = Field(default=50, ge=1, le=100, description="Repositories asked for in one query, at first")
