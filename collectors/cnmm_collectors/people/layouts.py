"""The tables each kind of source may be: which fields are read of it, and nothing else ever is."""

from __future__ import annotations

from cnmm_collectors.people.constructs import item_of
from cnmm_collectors.tables.headers import Layout

_KEYS = frozenset({"employee_id", "email", "login"})


def _layout(name: str, needs: tuple[str, ...], more: str = "", keyed: bool = True) -> Layout:
    groups = tuple(frozenset(group.split("|")) for group in needs)
    fields = frozenset(more.split()).union(*groups) | (_KEYS if keyed else frozenset())
    return Layout(name, fields, (*((_KEYS,) if keyed else ()), *groups))


ROSTER = _layout(
    "people",
    ("role_title|team|tech_lead|population",),
    "level department manager is_manager employment_status exit_month hired_on population champion tech_lead"
    " area task team_type mentor plan_reviewed role_profile expert_group uses_ai",
)
COMPLETIONS = _layout(
    "completions",
    ("course|course_code", "state|completed_on|progress"),
    "provider topic is_lab",
)
SKILLS = _layout("skills", ("skill_level", "assessed_by"), "assessed_on")
SESSIONS = _layout("sessions", ("team", "session_title", "held_on"), keyed=False)
CERTIFICATES = _layout(
    "certificates", ("certification", "issued_on"), "expires_on issuer credential_id cert_status"
)
AGGREGATES = _layout(
    "aggregates", ("item", "mean", "n"), "survey group sd invited scale_max submitted_on", keyed=False
)
ANSWERS = _layout("answers", ("item", "value"), "survey respondent group submitted_on scale_max", keyed=False)
_WIDE = frozenset({"respondent", "group", "submitted_on", "survey"})
FORMS = Layout("forms", _WIDE, (frozenset({"items"}),), frozenset({"items"}), item_of)
OPENINGS = _layout("openings", ("opening", "opened_on"), "team description opening_status", keyed=False)
VENDORS = _layout("vendors", (), "exit_month employment_status")
SERVICES = _layout("services", ("account_owner",), "exit_month employment_status")
DIRECTORY = _layout("directory", ("account_group",), "exit_month employment_status")

LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "roster": (ROSTER,),
    "training": (COMPLETIONS, SKILLS, SESSIONS),
    "certifications": (CERTIFICATES,),
    "survey": (AGGREGATES, ANSWERS, FORMS),
    "openings": (OPENINGS,),
    "vendors": (VENDORS,),
    "services": (SERVICES,),
    "directory": (DIRECTORY,),
}
