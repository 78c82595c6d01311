"""The GraphQL questions about a window: changes, issues, boards, deployments, a hundred in each."""

from __future__ import annotations

from typing import Final

COUNT: Final = """
query($q: String!) { search(query: $q, type: ISSUE) { issueCount } }
"""

CHANGES: Final = """
query($q: String!, $n: Int!, $after: String) {
  search(query: $q, type: ISSUE, first: $n, after: $after) {
    issueCount
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename
      ... on PullRequest {
        id createdAt publishedAt mergedAt title
        repository { name owner { login } }
        author { __typename login }
        mergedBy { __typename login }
        labels(first: 10) { nodes { name } }
        commits(first: 1) { nodes { commit { authoredDate } } }
        reviews(first: 20) { totalCount nodes { state submittedAt author { __typename login } } }
      }
    }
  }
}
"""

STALLED: Final = """
query($q: String!, $n: Int!, $after: String) {
  search(query: $q, type: ISSUE, first: $n, after: $after) {
    issueCount
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename
      ... on PullRequest {
        id isDraft
        repository { name owner { login } }
        reviews(last: 1, states: [CHANGES_REQUESTED]) { nodes { submittedAt } }
      }
    }
  }
}
"""

ISSUES: Final = """
query($q: String!, $n: Int!, $after: String) {
  search(query: $q, type: ISSUE, first: $n, after: $after) {
    issueCount
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename
      ... on Issue {
        id createdAt updatedAt closedAt
        repository { name owner { login } }
        author { __typename login }
        labels(first: 20) { nodes { name } }
        milestone { id }
        projectItems(first: 1) { totalCount }
        timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) {
          nodes {
            ... on ClosedEvent {
              closer {
                __typename
                ... on PullRequest { merged author { __typename login } mergedBy { __typename login } }
              }
            }
          }
        }
      }
    }
  }
}
"""

REPLIES: Final = """
query($q: String!, $n: Int!, $after: String) {
  search(query: $q, type: ISSUE, first: $n, after: $after) {
    issueCount
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename
      ... on Issue {
        id updatedAt
        comments(first: 50) { totalCount nodes { author { __typename login } } }
      }
    }
  }
}
"""

BOARDS: Final = """
query($org: String!, $n: Int!, $after: String) {
  organization(login: $org) {
    projectsV2(first: $n, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        title updatedAt
        teams(first: 20) { totalCount nodes { slug } }
        repositories(first: 50) { totalCount nodes { name owner { login } } }
      }
    }
  }
}
"""

_DEPLOYMENT: Final = """
fragment Deployed on DeploymentConnection {
  totalCount
  pageInfo { hasNextPage endCursor }
  nodes {
    createdAt commitOid environment
    creator { __typename login }
    statuses(first: 20) { nodes { state createdAt } }
  }
}
"""

DEPLOYMENTS: Final = (
    """
query($ids: [ID!]!, $stages: [String!], $n: Int!) {
  nodes(ids: $ids) {
    __typename
    ... on Repository {
      id
      deployments(first: $n, environments: $stages, orderBy: {field: CREATED_AT, direction: DESC}) {
        ...Deployed
      }
    }
  }
}
"""
    + _DEPLOYMENT
)

MORE_DEPLOYMENTS: Final = (
    """
query($id: ID!, $stages: [String!], $n: Int!, $after: String) {
  node(id: $id) {
    ... on Repository {
      id
      deployments(
        first: $n, after: $after, environments: $stages, orderBy: {field: CREATED_AT, direction: DESC}
      ) { ...Deployed }
    }
  }
}
"""
    + _DEPLOYMENT
)

UPSTREAM: Final = """
query($q: String!, $n: Int!, $after: String) {
  search(query: $q, type: ISSUE, first: $n, after: $after) {
    issueCount
    pageInfo { hasNextPage endCursor }
    nodes {
      __typename
      ... on PullRequest {
        id title mergedAt
        author { __typename login }
        labels(first: 20) { nodes { name } }
        repository { name owner { __typename login } }
      }
    }
  }
}
"""

STATEMENT: Final = """
query($org: String!, $name: String!, $path: String!) {
  repository(owner: $org, name: $name) {
    viewerPermission
    defaultBranchRef {
      name
      branchProtectionRule { allowsForcePushes allowsDeletions }
      rules(first: 50) { totalCount nodes { type } }
      target {
        __typename
        ... on Commit {
          oid
          file(path: $path) { oid }
          history(first: 1, path: $path) {
            nodes { associatedPullRequests(first: 10) { nodes { ...Merged } } }
          }
        }
      }
    }
  }
}
fragment Merged on PullRequest {
  url merged baseRefName
  baseRepository { nameWithOwner }
  author { __typename login }
  mergeCommit { file(path: $path) { oid } }
  commits(first: 100) {
    totalCount
    nodes { commit { authors(first: 10) { totalCount nodes { user { login } } } } }
  }
  latestOpinionatedReviews(first: 50, writersOnly: true) {
    nodes { state author { __typename login } commit { file(path: $path) { oid } } }
  }
}
"""

ALL: Final = {
    "count": COUNT,
    "changes": CHANGES,
    "stalled": STALLED,
    "issues": ISSUES,
    "replies": REPLIES,
    "boards": BOARDS,
    "deployments": DEPLOYMENTS,
    "more deployments": MORE_DEPLOYMENTS,
    "upstream": UPSTREAM,
    "statement": STATEMENT,
}
"""Every query by the name that citations and tests use."""
