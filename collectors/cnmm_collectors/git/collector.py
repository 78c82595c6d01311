"""The Git collector: from a target to repositories, and from each to signals with their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import ClassVar

from pydantic import BaseModel

from cnmm_collectors import registry
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.git import settings as options
from cnmm_collectors.git.analysis import analyse
from cnmm_collectors.git.citation import RepositoryCite
from cnmm_collectors.git.findings import fill, find_all
from cnmm_collectors.git.naming import name_organisation, name_repository
from cnmm_collectors.git.wants import wanted_of
from cnmm_collectors.plugin import (
    GitRepository,
    LedgerRow,
    Membership,
    Reader,
    Target,
    Wanted,
    WorkItem,
    Yield,
)
from cnmm_collectors.reader import GitFault
from cnmm_collectors.signals import Absent, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

FAMILIES = ("git", "docs", "codeowners", "ci")


def _answerable() -> tuple[SignalSpec, ...]:
    """Return the signals of the families that a clone answers, alone or together with a roster."""
    own = ("git", "git+roster")
    return tuple(spec for spec in registry.declared(FAMILIES) if any(s.name in own for s in spec.sources))


class GitCollector:
    """Reads local repositories, folders of them, and clone URLs; implements `plugin.Collector`."""

    name: ClassVar[str] = "git"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = _answerable()
    Settings: ClassVar[type[BaseModel]] = options.Settings

    def accepts(self, target: Target) -> bool:
        """True for a folder, a local repository or a clone URL."""
        return target.kind in ("git", "path")

    def plan(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield one item for each repository of a target; a folder without any becomes a ledger row."""
        if "://" in target.locator and not target.locator.startswith("file://"):
            yield self._item(target, target.locator, name_repository(target, target.locator, target.locator))
            return
        try:
            found = reader.git.find(target.locator)
        except GitFault as fault:
            yield LedgerRow(
                "git",
                "target",
                _last(target.locator),
                1,
                0,
                failed=1,
                cause=fault.gap.value,
                detail=str(fault),
            )
            return
        if not found:
            yield LedgerRow("git", "target", _last(target.locator), 1, 0, failed=1, cause="no repository",
                            detail="no Git repository, and none three levels below")  # fmt: skip
        taken: set[Subject] = set()
        for locator, remote in found:
            subject = name_repository(target, locator, remote)
            if subject in taken:
                yield LedgerRow(
                    "git",
                    "repository",
                    str(subject),
                    1,
                    0,
                    skipped=1,
                    cause="another folder holds a repository of this name",
                )
                continue
            taken.add(subject)
            yield self._item(target, locator, subject)

    def collect(self, item: WorkItem, settings: options.Settings, reader: Reader) -> Iterator[Yield]:
        """Yield what one repository says; one that cannot be read gives unknown readings and a ledger row."""
        repo = item.subjects[0]
        try:
            repository = reader.git.open(item.target.locator, settings.max_seconds)
        except GitFault as fault:
            yield from self._failed(repo, fault)
            return
        try:
            yield from self._read(item.target, repo, repository, settings, reader)
        except GitFault as fault:
            yield from self._failed(repo, fault)
        finally:
            repository.close()

    def state(self, item: WorkItem, settings: options.Settings, reader: Reader) -> str:
        """Return the commit that would be read and how its repository is addressed; empty where git fails."""
        locator = item.target.locator
        try:
            if "://" in locator and not locator.startswith("file://"):
                return "" if settings.ref else reader.git.head(locator, settings.max_seconds)
            repository = reader.git.open(locator, settings.max_seconds)
            try:
                commit = repository.resolve(settings.ref)
            finally:
                repository.close()
        except GitFault:
            return ""
        told = f" {repository.given}" if repository.given is not None else ""
        return f"{commit} {repository.shallow} {repository.web} {repository.remote}{told}" if commit else ""

    def wants(
        self, names: Sequence[str], contents: Mapping[str, bytes], settings: options.Settings, as_of: date
    ) -> Wanted:
        """Return what is read of a repository with these files, for one whose files only an API gives."""
        return wanted_of(names, contents, settings, as_of)

    def _item(self, target: Target, locator: str, subject: Subject) -> WorkItem:
        placed = Target("git", locator, target.credential, subject, target.facts)
        return WorkItem(self.name, f"{subject} {locator}", placed, (subject,))

    def _read(
        self,
        target: Target,
        repo: Subject,
        repository: GitRepository,
        settings: options.Settings,
        reader: Reader,
    ) -> Iterable[Yield]:
        commit = repository.resolve(settings.ref)
        if not commit:
            return self._empty(repo, repository, reader)
        lifecycle = "archived" if target.fact("archived") == "true" or target.fact("fork") == "true" else ""
        analysis = analyse(repository, commit, repo, settings, reader, lifecycle)
        return find_all(analysis, settings, self.signals, name_organisation(target, repo))

    def _failed(self, repo: Subject, fault: GitFault) -> Iterator[Yield]:
        yield from fill(self.signals, {SubjectKind.REPO: [repo]}, frozenset(), Unknown(fault.gap, str(fault)))
        yield LedgerRow(
            "git", "repository", str(repo), 1, 0, failed=1, cause=fault.gap.value, detail=str(fault)
        )

    def _empty(self, repo: Subject, repository: GitRepository, reader: Reader) -> Iterator[Yield]:
        """Answer for a repository without any commit: nothing is there, and that is outside every
        population.
        """
        cite = RepositoryCite(reader, repo.name, "", repository.web, repository.remote, {}, {})
        evidence: tuple[Evidence, ...] = (cite.refs("no commit on any branch"),)
        component = Subject(SubjectKind.COMPONENT, repo.name)
        yield Membership(component, repo, evidence)
        subjects = {SubjectKind.REPO: [repo], SubjectKind.COMPONENT: [component]}
        yield from fill(self.signals, subjects, frozenset(), Absent(evidence))
        yield LedgerRow("git", "repository", str(repo), 1, 1, detail="empty: no commit yet")


def _last(locator: str) -> str:
    return locator.rstrip("/").rpartition("/")[2] or "/"
