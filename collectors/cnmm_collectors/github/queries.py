"""The GraphQL questions: batched, so that nothing costs one request for each repository."""

from __future__ import annotations

from typing import Final

from cnmm_collectors.github import content_queries, window_queries

ORGANISATION: Final = """
query($org: String!) {
  organization(login: $org) {
    login databaseId url viewerCanAdminister requiresTwoFactorAuthentication
    repositories { totalCount }
    teams { totalCount }
    membersWithRole { totalCount }
    samlIdentityProvider { externalIdentities(membersOnly: true) { totalCount } }
    defaults: repository(name: ".github") { contributingGuidelines { url body } }
  }
}
"""

_REPOSITORY: Final = """
fragment Described on Repository {
  id name url isArchived archivedAt isFork isTemplate isDisabled isEmpty visibility viewerPermission
  hasVulnerabilityAlertsEnabled
  defaultBranchRef {
    name
    target { __typename oid ... on Commit { tree { oid } } }
    branchProtectionRule { ...Classic }
    rules(first: 50) {
      totalCount
      nodes {
        type
        parameters {
          __typename
          ... on PullRequestParameters { requiredApprovingReviewCount }
          ... on RequiredStatusChecksParameters { requiredStatusChecks { context } }
          ... on CodeScanningParameters { codeScanningTools { tool } }
        }
      }
    }
  }
  tip: object(expression: "HEAD:") { __typename }
  codeowners { errors { kind line } }
  contributingGuidelines { url }
  inGithub: object(expression: "HEAD:.github/CODEOWNERS") { ...Owners }
  inRoot: object(expression: "HEAD:CODEOWNERS") { ...Owners }
  inDocs: object(expression: "HEAD:docs/CODEOWNERS") { ...Owners }
  environments(first: 20) { totalCount nodes { id name } }
  collaborators(affiliation: DIRECT, first: 50) { totalCount nodes { login } }
  openChanges: pullRequests(states: OPEN) { totalCount }
  openDebt: issues(states: OPEN, labels: $debt) { totalCount }
  allDebt: issues(labels: $debt) { totalCount }
  latestRelease { tagName publishedAt releaseAssets(first: 100) { totalCount nodes { name } } }
  merged: pullRequests(states: MERGED, first: 3, orderBy: {field: UPDATED_AT, direction: DESC}) {
    totalCount
    nodes { mergedAt baseRefName commits(last: 1) { nodes { commit { ...Checked } } } }
  }
}
fragment Checked on Commit {
  statusCheckRollup {
    contexts(first: 50) {
      totalCount
      nodes {
        __typename
        ... on CheckRun { name conclusion }
        ... on StatusContext { context state }
      }
    }
  }
}
fragment Classic on BranchProtectionRule {
  allowsForcePushes allowsDeletions requiresApprovingReviews requiredApprovingReviewCount
  requiresStatusChecks requiredStatusCheckContexts
}
fragment Owners on Blob { oid isTruncated text }
"""

INVENTORY: Final = (
    """
query($org: String!, $n: Int!, $after: String, $debt: [String!]) {
  organization(login: $org) {
    repositories(first: $n, after: $after, orderBy: {field: NAME, direction: ASC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Described }
    }
  }
}
"""
    + _REPOSITORY
)

REPOSITORY: Final = (
    """
query($org: String!, $name: String!, $debt: [String!]) {
  repository(owner: $org, name: $name) { ...Described }
}
"""
    + _REPOSITORY
)

TEAMS: Final = """
query($org: String!, $n: Int!, $after: String) {
  organization(login: $org) {
    teams(first: $n, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        slug privacy url
        parentTeam { slug }
        members(first: 100, membership: IMMEDIATE) {
          totalCount
          pageInfo { hasNextPage endCursor }
          nodes { login }
        }
        repositories(first: 100) {
          totalCount
          pageInfo { hasNextPage endCursor }
          edges { permission node { name owner { login } } }
        }
      }
    }
  }
}
"""

TEAM_REPOSITORIES: Final = """
query($org: String!, $slug: String!, $n: Int!, $after: String) {
  organization(login: $org) {
    team(slug: $slug) {
      repositories(first: $n, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        edges { permission node { name owner { login } } }
      }
    }
  }
}
"""

TEAM_MEMBERS: Final = """
query($org: String!, $slug: String!, $n: Int!, $after: String) {
  organization(login: $org) {
    team(slug: $slug) {
      members(first: $n, after: $after, membership: IMMEDIATE) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { login }
      }
    }
  }
}
"""

ENVIRONMENTS: Final = """
query($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on Environment {
      id name
      protectionRules(first: 10) {
        totalCount
        nodes { type reviewers(first: 10) { totalCount nodes { __typename ... on Team { slug } } } }
      }
    }
  }
}
"""

PLACES: Final = """
query($a: [ID!]!, $b: [ID!]!, $c: [ID!]!, $d: [ID!]!, $e: [ID!]!) {
  a: nodes(ids: $a) { ...place }
  b: nodes(ids: $b) { ...place }
  c: nodes(ids: $c) { ...place }
  d: nodes(ids: $d) { ...place }
  e: nodes(ids: $e) { ...place }
}
fragment place on Node { __typename ... on Repository { nameWithOwner } }
"""
"""Five lists, since one takes no more than a hundred ids."""

ALL: Final = {
    "organisation": ORGANISATION,
    "inventory": INVENTORY,
    "repository": REPOSITORY,
    "teams": TEAMS,
    "team repositories": TEAM_REPOSITORIES,
    "team members": TEAM_MEMBERS,
    "environments": ENVIRONMENTS,
    "places": PLACES,
    **window_queries.ALL,
    **content_queries.ALL,
}
"""Every query by the name that citations and tests use."""
