"""What the default branch of a project effectively demands: protected branches and approval rules merged.

The host refuses that anybody deletes a default branch, so that half needs no rule. A rule of approval binds
only where nobody may push past it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cnmm_collectors.gitlab.details import Detail
from cnmm_collectors.gitlab.projects import Row
from cnmm_collectors.gitlab.rights import Role, Sight, Tier
from cnmm_collectors.hosts.facts import Read, Rules, Unread
from cnmm_collectors.signals import Gap

_EVERY = ("ALL_PROTECTED_BRANCHES", "All branches", "All protected branches")
_OF_EVERY_CHANGE = ("ANY_APPROVER", "REGULAR")
"""Rules that bind every change; others bind what touches a path, or what a scanner found."""
_OTHER_JOBS = Unread(
    Gap.NOT_COLLECTED, "no change was merged yet: which jobs its pipeline must pass is not shown"
)
_PUSHERS = Unread(Gap.NOT_VISIBLE, "who may push past the approval is hidden")
_SKIPPED = Unread(Gap.NOT_COLLECTED, "the pipeline has more jobs than were listed")


def read_rules(sight: Sight, row: Row, detail: Detail, role: Role) -> Read[Rules] | Unread:
    """Return what the branch demands; what this role or tier hides is None, with its reason."""
    listed = detail.part("rules", "branchRules")
    if isinstance(listed, Unread):
        return listed
    nodes, whole = nodes_of(listed)
    if nodes is None:
        return Unread(Gap.NOT_PERMITTED, "branch rules are hidden; needs Maintainer")
    branch = str(row.data.get("default_branch") or "")
    matching = [one for one in nodes if matches(one, branch)]
    hidden = sight.lacking(role, Role.MAINTAINER, "branch rules")
    hidden = hidden or (None if whole else Unread(Gap.NOT_COLLECTED, "more branch rules than were listed"))
    protected = [one for one in matching if isinstance(one.get("branchProtection"), Mapping)]
    force = refuses_force(protected, hidden is None)
    approvals, why = _approvals(sight, detail, branch, protected, hidden)
    checks, why_checks = _checks(sight, row, detail)
    return Read(
        Rules(
            refuses_force=force, refuses_deletion=True, approvals=approvals, checks=checks,
            checks_complete=why_checks is None, why=(hidden if force is None else None) or why or _WHOLE,
            why_checks=why_checks or _WHOLE,
        ),
        (row.cite,),
    )  # fmt: skip


_WHOLE = Unread(Gap.NOT_COLLECTED, "nothing is hidden")


def refuses_force(protected: Sequence[Mapping[str, Any]], known: bool) -> bool | None:
    """Return whether protected branches refuse a forced push; None where a rule may be hidden."""
    # One rule that allows it is enough for the host.
    allowed = [one["branchProtection"].get("allowForcePush") for one in protected]
    if True in allowed:
        return False
    if allowed and None not in allowed:
        return True if known else None
    return False if known and not protected else None


def _approvals(
    sight: Sight, detail: Detail, branch: str, protected: Sequence[Mapping[str, Any]], hidden: Unread | None
) -> tuple[bool | None, Unread | None]:
    """Return whether a change needs an approval, or None with the reason."""
    lacking = sight.subscription.lacking(Tier.PREMIUM, "rules of approval")
    listed = detail.part("approvals", "demanded")
    nodes, whole = (None, False) if isinstance(listed, Unread) else nodes_of(listed)
    binding = [one for one in nodes or () if matches(one, branch) or one.get("name") in _EVERY]
    required = [
        rule.get("approvalsRequired")
        for one in binding
        for rule in _rows(one.get("approvalRules"))
        if rule.get("type") in _OF_EVERY_CHANGE
    ]
    # A rule that is hidden may keep everybody from pushing past the approval.
    past = _pushed_past(protected) if protected or hidden is None else None
    if any(isinstance(count, int) and count >= 1 for count in required):
        return (None, hidden or _PUSHERS) if past is None else (not past, hidden)
    if lacking is not None:
        return None, lacking
    if isinstance(listed, Unread):
        return None, listed
    whole = whole and not any(_withholds(one.get("approvalRules")) for one in binding)
    if hidden is not None or nodes is None or not whole:
        return None, hidden or Unread(Gap.NOT_PERMITTED, "rules of approval are hidden; needs Maintainer")
    return _by_policy(sight, detail, bool(required))


def _by_policy(sight: Sight, detail: Detail, seen: bool) -> tuple[bool | None, Unread | None]:
    """Return False where no policy demands what no rule does; a policy's own demand is not read."""
    if sight.subscription.has(Tier.ULTIMATE) is False:
        return False, None
    policies = detail.part("policies", "approvalPolicies")
    if isinstance(policies, Unread):
        return None, policies
    on = [one for one in _rows(policies) if one.get("enabled") is True]
    if isinstance(policies, Mapping) and not on and not _withholds(policies):
        return False, None
    return None, Unread(Gap.NOT_COLLECTED, "a security policy may demand approvals; its rules are not read")


def _pushed_past(protected: Sequence[Mapping[str, Any]]) -> bool | None:
    """Return whether somebody may push without a change; None where that is hidden."""
    if not protected:
        return True
    levels = [
        level.get("accessLevel")
        for one in protected
        for level in _rows(one["branchProtection"].get("pushAccessLevels"))
    ]
    lists = [_listed(one) for one in protected]
    if not all(isinstance(one, list) and all(isinstance(each, Mapping) for each in one) for one in lists):
        return None if not any(isinstance(level, int) and level > 0 for level in levels) else True
    return any(isinstance(level, int) and level > 0 for level in levels)


def _listed(rule: Mapping[str, Any]) -> Any:
    found = rule["branchProtection"].get("pushAccessLevels")
    return found.get("nodes") if isinstance(found, Mapping) else None


def _checks(sight: Sight, row: Row, detail: Detail) -> tuple[tuple[str, ...], Unread | None]:
    """Return the names of the checks a change must pass, and why there may be more."""
    names: set[str] = set()
    why: Unread | None = None
    if row.data.get("only_allow_merge_if_all_status_checks_passed") is True:
        listed = detail.part("approvals", "demanded")
        nodes, _ = (None, False) if isinstance(listed, Unread) else nodes_of(listed)
        if any(_withholds(one.get("externalStatusChecks")) for one in nodes or ()):
            why = Unread(Gap.NOT_VISIBLE, "a status check is withheld")
        names |= {
            str(check.get("name", ""))
            for one in nodes or ()
            for check in _rows(one.get("externalStatusChecks"))
        }
    required = row.data.get("only_allow_merge_if_pipeline_succeeds")
    if not isinstance(required, bool):
        return tuple(sorted(names)), Unread(Gap.NOT_PERMITTED, "the setting is hidden; needs Reporter")
    if required:
        jobs, more = _blocking(detail)
        names, why = names | jobs, why or more
    return tuple(sorted(names)), why


def jobs_of(detail: Detail) -> tuple[str, ...]:
    """Return the names of the jobs that ran for the newest merged change, as far as they are shown."""
    merged = detail.part("gate", "merged")
    nodes = [] if isinstance(merged, Unread) else nodes_of(merged)[0] or []
    pipeline = nodes[0].get("headPipeline") if nodes else None
    jobs = _rows(pipeline.get("jobs")) if isinstance(pipeline, Mapping) else ()
    return tuple(str(job.get("name", "")).lower() for job in jobs)


def _blocking(detail: Detail) -> tuple[set[str], Unread | None]:
    """Return the jobs that may not fail in the pipeline of the newest merged change."""
    merged = detail.part("gate", "merged")
    if isinstance(merged, Unread):
        return set(), merged
    nodes, _ = nodes_of(merged)
    if nodes is None:
        return set(), Unread(Gap.NOT_PERMITTED, "changes are hidden; needs Reporter")
    pipeline = nodes[0].get("headPipeline") if nodes else None
    if not isinstance(pipeline, Mapping):
        return set(), _OTHER_JOBS
    jobs, whole = nodes_of(pipeline.get("jobs"))
    if jobs is None:
        return set(), Unread(Gap.NOT_PERMITTED, "the jobs of pipelines are hidden; needs Reporter")
    names = {str(job.get("name", "")) for job in jobs if job.get("allowFailure") is False}
    return names, None if whole else _SKIPPED


def matches(rule: Mapping[str, Any], branch: str) -> bool:
    """True for a rule that binds the branch: by name, by pattern, or as the default one."""
    name = rule.get("name")
    if rule.get("isDefault") is True or name == branch:
        return True
    if not isinstance(name, str) or "*" not in name:
        return False
    return re.fullmatch(".*".join(map(re.escape, name.split("*"))), branch) is not None


def nodes_of(connection: Any) -> tuple[list[Mapping[str, Any]] | None, bool]:
    """Return the nodes of a connection and whether they are all, None where it is hidden."""
    if not isinstance(connection, Mapping) or not isinstance(connection.get("nodes"), list):
        return None, False
    nodes = [one for one in connection["nodes"] if isinstance(one, Mapping)]
    info = connection.get("pageInfo")
    more = isinstance(info, Mapping) and info.get("hasNextPage") is True
    return nodes, not more and len(nodes) == len(connection["nodes"])


def _withholds(connection: Any) -> bool:
    """True where a list is shown and a row of it is not."""
    nodes, _ = nodes_of(connection)
    return nodes is not None and len(nodes) < len(connection["nodes"])


def _rows(connection: Any) -> Iterable[Mapping[str, Any]]:
    return nodes_of(connection)[0] or ()
