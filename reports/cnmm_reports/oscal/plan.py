"""The assessment plan: every row as an objective with its method, the subjects, the tool and the period."""

from __future__ import annotations

from typing import Any

from cnmm_reports.oscal.terms import (
    OSCAL_VERSION,
    TOOL,
    Record,
    identify,
    instant,
    markup,
    method_of,
    organisation_of,
    prop,
    reviewed,
    string,
    token,
)
from cnmm_reports.view import CriterionText, ReportView

_ACTIVITIES = {
    "TEST": "Read what machines record and compare its range with the threshold of the row.",
    "EXAMINE": "Examine an artefact that somebody signed for: its digest, date, owner and reviewer.",
    "INTERVIEW": "Ask a group and use the published mean alone.",
}


def write_plan(view: ReportView) -> Record:
    """Return the body of the assessment plan of a view."""
    document = view.assessment
    catalogue, period = document["catalogue"], document["period"]
    root = identify(
        "plan", document["organisation"], document["as_of"], period["from"], period["to"],
        catalogue["id"], catalogue["version"], *catalogue["deviations"],
    )  # fmt: skip
    system = identify(root, "system")
    plan: Record = {
        "uuid": root,
        "metadata": _metadata(view),
        "import-ssp": {
            "href": f"#{system}",
            "remarks": markup("There is no system security plan to import."),
        },
        "local-definitions": {
            "objectives-and-methods": [_objective(text) for text in view.texts.values()],
            "activities": [_activity(name, words) for name, words in _ACTIVITIES.items()],
        },
        "reviewed-controls": reviewed(_sections(view), list(view.texts)),
        "assessment-subjects": [
            {"type": "party", "description": markup("The organisation and its teams."), "include-all": {}}
        ],
        "assessment-assets": _assets(),
        "tasks": [_task(root, period)],
        "back-matter": {"resources": [_system(system, document["organisation"])]},
    }
    if not view.texts:
        del plan["local-definitions"]["objectives-and-methods"]
    return plan


def _sections(view: ReportView) -> list[str]:
    return list(dict.fromkeys(text.section for text in view.texts.values()))


def _metadata(view: ReportView) -> Record:
    document = view.assessment
    catalogue = document["catalogue"]
    changed = [prop("deviation", words) for words in catalogue["deviations"]]
    excused = [
        prop("not-applicable", words, name) for name, words in (catalogue.get("not_applicable") or {}).items()
    ]
    return {
        "title": markup(f"Assessment plan for {document['organisation']}"),
        "last-modified": instant(document["as_of"]),
        "version": string(document["as_of"]),
        "oscal-version": OSCAL_VERSION,
        "props": [
            prop("catalogue", catalogue["id"]),
            prop("catalogue-version", catalogue["version"]),
            prop("engine", document["engine"]),
            *changed,
            *excused,
        ],
        "parties": [
            {
                "uuid": organisation_of(document),
                "type": "organization",
                "name": string(document["organisation"]),
            }
        ],
    }


def _objective(text: CriterionText) -> Record:
    method = method_of(text.proof)
    return {
        "control-id": token(text.section),
        "description": markup(text.meaning),
        "props": [
            prop("level", text.level),
            prop("role", text.role),
            prop("weight", text.weight),
            prop("confidence", text.confidence),
            prop("window-days", text.window_days or "none"),
            prop("threshold-reason", text.reason),
        ],
        "parts": [
            {"id": token(text.id), "name": "assessment-objective", "prose": markup(text.statement)},
            {
                "name": "assessment-method",
                "props": [{"name": "method", "value": method}],
                "prose": markup("; ".join(words for _, words in (*text.test, *text.counter))),
            },
        ],
    }


def _activity(name: str, words: str) -> Record:
    return {
        "uuid": identify("activity", name),
        "title": name,
        "description": markup(words),
        "props": [{"name": "method", "value": name}],
    }


def _assets() -> Record:
    """The tool whose identifier the results name as the origin of every observation."""
    return {
        "components": [
            {
                "uuid": TOOL,
                "type": "software",
                "title": "cnmm",
                "description": markup("Reads sources without changing them and seals what it read."),
                "status": {"state": "operational"},
            }
        ],
        "assessment-platforms": [
            {
                "uuid": identify("platform", "cnmm"),
                "title": "cnmm",
                "uses-components": [{"component-uuid": TOOL}],
            }
        ],
    }


def _task(root: str, period: dict[str, Any]) -> Record:
    activities = [
        {
            "activity-uuid": identify("activity", name),
            "subjects": [{"type": "party", "include-all": {}}],
        }
        for name in _ACTIVITIES
    ]
    return {
        "uuid": identify(root, "task"),
        "type": "action",
        "title": "Collect and judge",
        "timing": {"within-date-range": {"start": instant(period["from"]), "end": instant(period["to"])}},
        "associated-activities": activities,
    }


def _system(identity: str, organisation: str) -> Record:
    return {
        "uuid": identity,
        "title": markup(organisation),
        "description": markup(
            "The organisation itself is assessed; no security plan of a system is imported."
        ),
    }
