"""The doors of the reader: all that a plug-in reaches the outside through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.gitdoors import GitDoor, Wanted


class FileDoor(Protocol):
    """The only way to files that are not in a repository."""

    def list(self, folder: Path, pattern: str) -> Sequence[Path]:
        """Return regular files below the folder, sorted, links out of it left out."""
        ...

    def read(self, path: Path, limit: int = ...) -> bytes:
        """Return the file's bytes, at most `limit`; raises FileFault."""
        ...


class HttpReply(Protocol):
    """A whole answer of a web API; `kept` where the host said that it has not changed."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def url(self) -> str: ...
    @property
    def kept(self) -> bool: ...

    def json(self) -> Any:
        """Return the body as JSON; raises HttpFault."""
        ...


class HttpSession(Protocol):
    """Requests to one origin: limits, retries, deadlines and the cache of unchanged answers are inside."""

    @property
    def count(self) -> Any:
        """`.calls` on the network, `.kept` unchanged, `.waited` seconds."""
        ...

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, keep: bool = True) -> HttpReply:
        """Return the answer to a GET of a path or URL of this origin; raises HttpFault."""
        ...

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> HttpReply:
        """Return the answer to a POST that reads, such as a GraphQL query; raises HttpFault."""
        ...


class Kept(Protocol):
    """Answers kept from one scan to the next, encrypted under the credential they were given for."""

    def recall(self, name: str) -> Any:
        """Return the JSON value remembered under a name, None for none."""
        ...

    def remember(self, name: str, answer: Any) -> None:
        """Keep a JSON value under a name."""
        ...


class HttpDoor(Protocol):
    """The only way to web APIs; `credential` is the variable's name."""

    @property
    def credential(self) -> str:
        """The NAME of the credential's variable, empty for none."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Return the values of the credential, for authorising requests and nothing else."""
        ...

    def keeping(self, secret: str) -> Kept:
        """Return the store of answers kept between scans under a credential's value."""
        ...

    def session(
        self,
        base: str,
        keys: Sequence[tuple[str, Callable[[], Mapping[str, str]]]] = (),
        limits: Any = None,
    ) -> HttpSession:
        """Open an origin, each key a name and what authorises a request by it; raises HttpFault."""
        ...


class KubeCluster(Protocol):
    """A cluster opened to be read: GET only, Secret objects refused, tries and deadlines inside."""

    @property
    def calls(self) -> int:
        """How many requests were made."""
        ...

    def get(self, path: str, query: Sequence[tuple[str, str]] = (), accept: str = ...) -> Mapping[str, Any]:
        """Return the JSON object at a path; raises KubeFault."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class KubeDoor(Protocol):
    """The only way to clusters."""

    def open(self, context: str, kubeconfig: Path | None = None, *, programs: bool = False) -> KubeCluster:
        """Open a kubeconfig context, or `in-cluster`; raises KubeFault."""
        ...


class Reader(Protocol):
    """The only door out, made for one collector and one work item; stamps evidence and keeps the ledger."""

    @property
    def as_of(self) -> date:
        """The audit date."""
        ...

    @property
    def now(self) -> str:
        """The start of the run, `YYYY-MM-DDTHH:MM:SSZ`."""
        ...

    @property
    def git(self) -> GitDoor:
        """The door to git."""
        ...

    @property
    def files(self) -> FileDoor:
        """The door to files."""
        ...

    @property
    def http(self) -> HttpDoor:
        """The door to web APIs."""
        ...

    @property
    def kube(self) -> KubeDoor:
        """The door to clusters."""
        ...

    def wants(self, names: Sequence[str], contents: Mapping[str, bytes]) -> Wanted | None:
        """Return what this run's reader of files wants of a repository with these files, of which these
        contents are known; None where this run reads no files.
        """
        ...

    def cite(
        self,
        *,
        locator: str,
        query: str,
        payload: bytes,
        path: str = "",
        commit: str = "",
        lines: str = "",
        native_id: str = "",
        excerpt: str = "",
    ) -> Evidence:
        """Return evidence stamped with source, time and collector, its excerpt redacted and cut."""
        ...
