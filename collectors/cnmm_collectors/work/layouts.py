"""The tables that exports of work may be: which columns are read of them, and nothing else ever is.

Titles, descriptions and comments of tickets are in no list. `handler` is read to tell how many people
answered, as pseudonyms that end with the run.
"""

from __future__ import annotations

from cnmm_collectors.tables.headers import Layout

_SHARED = frozenset({"labels", "iteration", "change_link"})


def _layout(name: str, needs: str, more: str = "") -> Layout:
    groups = tuple(frozenset(group.split("|")) for group in needs.split())
    return Layout(name, frozenset(more.split()).union(*groups), groups, _SHARED)


ITEMS = _layout(
    "tickets",
    "work_item created_at work_type|labels|iteration",
    "moved_at closed_at work_team work_area work_project requester_team handler change_link",
)
DEPLOYMENTS = _layout("deployments", "component deployed_at", "environment first_commit_at failed")
REVIEWS = _layout("access reviews", "review reviewed_on", "review_status")
WIKI = _layout("wiki pages", "page_title page_modified")
USAGE = _layout("assistant usage", "assistant usage_day active_users")
PAGES = _layout("pages", "page paged_at rota")

LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "work": (ITEMS, DEPLOYMENTS, REVIEWS, WIKI, USAGE),
    "oncall": (PAGES,),
}
