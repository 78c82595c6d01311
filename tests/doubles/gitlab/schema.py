"""The part of the host's GraphQL schema that is asked for, of the Community and of the Enterprise Edition."""

from __future__ import annotations

from functools import cache

from graphql import GraphQLSchema, build_schema

_CONNECTION = "type {0}Connection {{ nodes: [{0}] pageInfo: PageInfo! count: Int }}"
_NAMES = (
    "Group", "GroupMember", "MemberInterface", "MergeRequestReviewer", "Project", "BranchRule", "PushAccessLevel", "MergeRequest", "UserCore",
    "Note", "Issue", "Label", "Commit", "CiJob", "RepositoryBlob", "Environment", "Pipeline", "ApprovalProjectRule", "ExternalStatusCheck",
    "ApprovalPolicy", "ProtectedEnvironment", "ProtectedEnvironmentApprovalRule", "Vulnerability",
    "Release", "ReleaseAssetLink", "ValueStream", "CiCatalogResourceComponentUsage",
)  # fmt: skip
_ENTERPRISE = (
    "ApprovalProjectRule", "ExternalStatusCheck", "ApprovalPolicy", "ProtectedEnvironment",
    "ProtectedEnvironmentApprovalRule", "Vulnerability", "CiCatalogResourceComponentUsage",
)  # fmt: skip
_PAGE = "first: Int, after: String, last: Int, before: String"
_MERGE_REQUESTS = (
    f"mergeRequests({_PAGE}, state: MergeRequestState, mergedAfter: Time, mergedBefore: Time, draft: Boolean,"
    " createdBefore: Time, sort: MergeRequestSort%s): MergeRequestConnection"
)

_COMMON = f"""
scalar Time
scalar Date
enum GroupMemberRelation {{ DIRECT INHERITED DESCENDANTS }}
enum ProjectMemberRelation {{ DIRECT INHERITED DESCENDANTS }}
enum MergeRequestState {{ merged opened closed all }}
enum MergeRequestSort {{ MERGED_AT_DESC CREATED_ASC }}
enum IssueSort {{ CREATED_ASC }}
enum IssuableState {{ opened closed all }}
input UnionedIssueFilterInput {{ labelNames: [String!] }}
type Label {{ title: String! }}
type Milestone {{ id: ID! }}
type Commit {{ authoredDate: Time message: String author: UserCore }}
enum NotesFilterType {{ ALL_NOTES ONLY_COMMENTS ONLY_ACTIVITY }}
type Query {{ group(fullPath: ID!): Group project(fullPath: ID!): Project }}
type PageInfo {{ hasNextPage: Boolean! endCursor: String }}
type AccessLevel {{ integerValue: Int }}
type UserCore {{ id: ID! username: String! bot: Boolean! }}
type MergeRequestAuthor {{ username: String! bot: Boolean! }}
type MergeRequestReviewer {{
  username: String! bot: Boolean! mergeRequestInteraction: UserMergeRequestInteraction
}}
type UserMergeRequestInteraction {{ reviewed: Boolean! reviewState: String }}
type GroupMember {{ accessLevel: AccessLevel user: UserCore }}
type MemberInterface {{ accessLevel: AccessLevel user: UserCore }}
type PushAccessLevel {{ accessLevel: Int! }}
type BranchProtection {{ allowForcePush: Boolean! pushAccessLevels({_PAGE}): PushAccessLevelConnection }}
type SystemNoteMetadata {{ action: String }}
type Note {{ body: String! createdAt: Time! author: UserCore systemNoteMetadata: SystemNoteMetadata }}
enum CiJobStatus {{ SUCCESS FAILED SKIPPED CANCELED MANUAL RUNNING }}
enum ReleaseSort {{ RELEASED_AT_DESC RELEASED_AT_ASC CREATED_DESC CREATED_ASC }}
type CiJob {{ name: String allowFailure: Boolean! status: CiJobStatus }}
type Release {{ tagName: String releasedAt: Time assets: ReleaseAssets }}
type ReleaseAssets {{ links({_PAGE}): ReleaseAssetLinkConnection }}
type ReleaseAssetLink {{ name: String }}
type ValueStream {{ name: String! }}
type CiJobArtifact {{ fileType: String }}
type Pipeline {{ createdAt: Time! jobArtifacts: [CiJobArtifact!] jobs({_PAGE}): CiJobConnection }}
type RepositoryBlob {{ path: String! oid: String! rawSize: Int rawTextBlob: String }}
type MergeRequest {{
  iid: String! title: String! createdAt: Time! preparedAt: Time mergedAt: Time targetBranch: String! project: Project!
  author: MergeRequestAuthor
  mergeUser: UserCore labels({_PAGE}): LabelConnection commits({_PAGE}): CommitConnection
  approvedBy({_PAGE}): UserCoreConnection committers({_PAGE}): UserCoreConnection
  reviewers({_PAGE}): MergeRequestReviewerConnection
  notes({_PAGE}, filter: NotesFilterType): NoteConnection headPipeline: Pipeline
}}
"""
_ISSUES = (
    f"issues({_PAGE}, state: IssuableState, updatedAfter: Time, createdAfter: Time, sort: IssueSort,"
    " or: UnionedIssueFilterInput%s): IssueConnection"
)
_FREE = f"""
type Issue {{
  iid: String! webPath: String! type: String createdAt: Time! updatedAt: Time! closedAt: Time author: UserCore
  labels({_PAGE}): LabelConnection milestone: Milestone notes({_PAGE}, filter: NotesFilterType): NoteConnection %s
}}
type BranchRule {{ name: String! isDefault: Boolean! isProtected: Boolean! branchProtection: BranchProtection %s }}
type Repository {{ empty: Boolean! blobs(paths: [String!]!, ref: String, {_PAGE}): RepositoryBlobConnection %s }}
type Environment {{ name: String! tier: String %s }}
type Group {{
  fullPath: ID! visibility: String groupMembers({_PAGE}, relations: [GroupMemberRelation!]): GroupMemberConnection
  descendantGroups({_PAGE}, includeParentDescendants: Boolean): GroupConnection
  projects({_PAGE}, includeSubgroups: Boolean): ProjectConnection
  valueStreams({_PAGE}): ValueStreamConnection
  {_MERGE_REQUESTS % ", includeSubgroups: Boolean"} {_ISSUES % ", includeSubgroups: Boolean"} %s
}}
type Project {{
  fullPath: ID! mergeRequest(iid: String!): MergeRequest
  branchRules({_PAGE}): BranchRuleConnection repository: Repository
  environments({_PAGE}): EnvironmentConnection projectMembers({_PAGE}, relations: [ProjectMemberRelation!]): MemberInterfaceConnection
  pipelines({_PAGE}, ref: String, updatedAfter: Time): PipelineConnection
  releases({_PAGE}, sort: ReleaseSort): ReleaseConnection
  {_MERGE_REQUESTS % ""} {_ISSUES % ""} %s
}}
"""
_ADDED = (
    "iteration: Iteration",
    f"approvalRules({_PAGE}): ApprovalProjectRuleConnection externalStatusChecks({_PAGE}): ExternalStatusCheckConnection",
    "validateCodeownerFile(ref: String!, path: String): RepositoryCodeownerValidation",
    f"protectedEnvironments({_PAGE}): ProtectedEnvironmentConnection",
    f"vulnerabilities({_PAGE}, severity: [VulnerabilitySeverity!]): VulnerabilityConnection"
    " aiMetrics(startDate: Date, endDate: Date): AiMetrics",
    f"approvalPolicies({_PAGE}): ApprovalPolicyConnection dora: Dora"
    f" componentUsages({_PAGE}): CiCatalogResourceComponentUsageConnection",
)
_OWN = f"""
type Iteration {{ id: ID! }}
enum VulnerabilitySeverity {{ CRITICAL HIGH MEDIUM LOW }}
enum DoraMetricBucketingInterval {{ ALL MONTHLY DAILY }}
type Dora {{ metrics(startDate: Date, endDate: Date, interval: DoraMetricBucketingInterval): [DoraMetric!] }}
type DoraMetric {{ leadTimeForChanges: Float changeFailureRate: Float }}
type CiCatalogResourceComponentUsage {{ lastUsedDate: Date }}
type AiMetrics {{ duoUsedCount: Int }}
type ApprovalProjectRule {{ type: String approvalsRequired: Int }}
type ExternalStatusCheck {{ name: String! }}
type ApprovalPolicy {{ name: String! enabled: Boolean! }}
type RepositoryCodeownerValidation {{ total: Int! validationErrors: [RepositoryCodeownerError!] }}
type RepositoryCodeownerError {{ code: String! lines: [Int!]! }}
type ProtectedEnvironment {{
  requiredApprovalCount: Int approvalRules({_PAGE}): ProtectedEnvironmentApprovalRuleConnection
}}
type ProtectedEnvironmentApprovalRule {{
  requiredApprovals: Int group: Group accessLevel: AccessLevel user: UserCore
}}
type Vulnerability {{
  id: ID! state: String detectedAt: Time resolvedAt: Time dismissedAt: Time dismissalReason: String
  reportType: String project: Project
}}
"""


@cache
def schema(enterprise: bool) -> GraphQLSchema:
    """Return the schema of an edition: what the other lacks, it refuses as unknown."""
    names = [name for name in _NAMES if enterprise or name not in _ENTERPRISE]
    own = _FREE % (_ADDED if enterprise else ("",) * len(_ADDED))
    parts = (_COMMON, own, _OWN if enterprise else "", *(_CONNECTION.format(name) for name in names))
    return build_schema("\n".join(parts))
