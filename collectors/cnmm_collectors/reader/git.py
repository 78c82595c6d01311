"""The door to git: a repository is opened read-only, and nothing of its own configuration is in force."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cnmm_collectors.plugin import Given
from cnmm_collectors.reader.control import check_control, linked_folder, read_control, shared_folder
from cnmm_collectors.reader.given import FOLDER, GivenRepository, given_of, read_facts
from cnmm_collectors.reader.process import HARDENED, GitFault, environment, started
from cnmm_collectors.reader.redaction import redact_url
from cnmm_collectors.shelter import Shelter
from cnmm_collectors.signals import Gap

_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REMOTE = re.compile(r'(?m)^\[remote "([^"\n]+)"\](?:\n(?!\[)[^\n]*)*?\n\s*url\s*=\s*([^\n]+)')
_PROBE_SECONDS = 60.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class GitLimits:
    """Caps for one repository: seconds over all calls, and bytes of output for each call."""

    seconds: float = 900.0
    output: int = 2 * 1024**3


class SourceRepository:
    """A repository opened read-only; implements `plugin.GitRepository`.

    Git runs in a folder of our own that holds one ref and our configuration and borrows the repository's
    objects, so hooks, filters, aliases, promisor remotes and included files of the repository do not exist
    for it.
    """

    def __init__(self, door: SourceGit, folder: Path, *, owned: bool, seconds: float) -> None:
        self.path, self.owned, self._limits, self._door = folder, owned, door.limits, door
        self.given: Given | None = None
        self._deadline = time.monotonic() + seconds
        self._shadow = Shelter()
        self._home = self._shadow.path
        try:
            self._prepare(folder)
        except GitFault:
            self.close()
            raise

    def tree(self, commit: str) -> str:
        """Return what names the files of a commit to git: without commits the tree alone."""
        return commit if self.given is None else self.given.tree

    def resolve(self, ref: str = "") -> str:
        """Return the commit a ref (HEAD where empty) stands for, and scan it; empty for an unborn one."""
        if self.given is not None:
            if ref:
                raise GitFault("the API gave HEAD alone: leave `ref` out, or clone", Gap.UNSUPPORTED)
            return self.given.commit
        name = ref or ("refs/cnmm/head" if self.owned else "HEAD")
        if name.startswith("-"):
            raise GitFault("a ref cannot start with '-'", Gap.MALFORMED)
        try:
            found = self._probe("rev-parse", "--verify", "--quiet", "--end-of-options", name).strip()
        except GitFault:
            self._explain_unborn(ref)
            return ""
        sha = self.run("rev-parse", "--verify", "--end-of-options", f"{found}^{{commit}}").decode().strip()
        (self._home / "repository" / "HEAD").write_text(sha + "\n", encoding="ascii")
        return sha

    def _explain_unborn(self, ref: str) -> None:
        if ref:
            raise GitFault("the ref of the settings does not exist here", Gap.NOT_VISIBLE)
        if self._probe("for-each-ref", "--count=1", "--format=%(objectname)").strip():
            raise GitFault(
                "HEAD names a branch without commits though others have some: set `ref`", Gap.NOT_VISIBLE
            )

    def run(self, *arguments: str, stdin: bytes = b"", limit: int = 256 * 1024**2) -> bytes:
        """Return git's whole output, at most `limit` bytes; raises GitFault."""
        with started(self._command(arguments), self._env(), stdin, self._deadline, limit) as chunks:
            return b"".join(chunks)

    def stream(self, *arguments: str, stdin: bytes = b"") -> AbstractContextManager[Iterator[bytes]]:
        """Yield git's output in chunks while git runs; raises GitFault on a non-zero end."""
        return started(self._command(arguments), self._env(), stdin, self._deadline, self._limits.output)

    def fetch_blobs(self, oids: Iterable[str]) -> None:
        """Fetch blobs in one request into a clone of ours, nothing into anybody else's; raises GitFault."""
        wanted = sorted(set(oids))
        if self.owned and wanted:
            self._door.fetch(self.path, self._deadline, wanted)

    def close(self) -> None:
        """Remove the folder git ran in."""
        self._shadow.close()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["git", *HARDENED, f"--git-dir={self._home / 'repository'}", *arguments]

    def _env(self) -> dict[str, str]:
        return environment(self._home, extra={"GIT_OBJECT_DIRECTORY": str(self._objects)})

    def _probe(self, *arguments: str) -> str:
        """Ask the repository itself; only commands that read refs and configuration, and execute nothing."""
        command = ["git", *HARDENED, f"--git-dir={self.path}", *arguments]
        # What these read is small; a configuration that includes a pipe would keep git waiting for ever.
        deadline = min(self._deadline, time.monotonic() + _PROBE_SECONDS)
        with started(command, environment(self._home), b"", deadline, 1024**2) as chunks:
            return os.fsdecode(b"".join(chunks))

    def _prepare(self, folder: Path) -> None:
        check_control(folder)
        facts = self._probe(
            "rev-parse", "--is-bare-repository", "--is-shallow-repository", "--show-object-format"
        )
        bare, shallow, self._format = facts.split("\n")[:3]
        self.bare, self.shallow = bare == "true", shallow == "true"
        # Git would write these two paths a line each, and a folder's name may hold a line break.
        shared = shared_folder(folder).resolve()
        self._objects = shared / "objects"
        self.remote = remote_url(folder)
        self.web = web_address(self.remote)
        self._build(shared / "shallow")
        if self._door.gave(folder):
            self.given, self.shallow = given_of(read_facts(folder)), True

    def _build(self, shallow: Path) -> None:
        place = self._home / "repository"
        (place / "refs").mkdir(parents=True)
        version, extra = (
            (1, f"[extensions]\n\tobjectFormat = {self._format}\n") if self._format != "sha1" else (0, "")
        )
        (place / "config").write_text(
            f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{extra}", encoding="ascii"
        )
        (place / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        if self.shallow:
            rows = _OBJECT.findall(read_control(shallow, most=64 * 1024**2).decode("ascii", "replace"))
            (place / "shallow").write_text("".join(f"{row}\n" for row in rows), encoding="ascii")


class SourceGit:
    """The only way to git; implements `plugin.GitDoor`."""

    def __init__(
        self, cache: Path | None, *, credential: str, environment: Mapping[str, str], limits: GitLimits
    ) -> None:
        self.limits = limits
        self._cache, self._credential, self._given = cache, credential, environment

    def open(self, locator: str, seconds: float | None = None) -> SourceRepository:
        """Open a local repository in place, or a URL through a blobless bare clone in the cache; raises
        GitFault.
        """
        allowed = self.limits.seconds if seconds is None else seconds
        if locator.startswith("file://"):
            locator = unquote(urlsplit(locator).path)
        if "://" in locator or re.match(r"[\w.-]+@[\w.-]+:", locator):
            folder = self._mirror(check_url(locator), time.monotonic() + allowed)
            return SourceRepository(self, folder, owned=True, seconds=allowed)
        found = git_folder(Path(locator))
        if found is None:
            name = Path(locator).name or "the folder"
            if (Path(locator) / ".git").is_file():
                raise GitFault(
                    f"{name}: its .git file points to no Git folder that is its own: mend it with "
                    "`git worktree repair`, or scan the folder that it names",
                    Gap.MALFORMED,
                )
            raise GitFault(f"{name}: not a Git repository", Gap.MALFORMED)
        return SourceRepository(self, found, owned=False, seconds=allowed)

    def head(self, url: str, seconds: float | None = None) -> str:
        """Return the commit that HEAD of a clone URL names, empty where it has none; raises GitFault."""
        deadline = time.monotonic() + (self.limits.seconds if seconds is None else seconds)
        with Shelter() as home:
            heads = self._run(["git", *HARDENED, "ls-remote", check_url(url), "HEAD"], home.path, deadline)
        return heads.partition(b"\t")[0].decode("ascii", "replace").strip()

    def deposit(self, url: str, seconds: float | None = None) -> GivenRepository:
        """Open the folder in the cache that holds what an API gives of a repository; raises GitFault."""
        if self._cache is None:
            raise GitFault("what an API gives needs a cache folder", Gap.NOT_ENABLED)
        return GivenRepository(
            self._cache, check_url(url), self.limits.seconds if seconds is None else seconds
        )

    def gave(self, folder: Path) -> bool:
        """True for a folder of ours that an API filled: what is written down in any other is not believed."""
        return self._cache is not None and folder.parent.absolute() == (self._cache / FOLDER).absolute()

    def find(self, folder: str, depth: int = 3) -> list[tuple[str, str]]:
        """Return (locator, remote URL or empty) of the repository a folder is, else of those below it.

        Links are not followed, and nothing within a repository is looked at; raises GitFault for no folder.
        """
        if folder.startswith("file://"):
            folder = unquote(urlsplit(folder).path)
        place = Path(folder)
        if not place.is_dir():
            raise GitFault(f"{place.name or 'the target'}: not a folder that can be read", Gap.NOT_VISIBLE)
        return sorted((str(found), remote_url(inner)) for found, inner in _search(place, depth))

    def fetch(self, folder: Path, deadline: float, wanted: Iterable[str] = ()) -> None:
        """Fetch into a clone of ours from where it came: the wanted objects, else its HEAD; raises
        GitFault.
        """
        asked = "".join(f"{oid}\n" for oid in wanted).encode()
        # What is missing is named; the host need not be told what is there.
        talk = ("-c", "fetch.negotiationAlgorithm=noop") if asked else ()
        refs = ("--stdin", "origin") if asked else ("origin", "+HEAD:refs/cnmm/head")
        with Shelter() as home:
            command = ["git", *HARDENED, *talk, f"--git-dir={folder}", "fetch", "--quiet", "--no-tags"]
            command += ["--no-write-fetch-head", "--filter=blob:none", *refs]
            self._run(command, home.path, deadline, asked)

    def _mirror(self, url: str, deadline: float) -> Path:
        if self._cache is None:
            raise GitFault("a clone URL needs a cache folder", Gap.NOT_ENABLED)
        folder = self._cache / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.git"
        self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._cache.chmod(0o700)
        with Shelter() as shelter:
            home = shelter.path
            if not (folder / "HEAD").is_file():
                self._run(
                    ["git", *HARDENED, "init", "--quiet", "--bare", "--template=", str(folder)],
                    home,
                    deadline,
                )
            pairs = (("remote.origin.url", url), ("remote.origin.promisor", "true"),
                     ("remote.origin.partialclonefilter", "blob:none"))  # fmt: skip
            for key, value in pairs:
                self._run(["git", *HARDENED, f"--git-dir={folder}", "config", key, value], home, deadline)
            heads = self._run(["git", *HARDENED, "ls-remote", url, "HEAD"], home, deadline)
        if heads.strip():
            self.fetch(folder, deadline)
        return folder

    def _run(self, command: list[str], home: Path, deadline: float, stdin: bytes = b"") -> bytes:
        allow = "https:http"
        with started(
            command, environment(home, allow, self._secret(command, home)), stdin, deadline, 64 * 1024**2
        ) as out:
            return b"".join(out)

    def _secret(self, command: list[str], home: Path) -> dict[str, str]:
        """Hand the credential over in git's environment, where no other user and no log sees it."""
        value = self._given.get(self._credential, "") if self._credential else ""
        if not value:
            return {}
        token = base64.b64encode(f"x-access-token:{value}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
        }


def check_url(url: str) -> str:
    """Return the URL without a trailing slash; raises GitFault where it is not plain https."""
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise GitFault(
            "a clone URL must not hold a credential: name an environment variable instead", Gap.NOT_PERMITTED
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise GitFault("only https:// and file:// URLs and local paths are read", Gap.UNSUPPORTED)
    if parts.query or parts.fragment or not parts.hostname:
        raise GitFault("a clone URL has a host and a path, no query", Gap.MALFORMED)
    return url.rstrip("/")


def git_folder(place: Path) -> Path | None:
    """Return the Git folder of a work tree, a `.git` file or a bare repository, None where there is none."""
    place = place.absolute()
    if place.name == ".git" and place.is_file():
        place = place.parent
    inner = place / ".git"
    if inner.is_file():
        return linked_folder(inner)
    for folder in (inner, place):
        if folder.is_dir() and (folder / "HEAD").exists() and (folder / "objects").is_dir():
            return folder
    return None


def _search(place: Path, depth: int) -> Iterator[tuple[Path, Path]]:
    inner = git_folder(place)
    if inner is None and (place / ".git").is_file():
        # A checkout whose folder is gone is a repository all the same: opening it says so in the ledger.
        inner = place / ".git"
    if inner is not None:
        yield place, inner
        return
    if depth > 0:
        try:
            below = [Path(entry.path) for entry in os.scandir(place) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for folder in below:
            yield from _search(folder, depth - 1)


def remote_url(folder: Path) -> str:
    """Return the URL of `origin`, else of the first remote, without user information; empty without any.

    The file is read as text: asking git would let the repository's configuration include others. A folder
    that leads to another one's has none.
    """
    try:
        check_control(folder)
    except GitFault:
        return ""
    text = read_control(shared_folder(folder) / "config").decode("utf-8", "replace")
    urls = {match[1]: match[2].strip().strip('"') for match in _REMOTE.finditer(text)}
    return redact_url(urls.get("origin") or next(iter(sorted(urls.values())), ""))


def web_address(url: str) -> str:
    """Return `https://host/owner/name` for a remote URL of a host, else an empty text."""
    scp = re.fullmatch(r"(?:[\w.-]+@)?([\w.-]+\.[\w.-]+):(?!/)([\w./~-]+?)(?:\.git)?/?", url)
    if scp:
        return f"https://{scp[1].lower()}/{scp[2]}"
    parts = urlsplit(url)
    path = parts.path.strip("/").removesuffix(".git")
    if parts.scheme not in ("https", "http", "ssh", "git") or not parts.hostname or "/" not in path:
        return ""
    return f"https://{parts.hostname.lower()}/{path}" if re.fullmatch(r"[\w./~+-]+", path) else ""
