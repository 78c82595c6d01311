"""What the default branch effectively demands: rulesets and classic protection merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.facts import HIDDEN_RULES, Read, Rules, Unread
from cnmm_collectors.signals import Gap

_HIDDEN = Unread(Gap.NOT_PERMITTED, "branch rules are hidden; needs administration: read")


def merge_rules(
    branch: Mapping[str, Any],
    sees_classic: bool,
    hidden: Unread | None,
    cite: Evidence,
    unsure: Unread | None = None,
) -> Read[Rules] | Unread:
    """Return what both layers demand together.

    Any layer that was read can prove a demand; that there is none needs both. `sees_classic` says that an
    empty classic rule means none, `hidden` why part of the answer is missing, `unsure` why
    it is not known who asks.
    """
    listed = branch.get("rules")
    nodes = listed.get("nodes") if isinstance(listed, Mapping) else None
    rules = [one for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []
    classic = branch.get("branchProtectionRule")
    classic = classic if isinstance(classic, Mapping) else None
    whole = isinstance(nodes, list) and isinstance(listed, Mapping) and listed.get("totalCount") == len(rules)
    known = whole and hidden is None and (classic is not None or sees_classic)
    if not known and not rules and classic is None:
        return hidden or unsure or _HIDDEN
    types = {str(rule.get("type")) for rule in rules}
    strict = classic or {}
    return Read(
        Rules(
            refuses_force=_judge(
                "NON_FAST_FORWARD" in types or strict.get("allowsForcePushes") is False, known
            ),
            refuses_deletion=_judge("DELETION" in types or strict.get("allowsDeletions") is False, known),
            approvals=_judge(any(map(_approves, rules)) or _approves_classic(strict), known),
            checks=tuple(sorted({*_checks(rules), *_classic_checks(strict)})),
            checks_complete=known,
            why=hidden or unsure or HIDDEN_RULES,
            why_checks=hidden or unsure or HIDDEN_RULES,
        ),
        (cite,),
    )


def _judge(seen: bool, known: bool) -> bool | None:
    return True if seen else False if known else None


def _approves(rule: Mapping[str, Any]) -> bool:
    count = _parameters(rule).get("requiredApprovingReviewCount")
    return rule.get("type") == "PULL_REQUEST" and isinstance(count, int) and count >= 1


def _approves_classic(rule: Mapping[str, Any]) -> bool:
    count = rule.get("requiredApprovingReviewCount")
    return rule.get("requiresApprovingReviews") is True and isinstance(count, int) and count >= 1


def _checks(rules: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for rule in rules:
        parameters = _parameters(rule)
        for check in _rows(parameters.get("requiredStatusChecks")):
            yield str(check.get("context", ""))
        for tool in _rows(parameters.get("codeScanningTools")):
            yield f"code scanning: {tool.get('tool', '')}"


def _classic_checks(rule: Mapping[str, Any]) -> Iterable[str]:
    contexts = rule.get("requiredStatusCheckContexts")
    if rule.get("requiresStatusChecks") is True and isinstance(contexts, list):
        yield from (str(context) for context in contexts if context)


def _parameters(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    found = rule.get("parameters")
    return found if isinstance(found, Mapping) else {}


def _rows(value: Any) -> Iterable[Mapping[str, Any]]:
    return (row for row in value if isinstance(row, Mapping)) if isinstance(value, list) else ()
