"""A question without what a host says it does not know: found by name, path or line, as far as it says."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse

from cnmm_collectors.hosts.shrinking import Question, shrink

TEXT = """query($org: String!, $debt: [String!], $n: Int!) {
  organization(login: $org) {
    login
    repositories(first: $n) { nodes { ...Described } }
  }
}
fragment Described on Repository {
  id
  owner { login }
  open: issues(labels: $debt) { totalCount }
  inRoot: object(expression: "a") { ...Owners }
  inDocs: object(expression: "b") { ...Owners }
  rules { parameters { __typename ... on Pull { count } } }
}
fragment Owners on Blob { text }
"""
NODE = ("organization", "repositories", "nodes")


def error(field: str, kind: str, **parts: Any) -> dict[str, Any]:
    said = {"code": "undefinedField", "typeName": kind, "fieldName": field}
    return {"message": "no", "extensions": said, **parts}


def lost(*errors: Any) -> list[str]:
    found = shrink(Question(TEXT), errors)
    assert found is not None
    parse(found.text)
    return sorted(".".join(path) for path, _ in found.lost)


@pytest.mark.parametrize(
    ("given", "want"),
    [
        (error("owner", "Repository"), ["organization.repositories.nodes.owner"]),
        (error("login", "User", path=["fragment Described", "owner", "login"]),
         ["organization.repositories.nodes.owner.login"]),
        (error("login", "User", path=["query named", "organization", "login"]), ["organization.login"]),
        (error("login", "User", locations=[{"line": 3, "column": 5}]), ["organization.login"]),
        (error("login", "User"), ["organization.login", "organization.repositories.nodes.owner.login"]),
        ({"message": "Field 'owner' doesn't exist on type 'Repository'"}, ["organization.repositories.nodes.owner"]),
        (error("object", "Repository", path=["fragment Described", "inDocs"]),
         ["organization.repositories.nodes.inDocs"]),
        (error("text", "Blob"), [f"organization.repositories.nodes.{one}.text" for one in ("inDocs", "inRoot")]),
        ({"message": "Field 'issues' doesn't accept argument 'labels'",
          "extensions": {"code": "argumentNotAccepted", "name": "issues", "typeName": "Field", "argumentName": "labels"},
          "path": ["fragment Described", "open", "labels"]}, ["organization.repositories.nodes.open"]),
        ({"message": "No such type Pull, so it can't be a fragment condition",
          "extensions": {"code": "undefinedType", "typeName": "Pull"}},
         ["organization.repositories.nodes.rules.parameters"]),
    ],
)  # fmt: skip
def test_exactly_what_an_error_names_is_left_out(given: dict[str, Any], want: list[str]) -> None:
    assert lost(given) == want


def test_what_nothing_uses_any_more_goes_too() -> None:
    found = shrink(Question(TEXT), [error("text", "Blob"), error("issues", "Repository")])
    assert found is not None
    assert "Owners" not in found.text
    assert "$debt" not in found.text
    assert "object" not in found.text
    assert "... on Pull" in found.text


def test_every_removal_says_which_field_of_which_type() -> None:
    found = shrink(Question(TEXT), [error("owner", "Repository")])
    assert found is not None
    ((_, why),) = found.lost
    assert why.detail == "this version or edition of the host does not have Repository.owner"


@pytest.mark.parametrize(
    "given",
    [
        {"message": "boom"}, "boom", error("nothing", "Repository"), error("organization", "Query"),
        {"message": "x", "extensions": {"code": "undefinedType", "typeName": "Nobody"}},
        {"message": "x", "extensions": {"code": "argumentNotAccepted", "name": "issues", "argumentName": "n"}},
    ],
)  # fmt: skip
def test_where_nothing_can_be_left_out_the_question_stays_refused(given: Any) -> None:
    assert shrink(Question(TEXT), [given]) is None
