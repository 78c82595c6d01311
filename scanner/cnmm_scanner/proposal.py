"""A first `cnmm.yaml` with comments, from what is in sight; every value stands in quotes, none is secret."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator

from pydantic import TypeAdapter, ValidationError

from cnmm_scanner.settings import Name
from cnmm_scanner.surroundings import Surroundings

SCHEMA = "cnmm.schema.json"
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def propose(seen: Surroundings, folder: str, collectors: Collection[str]) -> str:
    """Return the settings for what these collectors read; what takes a decision is commented out."""
    return "\n".join((*_head(seen, folder), *_targets(seen, collectors), *_sources(seen), *_rest())) + "\n"


def _head(seen: Surroundings, folder: str) -> Iterator[str]:
    yield f"# yaml-language-server: $schema=./{SCHEMA}"
    yield "# Proposed by `cnmm init` from what was in sight. Take the mark off what you want to be read."
    yield "# No credential belongs here: name the environment variable that holds it."
    yield ""
    owners = [remote.owner for remote in seen.remotes]
    name = next((name for name in (*owners, folder) if _is_name(name)), "organisation")
    yield f"organisation: {_quoted(name)}  # what it is called in reports"
    yield ""


def _is_name(text: str) -> bool:
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return bool(text)


def _targets(seen: Surroundings, collectors: Collection[str]) -> Iterator[str]:
    yield "targets:" if seen.checkout else "targets: []  # replace [] with what is read, one entry a line"
    if seen.checkout:
        yield '  - "."  # this checkout'
    hosts = dict.fromkeys((remote.host, remote.owner) for remote in seen.remotes)
    for host, owner in hosts:
        yield from _host(host, owner, seen, collectors)
    for context in seen.contexts:
        yield f"  # - {_quoted(f'kube:{context}')}  # a cluster of the kubeconfig; reads get and list alone"
    if seen.ci:
        yield f"  # In {seen.ci} the job's own token reads this repository alone."
    yield ""


def _host(host: str, owner: str, seen: Surroundings, collectors: Collection[str]) -> Iterator[str]:
    kind = "github" if host == "github.com" else "gitlab" if "gitlab" in host else ""
    if kind not in collectors:
        yield f"  # {_quoted(host)} is a remote too; for GitHub Enterprise set collectors.github.api"
        return
    token = "GITHUB_TOKEN" if kind == "github" else "GITLAB_TOKEN"
    known = [name for name in seen.tokens if name.startswith("G" if kind == "github" else "GITLAB")]
    said = f"{token} is set" if token in known else f"put a read-only token into {token}"
    if kind == "gitlab" and host != "gitlab.com":
        # The address decides which host is given the token.
        said += f", and https://{host} into collectors.gitlab.url"
    entry = f"{{target: {_quoted(f'{kind}:{owner}')}, credential: {token}}}"
    yield f"  # - {entry}  # all of its repositories and settings; {said}"


def _sources(seen: Surroundings) -> Iterator[str]:
    kinds: dict[str, list[str]] = defaultdict(list)
    for kind, place in seen.exports:
        kinds[kind.value].append(place)
    if not kinds:
        yield "# sources:  # exports of roster, training, certifications, survey: none was in sight"
        yield ""
        return
    yield "# Files whose names look like exports; people are counted, never named:"
    yield "# sources:"
    for name, places in sorted(kinds.items()):
        yield f"#   {name}: [{', '.join(_quoted(place) for place in places)}]"
    yield ""
    yield "# How much those hold, from where they come; without it what is missing counts against nobody:"
    yield "# collectors:"
    yield "#   people: {headcount: 0, rows: {training: 0, certifications: 0}}"
    yield ""


def _rest() -> Iterator[str]:
    yield "# How much there is, and who says so; without it every share of the organisation stays open."
    yield "# scope:"
    yield '#   declared_by: "who counted, when and from what"'
    yield "#   repositories: 0"
    yield ""
    yield '# history: "history.sqlite"  # keeps each scan, so that later ones say what changed'


def _quoted(text: str) -> str:
    """Return the text as JSON writes it: YAML on one line, with nothing in it that YAML reads."""
    return json.dumps(text)
