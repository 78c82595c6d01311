"""The GraphQL questions, batched, so that nothing costs one request for each project.

What a signal needs is a part of its own: a role or a tier that is not shown it is not asked for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from cnmm_collectors.gitlab import window_queries

GROUPS: Final = """
query($org: ID!, $n: Int!, $after: String) {
  group(fullPath: $org) {
    descendantGroups(first: $n, after: $after, includeParentDescendants: true) {
      pageInfo { hasNextPage endCursor }
      nodes {
        fullPath visibility
        groupMembers(first: 100, relations: [DIRECT]) {
          pageInfo { hasNextPage endCursor }
          nodes { accessLevel { integerValue } user { username bot } }
        }
      }
    }
  }
}
"""

GROUP_MEMBERS: Final = """
query($path: ID!, $n: Int!, $after: String) {
  group(fullPath: $path) {
    groupMembers(first: $n, after: $after, relations: [DIRECT]) {
      pageInfo { hasNextPage endCursor }
      nodes { accessLevel { integerValue } user { username bot } }
    }
  }
}
"""

PROJECT_MEMBERS: Final = """
query($path: ID!, $n: Int!, $after: String) {
  project(fullPath: $path) {
    projectMembers(first: $n, after: $after, relations: [DIRECT]) {
      pageInfo { hasNextPage endCursor }
      nodes { user { username bot } }
    }
  }
}
"""

PARTS: Final[Mapping[str, str]] = {
    "rules": """
      branchRules(first: 20) {
        pageInfo { hasNextPage }
        nodes {
          name isDefault isProtected
          branchProtection { allowForcePush pushAccessLevels(first: 20) { nodes { accessLevel } } }
        }
      }""",
    "approvals": """
      demanded: branchRules(first: 20) {
        pageInfo { hasNextPage }
        nodes {
          name isDefault
          approvalRules(first: 20) { nodes { type approvalsRequired } }
          externalStatusChecks(first: 20) { nodes { name } }
        }
      }""",
    "policies": """
      approvalPolicies(first: 20) { nodes { name enabled } }""",
    "gate": """
      merged: mergeRequests(state: merged, first: 1, sort: MERGED_AT_DESC) {
        nodes {
          mergedAt targetBranch
          headPipeline { jobs(first: 100) { pageInfo { hasNextPage } nodes { name allowFailure status } } }
        }
      }""",
    "releases": """
      releases(first: 3, sort: RELEASED_AT_DESC) {
        nodes {
          tagName releasedAt
          assets { links(first: 50) { pageInfo { hasNextPage } nodes { name } } }
        }
      }""",
    "components": """
      componentUsages(first: 20) { nodes { lastUsedDate } }""",
    "open": """
      open: mergeRequests(state: opened) { count }""",
    "debt": """
      openDebt: issues(state: opened, or: {labelNames: $debt}) { count }
      allDebt: issues(or: {labelNames: $debt}) { count }""",
    "owners": """
      repository {
        empty
        blobs(paths: ["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"], ref: "HEAD") {
          nodes { path oid rawSize rawTextBlob }
        }
      }""",
    "validation": """
      validation: repository {
        inRoot: validateCodeownerFile(ref: "HEAD", path: "CODEOWNERS") {
          total validationErrors { code lines }
        }
        inDocs: validateCodeownerFile(ref: "HEAD", path: "docs/CODEOWNERS") {
          total validationErrors { code lines }
        }
        inGitlab: validateCodeownerFile(ref: "HEAD", path: ".gitlab/CODEOWNERS") {
          total validationErrors { code lines }
        }
      }""",
    "environments": """
      environments(first: 20) { pageInfo { hasNextPage } nodes { name } }""",
    "gates": """
      guarded: environments(first: 20) {
        nodes {
          name tier
          protectedEnvironments(first: 5) {
            nodes {
              requiredApprovalCount
              approvalRules(first: 10) {
                pageInfo { hasNextPage }
                nodes { requiredApprovals group { fullPath } accessLevel { integerValue } user { bot } }
              }
            }
          }
        }
      }""",
    "members": """
      projectMembers(first: 50, relations: [DIRECT]) {
        pageInfo { hasNextPage endCursor }
        nodes { user { username bot } }
      }""",
}
"""What is asked of a project beside what its row in the REST listing says."""


def projects_query(parts: Collection[str]) -> str:
    """Return the question for a page of an organisation's projects, with the parts that a host knows."""
    return _with_parts(
        """query($org: ID!, $n: Int!, $after: String%s) {
  group(fullPath: $org) {
    projects(first: $n, after: $after, includeSubgroups: true) {
      pageInfo { hasNextPage endCursor }
      nodes { fullPath %s }
    }
  }
}
""",
        parts,
    )


def project_query(parts: Collection[str]) -> str:
    """Return the question for a single project, with the parts that a host knows."""
    return _with_parts(
        """query($path: ID!%s) {
  project(fullPath: $path) { fullPath %s }
}
""",
        parts,
    )


def _with_parts(frame: str, parts: Collection[str]) -> str:
    chosen = "".join(PARTS[name] for name in PARTS if name in parts)
    return frame % (", $debt: [String!]" if "$debt" in chosen else "", chosen)


def pipelines_query(count: int) -> str:
    """Return the question for the pipelines of the default branches of a number of projects."""
    variables = ", ".join(f"$p{number}: ID!, $r{number}: String" for number in range(count))
    asked = "\n".join(
        f"  p{number}: project(fullPath: $p{number}) {{ pipelines(first: 20, ref: $r{number}, "
        "updatedAfter: $since) { pageInfo { hasNextPage } nodes { createdAt jobArtifacts { fileType } } } }"
        for number in range(count)
    )
    return f"query($since: Time, {variables}) {{\n{asked}\n}}\n"


def figures_query(count: int) -> str:
    """Return the question for the host's own figures of delivery of a number of projects."""
    variables = ", ".join(f"$p{number}: ID!" for number in range(count))
    asked = "\n".join(
        f"  p{number}: project(fullPath: $p{number}) {{ dora {{ metrics(startDate: $from, endDate: $to, "
        "interval: ALL) { leadTimeForChanges changeFailureRate } } }"
        for number in range(count)
    )
    return f"query($from: Date, $to: Date, {variables}) {{\n{asked}\n}}\n"


STREAMS: Final = """
query($org: ID!) {
  group(fullPath: $org) { valueStreams(first: 20) { nodes { name } } }
}
"""

VULNERABILITIES: Final = """
query($org: ID!, $n: Int!, $after: String) {
  group(fullPath: $org) {
    vulnerabilities(first: $n, after: $after, severity: [CRITICAL]) {
      pageInfo { hasNextPage endCursor }
      nodes { id state detectedAt resolvedAt dismissedAt dismissalReason reportType project { fullPath } }
    }
  }
}
"""

ASSISTANT: Final = """
query($org: ID!, $from: Date, $to: Date) {
  group(fullPath: $org) { aiMetrics(startDate: $from, endDate: $to) { duoUsedCount } }
}
"""

BRANCH_RULES: Final = """
query($path: ID!) {
  project(fullPath: $path) {
    branchRules(first: 100) {
      pageInfo { hasNextPage }
      nodes { name isDefault branchProtection { allowForcePush } }
    }
  }
}
"""

STATEMENT: Final = """
query($path: ID!, $iid: String!) {
  project(fullPath: $path) {
    mergeRequest(iid: $iid) {
      author { username bot }
      commits(first: 100) { pageInfo { hasNextPage } nodes { message author { username } } }
      committers(first: 100) { pageInfo { hasNextPage } nodes { username } }
      approvedBy(first: 20) { pageInfo { hasNextPage } nodes { id username bot } }
      notes(first: 100, filter: ONLY_ACTIVITY) {
        pageInfo { hasNextPage }
        nodes { createdAt author { username } systemNoteMetadata { action } }
      }
    }
  }
}
"""


def files_query(count: int) -> str:
    """Return the question what lies at one path at so many commits: `$r0`, `$r1`, ..."""
    variables = "".join(f", $r{number}: String!" for number in range(count))
    asked = "\n".join(
        f"      r{number}: blobs(paths: [$file], ref: $r{number}) {{ nodes {{ path oid }} }}"
        for number in range(count)
    )
    return (
        f"query($path: ID!, $file: String!{variables}) {{\n"
        f"  project(fullPath: $path) {{\n    repository {{\n{asked}\n    }}\n  }}\n}}\n"
    )


ALL: Final[Mapping[str, str]] = {
    "groups": GROUPS,
    "group members": GROUP_MEMBERS,
    "project members": PROJECT_MEMBERS,
    "vulnerabilities": VULNERABILITIES,
    "assistant": ASSISTANT,
    "value streams": STREAMS,
    "branch rules": BRANCH_RULES,
    "statement": STATEMENT,
    **window_queries.ALL,
}
