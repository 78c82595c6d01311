"""The queries are held against GitHub's own schema, and so is what the double answers to them."""

from __future__ import annotations

import re
from typing import Any

import graphql as core
import pytest

from cnmm_collectors.github.queries import ALL
from doubles.github.organisation import acme
from doubles.github.server import graphql

VARIABLES: dict[str, dict[str, Any]] = {
    "organisation": {"org": "acme"},
    "inventory": {"org": "acme", "n": 50},
    "repository": {"org": "acme", "name": "checkout"},
    "teams": {"org": "acme", "n": 50},
    "team repositories": {"org": "acme", "slug": "web", "n": 50},
    "team members": {"org": "acme", "slug": "web", "n": 50},
    "environments": {"ids": ["E_portal"]},
    "places": {"a": ["R_portal"], "b": ["R_portal"], "c": [], "d": [], "e": []},
    "count": {"q": "org:acme"},
    "changes": {"q": "org:acme", "n": 50},
    "stalled": {"q": "org:acme", "n": 50},
    "issues": {"q": "org:acme is:issue", "n": 50},
    "replies": {"q": "repo:acme/ledger is:issue", "n": 50},
    "boards": {"org": "acme", "n": 50},
    "deployments": {"ids": ["R_portal"], "stages": ["production"], "n": 50},
    "more deployments": {"id": "R_portal", "stages": ["production"], "n": 50},
    "contents": {"org": "acme", "name": "checkout", "query": ALL["contents"]},
    "work": {
        "org": "acme",
        "name": "checkout",
        "commit": "",
        "since": "2026-08-01T00:00:00Z",
        "p0": None,
        "p1": "src",
    },
    "upstream": {"q": "is:pr author:ann-a", "n": 50},
    "statement": {"org": "acme", "name": "checkout", "path": "attestations/sponsor.yaml"},
}


@pytest.mark.parametrize("name", ALL)
def test_a_query_fits_the_published_schema(name: str, schema: Any) -> None:
    assert core.validate(schema, core.parse(ALL[name])) == []


@pytest.mark.parametrize("name", ALL)
def test_the_double_answers_all_that_is_asked_in_the_schemas_types(name: str, schema: Any) -> None:
    answer = graphql(acme(), name, {"after": None, **VARIABLES[name]})
    done = core.execute_sync(
        schema, core.parse(ALL[name]), root_value=answer["data"], variable_values=VARIABLES[name],
        type_resolver=lambda value, *_: value.get("__typename", "Organization"), field_resolver=_resolve,
    )  # fmt: skip
    assert not done.errors, done.errors


def _resolve(source: Any, info: Any, **_: Any) -> Any:
    """Return the value under the field's alias, as an answer holds it."""
    key = info.path.key
    assert key in source, f"the double leaves out {info.path.as_list()}"
    value = source[key]
    if (
        isinstance(value, dict)
        and "__typename" not in value
        and info.path.key in ("inGithub", "inRoot", "inDocs")
    ):
        return {**value, "__typename": "Blob"}
    return value


@pytest.mark.parametrize("name", ALL)
def test_no_query_asks_for_more_than_eight_nested_lists_or_a_page_over_a_hundred(name: str) -> None:
    text = ALL[name]
    assert len(re.findall(r"\b(?:first|last): ?[\d$]", text)) <= 8
    assert all(int(size) <= 100 for size in re.findall(r"(?:first|last): ?(\d+)", text))


def test_no_query_writes() -> None:
    assert all(query.strip().startswith("query(") for query in ALL.values())
