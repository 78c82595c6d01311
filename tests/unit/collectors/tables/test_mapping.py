"""The mapping file: drafted from names of columns, filled in by people, read beside its export."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cnmm_collectors.people import PeopleCollector
from cnmm_collectors.people.layouts import LAYOUTS
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.mapping import Mapping, hints_of
from cnmm_collectors.tables.places import BESIDE, expand, state_of
from cnmm_collectors.tables.presets import _presets, preset
from cnmm_collectors.tables.table import open_table

DOUBTFUL = "Mail,Course Title,Training Title,Zustand,Salary\na@corp.example,Canary,Helm,Completed,9\n"


def read(path: Path) -> list[tuple[str, ...]]:
    hints = hints_of({}, path)
    with open_table(path, "training", LAYOUTS["training"], hints) as table:
        return [row[1:] for row in table.box.rows(table.places)]


def test_a_draft_is_filled_in_and_read_beside_the_export(tmp_path: Path) -> None:
    path = tmp_path / "training.csv"
    path.write_text(DOUBTFUL)
    with pytest.raises(TableFault, match=r"cnmm mapping training\.csv"):
        read(path)
    text = PeopleCollector.draft("training", path)
    assert "Canary" not in text, "names of columns alone"
    assert '# Left alone so far: "Zustand", "Salary"' in text
    draft = yaml.safe_load(text)
    assert draft["columns"]["email"] == "Mail"
    assert draft["columns"]["course"] == "", "in doubt: nothing is chosen"
    draft["columns"] |= {"course": "Training Title", "state": "Zustand"}
    beside = tmp_path / f"training.csv{BESIDE}"
    before = state_of(path)
    beside.write_text(yaml.safe_dump(draft))
    assert read(path) == [("Helm", "a@corp.example", "Completed")]
    assert state_of(path) != before, "a resumed run reads the file anew"
    assert expand(tmp_path) == [path], "a mapping is no export"


def test_a_header_in_no_known_language_is_drafted_whole(tmp_path: Path) -> None:
    path = tmp_path / "training.csv"
    path.write_text("Report\nposta,kurz,stav\na@corp.example,Helm,hotovo\n")
    text = PeopleCollector.draft("training", path)
    assert '# Left alone so far: "posta", "kurz", "stav"' in text
    (tmp_path / f"training.csv{BESIDE}").write_text("columns: {email: posta, course: kurz, state: stav}\n")
    assert read(path) == [("Helm", "a@corp.example", "hotovo")]


@pytest.mark.parametrize("text", ["columns: [a]", "nonsense: 1", "{", "date_order: ymd"])
def test_a_mapping_that_is_none_stops_its_file_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "training.csv"
    path.write_text(DOUBTFUL)
    (tmp_path / f"training.csv{BESIDE}").write_text(text)
    with pytest.raises(TableFault, match=r"training\.csv\.mapping\.yaml: a mapping holds columns"):
        read(path)


def test_a_mapping_of_the_settings_wins(tmp_path: Path) -> None:
    path = tmp_path / "training.csv"
    path.write_text(DOUBTFUL)
    (tmp_path / f"training.csv{BESIDE}").write_text("delimiter: ';'\n")
    assert hints_of({"*.csv": Mapping(delimiter="|")}, path).delimiter == "|"
    assert hints_of({}, path).delimiter == ";"


@pytest.mark.parametrize("one", _presets(), ids=lambda one: one["name"])
def test_every_preset_reads_its_own_header(one: dict[str, object], tmp_path: Path) -> None:
    kind = str(one["kind"])
    columns = [str(column) for column in (one.get("columns") or {}).values()]  # type: ignore[attr-defined]
    header = list(dict.fromkeys([*map(str, one["headers"]), *columns]))  # type: ignore[call-overload]
    path = tmp_path / "export.csv"
    extra = ["[trust] item"] if kind == "survey" else []
    path.write_text(",".join(f'"{cell}"' for cell in [*header, *extra]) + "\n")
    if "refuse" in one:
        with pytest.raises(TableFault, match=str(one["name"])):
            preset("export.csv", kind, header)
        return
    name, _ = preset("export.csv", kind, header)
    assert name == one["name"]
    with open_table(path, kind, LAYOUTS[kind], hints_of({}, path)) as table:
        assert f"preset {name}" in table.notes


@pytest.mark.parametrize(
    ("kind", "header", "told"),
    [
        ("training", "PlanUserId,Email,Note,Teams", "a Pluralsight users export: .* names no course"),
        (
            "training",
            "Email,External ID,Group,Status,% Marked Completed,Assigned,Assigned By",
            "names no course",
        ),
        (
            "training",
            "Name,Email,Unique User ID,Hours Viewed,Course Views,Course Completions",
            "without naming",
        ),
        (
            "certifications",
            "Badge Template ID,Recipient Email,First Name,Last Name,Issued at date",
            "template alone",
        ),
    ],
)
def test_a_documented_export_that_cannot_answer_is_refused_by_its_name(
    kind: str, header: str, told: str
) -> None:
    with pytest.raises(TableFault, match=told):
        preset("export.csv", kind, header.split(","))


@pytest.mark.parametrize(
    ("kind", "header", "name"),
    [
        ("training", "PlanUserId,Email,Note,Course Title,Completed On", "Pluralsight"),
        ("training", "Email,Course Title,% Marked Completed,Assigned", "Udemy Business"),
        ("training", "username,userid,coursename,courseid,timeenrolled,timestarted,timecompleted", "Moodle"),
        (
            "certifications",
            "Badge Template ID,Badge Template Name,Recipient Email,Issued at date",
            "Credly bulk issue",
        ),
        ("roster", "employeeNumber,firstName,lastName,jobTitle,department,workEmail", "BambooHR"),
        ("survey", "#,Response Type,Submit Date (UTC),[trust] 1", "Typeform"),
    ],
)
def test_a_documented_export_is_known_by_its_headings(kind: str, header: str, name: str) -> None:
    assert preset("export.csv", kind, header.split(","))[0] == name
