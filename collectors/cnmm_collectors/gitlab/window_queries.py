"""The GraphQL questions about a window: changes, issues and who answered, a page of each in one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CHANGE: Final = """
fragment Change on MergeRequest {
  iid title createdAt preparedAt mergedAt
  project { fullPath }
  author { username bot }
  mergeUser { username bot }
  labels(first: 20) { nodes { title } }
  commits(last: 1) { nodes { authoredDate } }
  approvedBy(first: 20) { pageInfo { hasNextPage } nodes { username bot } }
  reviewers(first: 20) {
    pageInfo { hasNextPage }
    nodes { username bot mergeRequestInteraction { reviewed } }
  }
  notes(first: 50, filter: ONLY_ACTIVITY) {
    pageInfo { hasNextPage }
    nodes { createdAt author { username } systemNoteMetadata { action } }
  }
}
"""

CHANGES: Final = (
    """
query($org: ID!, $n: Int!, $after: String, $from: Time, $to: Time) {
  group(fullPath: $org) {
    mergeRequests(first: $n, after: $after, includeSubgroups: true, state: merged,
                  mergedAfter: $from, mergedBefore: $to, sort: CREATED_ASC) {
      count
      pageInfo { hasNextPage endCursor }
      nodes { ...Change }
    }
  }
}
"""
    + _CHANGE
)

PROJECT_CHANGES: Final = (
    """
query($org: ID!, $n: Int!, $after: String, $from: Time, $to: Time) {
  project(fullPath: $org) {
    mergeRequests(first: $n, after: $after, state: merged, mergedAfter: $from, mergedBefore: $to,
                  sort: CREATED_ASC) {
      count
      pageInfo { hasNextPage endCursor }
      nodes { ...Change }
    }
  }
}
"""
    + _CHANGE
)

COUNT: Final = """
query($org: ID!, $from: Time, $to: Time) {
  group(fullPath: $org) {
    mergeRequests(includeSubgroups: true, state: merged, mergedAfter: $from, mergedBefore: $to) { count }
  }
}
"""

PROJECT_COUNT: Final = """
query($org: ID!, $from: Time, $to: Time) {
  project(fullPath: $org) { mergeRequests(state: merged, mergedAfter: $from, mergedBefore: $to) { count } }
}
"""

_STALLED: Final = """
      count
      pageInfo { hasNextPage endCursor }
      nodes {
        project { fullPath }
        reviewers(first: 20) { nodes { username mergeRequestInteraction { reviewState } } }
        notes(first: 50, filter: ONLY_ACTIVITY) {
          pageInfo { hasNextPage }
          nodes { createdAt author { username } systemNoteMetadata { action } }
        }
      }
"""

STALLED: Final = (
    """
query($org: ID!, $n: Int!, $after: String, $before: Time) {
  group(fullPath: $org) {
    mergeRequests(first: $n, after: $after, includeSubgroups: true, state: opened, draft: false,
                  createdBefore: $before, sort: CREATED_ASC) {"""
    + _STALLED
    + """    }
  }
}
"""
)

PROJECT_STALLED: Final = (
    """
query($org: ID!, $n: Int!, $after: String, $before: Time) {
  project(fullPath: $org) {
    mergeRequests(first: $n, after: $after, state: opened, draft: false, createdBefore: $before,
                  sort: CREATED_ASC) {"""
    + _STALLED
    + """    }
  }
}
"""
)

_ISSUES: Final = """
      count
      pageInfo { hasNextPage endCursor }
      nodes {
        iid webPath type createdAt updatedAt closedAt
        author { username bot }
        labels(first: 20) { nodes { title } }
        milestone { id }
        %s
        notes(last: 20, filter: ONLY_ACTIVITY) {
          nodes { body author { username bot } systemNoteMetadata { action } }
        }
      }
"""
ITERATION: Final = "iteration { id }"


def issues_query(kind: str, iterations: bool) -> str:
    """Return the question for the issues that moved in a window; one edition alone knows iterations."""
    below = ", includeSubgroups: true" if kind == "group" else ""
    return (
        "query($org: ID!, $n: Int!, $after: String, $from: Time) {\n"
        f"  {kind}(fullPath: $org) {{\n"
        f"    issues(first: $n, after: $after, updatedAfter: $from{below}, sort: CREATED_ASC) {{"
        + _ISSUES % (ITERATION if iterations else "")
        + "    }\n  }\n}\n"
    )


REPLIES: Final = """
query($path: ID!, $n: Int!, $after: String, $from: Time) {
  project(fullPath: $path) {
    issues(first: $n, after: $after, createdAfter: $from, sort: CREATED_ASC) {
      pageInfo { hasNextPage endCursor }
      nodes {
        webPath
        notes(first: 100, filter: ONLY_COMMENTS) {
          pageInfo { hasNextPage } nodes { author { username bot } }
        }
      }
    }
  }
}
"""

ALL: Final[Mapping[str, str]] = {
    "changes": CHANGES,
    "project changes": PROJECT_CHANGES,
    "count": COUNT,
    "project count": PROJECT_COUNT,
    "stalled": STALLED,
    "project stalled": PROJECT_STALLED,
    "issues": issues_query("group", True),
    "project issues": issues_query("project", True),
    "replies": REPLIES,
}
"""Every question of this room by the name that citations and tests use."""
