"""What a reader calls a row, a signal, a subject and a source; the id only where there is no title."""

from __future__ import annotations

import re

from cnmm_reports.view import ReportView

_ALTERNATIVE = re.compile(r"/| or ")
_SOURCES = {
    "artefacts": "reviewed documents",
    "backstage": "a Backstage catalogue",
    "catalog": "a service register",
    "certifications": "a certificate export",
    "git": "clones of the repositories",
    "github": "GitHub's API",
    "gitlab": "GitLab's API",
    "host": "the code host's API",
    "hr": "an HR export",
    "join": "two sources about the same people",
    "kubernetes": "the clusters' API",
    "manifests": "manifests in repositories",
    "planning": "a planning export",
    "roster": "a roster",
    "scope": "how many repositories, teams and clusters there are",
    "survey": "a survey export",
    "training": "a training export",
    "work": "an export of the work tracker",
}
_RECORD_KINDS = {
    "artefact": "document",
    "statement": "statement",
    "either": "document or statement",
}


def row_title(view: ReportView, criterion: str) -> str:
    """Return a row's statement, its id where the catalogue has none of that name."""
    text = view.texts.get(criterion)
    return text.statement if text and text.statement.strip() else criterion


def signal_title(view: ReportView, key: str) -> str:
    """Return a signal's title with its facets in words, such as `Clusters reached (production)`."""
    base, _, facets = key.rstrip("}").partition("{")
    if base.startswith("record."):
        kind, _, name = base.removeprefix("record.").partition(".")
        return f"{_RECORD_KINDS.get(kind, kind)} “{name.replace('-', ' ')}”" if name else key
    spec = view.signals.get(base)
    if spec is None:
        return key
    values = ", ".join(part.partition("=")[2].replace("-", " ") for part in facets.split(",") if part)
    return f"{spec.title} ({values})" if values else spec.title


def subject_title(subject: str) -> str:
    """Return a subject as people say it: `organisation`, or a team by its name."""
    if subject.startswith("org:"):
        return "organisation"
    return subject.removeprefix("team:")


def source_title(source: str) -> str:
    """Return a source, or sources of which one is enough, or which it takes together, in words."""
    ways = [
        " with ".join(_SOURCES.get(name, name) for name in way.split("+"))
        for way in _ALTERNATIVE.split(source)
    ]
    return " or ".join(ways)


def request_title(view: ReportView, source: str) -> str:
    """Return what supplying a source asks of its reader, as a sentence without its end.

    Where some repositories were read it asks for the others alone.
    """
    scope = view.assessment["scope"]
    whole, read = scope.get("repositories", 0), scope.get("repositories_read", 0)
    if source == "git" and 0 < read < whole:
        others = f"the {whole - read:,} repositories" if whole - read > 1 else "the one repository"
        return f"let the scan clone {others} of {whole:,} that it has not read"
    if source == "scope":
        return f"declare {source_title(source)}"
    return f"let the scan read {source_title(source)}"
