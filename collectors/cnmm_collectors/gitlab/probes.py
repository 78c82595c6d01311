"""What a credential may read and what is subscribed to, by one call for each group; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.gitlab.inventory import Unseen, read_group
from cnmm_collectors.gitlab.rights import Role, Sight, Tier, raised, read_sight
from cnmm_collectors.hosts.facts import Unread
from cnmm_collectors.hosts.support import Need
from cnmm_collectors.plugin import Probe

_USAGE = "usage of components"
_TABLE: tuple[tuple[str, Role, Tier, tuple[str, ...]], ...] = (
    ("projects and groups", Role.GUEST, Tier.FREE,
     ("host.team_repo_ratio", "host.direct_grant_ratio", "host.internal_visibility_ratio",
      "host.archived_count_12m")),
    ("changes and reviews", Role.REPORTER, Tier.FREE,
     ("host.review_coverage_ratio", "host.cross_team_review_ratio", "host.external_approval_ratio",
      "host.stalled_review_ratio", "host.two_person_component_ratio")),
    ("reports of scanners in pipelines", Role.REPORTER, Tier.FREE,
     ("host.secret_scanning_ratio", "host.dependency_alert_ratio", "host.code_scanning_ratio")),
    ("jobs of merged changes", Role.REPORTER, Tier.FREE, ("host.security_check_run_ratio",)),
    ("releases", Role.REPORTER, Tier.FREE,
     ("host.release_provenance_ratio", "host.release_sbom_ratio")),
    ("reports of scanned images", Role.REPORTER, Tier.FREE, ("ci.image_scan_ratio", "ci.sbom_ratio")),
    ("issues, milestones and iterations", Role.GUEST, Tier.FREE,
     ("host.iteration_team_ratio", "host.debt_managed_ratio", "host.platform_interaction_team_ratio",
      "host.request_ticket_rate", "host.request_resolution_hours_p50", "host.unplanned_work_ratio",
      "host.retro_action_closed_ratio", "host.support_reply_concentration")),
    ("deployments", Role.REPORTER, Tier.FREE,
     ("host.owner_team_deploy_ratio", "host.change_lead_time_hours_p50", "host.change_fail_ratio")),
    ("protected branches", Role.MAINTAINER, Tier.FREE,
     ("host.branch_protection_ratio", "host.required_security_check_ratio")),
    ("rules of approval", Role.MAINTAINER, Tier.PREMIUM, ("host.branch_protection_ratio",)),
    ("owners that must approve", Role.REPORTER, Tier.PREMIUM, ("codeowners.valid_owner_ratio",)),
    ("protected environments", Role.MAINTAINER, Tier.PREMIUM, ("host.env_external_approval_ratio",)),
    ("push rules", Role.MAINTAINER, Tier.PREMIUM, ("host.push_protection_ratio",)),
    ("secret push protection", Role.DEVELOPER, Tier.ULTIMATE, ("host.push_protection_ratio",)),
    ("list of vulnerabilities", Role.DEVELOPER, Tier.ULTIMATE,
     ("host.critical_alert_fixed_ratio", "host.alert_fixed_by_owner_ratio")),
    ("second factor", Role.GUEST, Tier.FREE, ("host.mfa_enforced",)),
    ("sign-in to a host of your own", Role.ADMINISTRATOR, Tier.FREE, ("host.sso_enforced",)),
    ("linked identities", Role.OWNER, Tier.PREMIUM, ("host.sso_linked_member_ratio",)),
    (_USAGE, Role.MAINTAINER, Tier.PREMIUM, ("ci.shared_workflow_ratio",)),
    ("value streams", Role.REPORTER, Tier.PREMIUM, ("host.value_stream_defined",)),
    ("figures of delivery, cited beside", Role.REPORTER, Tier.ULTIMATE, ()),
    ("usage of the assistant", Role.OWNER, Tier.PREMIUM, ("host.ai_assistant_in_use",)),
)  # fmt: skip
SUPPORT = tuple(Need(group, role.name.title(), int(tier), signals) for group, role, tier, signals in _TABLE)
"""What each group of signals takes: the least role, and the least tier."""


def probe_all(client: Client, path: str) -> Iterator[Probe]:
    """Yield one answer for each group of signals; raises HttpFault where there is nothing to read as."""
    signals = tuple(dict.fromkeys(signal for *_, signals in _TABLE for signal in signals))
    try:
        read_group(client, path)
    except Unseen as fault:
        told = fault.outcome
        yield Probe("group", signals, False, told.detail, told.needs or "read_api", told.gap)
        return
    sight = read_sight(client, path)
    rows, _ = client.get(path_of("groups", path, "projects"), include_subgroups="true", per_page=1)
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            sight = replace(sight, subscription=raised(sight.subscription, row))
    yield Probe(f"subscription: {_tier(sight)}", (), True)
    yield Probe(f"role in the group: {sight.role.name.title()}", (), True)
    for name, role, tier, answered in _TABLE:
        yield _probe(sight, name, role, tier, answered)


def _tier(sight: Sight) -> str:
    known = sight.subscription
    if known.least is known.most:
        return f"{known.least.name.title()} ({known.says})"
    return f"{known.least.name.title()} or more ({known.says})"


def _probe(sight: Sight, name: str, role: Role, tier: Tier, answered: tuple[str, ...]) -> Probe:
    lacking: Unread | None = sight.subscription.lacking(tier, name)
    if lacking is None and name == _USAGE:
        lacking = sight.left().get("components")
    if lacking is None:
        lacking = sight.lacking(sight.role, role, name)
    if lacking is None:
        return Probe(name, answered, True)
    least = role.name.title() if tier is Tier.FREE else f"{role.name.title()} with {tier.name.title()}"
    said = lacking.detail.removeprefix(f"{name}: ").partition("; needs")[0]
    return Probe(name, answered, False, said, least, lacking.gap)
