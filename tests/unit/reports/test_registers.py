"""Registers: every citation is a row, no cell is a formula or a link, the bytes do not depend on the day."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from cnmm_reports import registers
from cnmm_reports.inert import line
from cnmm_reports.registers import CsvRenderer, XlsxRenderer, safe
from cnmm_reports.view import ReportView, build_view
from golden.hostile import TEXTS, crowd, hostile, invisible
from golden.sample import CATALOGUE, bare, document, view
from golden.update import EXPECTED

NAMES = ["findings.csv", "evidence.csv", "ledger.csv", "gaps.csv"]
STARTS = tuple("=+-@\t\r＝＋－＠")


def tables(shown: ReportView) -> dict[str, list[dict[str, str]]]:
    files = CsvRenderer().render(shown)
    assert list(files) == NAMES
    return {
        name: list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))
        for name, data in files.items()
    }


def workbook(shown: ReportView) -> bytes:
    return XlsxRenderer().render(shown)["register.xlsx"]


def sheets(data: bytes) -> dict[str, list[list[str]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {
        name: [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
        for name in book.sheet_names
    }


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_findings_have_a_row_for_each_citation() -> None:
    wanted = []
    for finding in document()["findings"]:
        cited = [("for", key) for key in finding["evidence"]]
        cited += [("against", key) for key in finding["counter_evidence"]]
        for stance, key in cited or [("", "")]:
            wanted.append((finding["criterion"], finding["subject"], finding["outcome"], stance, key))
    names = ("criterion", "subject", "outcome", "stance", "citation")
    rows = tables(view())["findings.csv"]
    assert [tuple(row[name] for name in names) for row in rows] == wanted
    assert {row["stance"] for row in rows} == {"", "for", "against"}
    places = {item["id"]: item["locator"] for item in document()["evidence"]}
    for row in rows:
        assert row["locator"] == line(places.get(row["citation"], ""))


def test_other_registers_hold_everything() -> None:
    shown, record = tables(view()), document()
    assert [row["id"] for row in shown["evidence.csv"]] == [item["id"] for item in record["evidence"]]
    gaps = [gap for finding in record["findings"] for gap in finding["gaps"]]
    assert [(row["signal"], row["cause"], row["units"]) for row in shown["gaps.csv"]] == [
        (gap["signal"], gap["cause"], str(gap["count"])) for gap in gaps
    ]
    *rows, total = shown["ledger.csv"]
    for name in ("requested", "received", "skipped", "failed"):
        assert sum(int(row[name]) for row in rows) == int(total[name]) == record["ledger"][name]


def test_a_database_reads_the_same_rows(tmp_path: Path) -> None:
    for name, data in CsvRenderer().render(view()).items():
        path = tmp_path / name
        path.write_bytes(data)
        found = duckdb.read_csv(str(path), header=True, all_varchar=True)
        rows = tables(view())[name]
        assert found.columns == list(rows[0])
        assert [[cell or "" for cell in row] for row in found.fetchall()] == [
            list(row.values()) for row in rows
        ]


def test_workbook_holds_the_same_rows() -> None:
    found = sheets(workbook(view()))
    assert list(found) == ["About", "Findings", "Evidence", "Ledger", "Gaps"]
    for name, rows in tables(view()).items():
        sheet = found[name.removesuffix(".csv").capitalize()]
        assert sheet[0] == list(rows[0])
        assert len(sheet) == len(rows) + 1
        for cells, row in zip(sheet[1:], rows, strict=True):
            for cell, text in zip(cells, row.values(), strict=True):
                assert " ".join(cell.split()).removesuffix(".0") == text.removeprefix("'").removesuffix(".0")
    about = dict(found["About"][1:6])
    assert about["headline"] == "No level shown yet; up to level 2 not ruled out"


def test_nothing_read_is_no_fault() -> None:
    shown = build_view(bare().to_json(), CATALOGUE)
    assert tables(shown)["evidence.csv"] == []
    assert len(sheets(workbook(shown))["Evidence"]) == 1


@pytest.mark.parametrize("name", TEXTS)
def test_no_cell_of_a_csv_starts_a_formula(name: str) -> None:
    for data in CsvRenderer().render(hostile(TEXTS[name])).values():
        text = data.decode()
        assert len(data) < 4_000_000
        assert not invisible(text)
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert text.count("\n") == len(rows)
        assert len({len(row) for row in rows}) == 1
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(STARTS), cell[:80]
            assert cell == cell.strip()


@pytest.mark.parametrize("name", TEXTS)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(name: str) -> None:
    data = workbook(hostile(TEXTS[name]))
    assert len(data) < 500_000
    inside = parts(data)
    assert not [part for part in inside if re.search(r"(?i)external|vba|macro|hyperlink|_rels/sheet", part)]
    for part, content in inside.items():
        tree = ElementTree.fromstring(content)  # noqa: S314 - our own file, and a parser that must accept it
        tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert not tags & {"f", "hyperlink", "hyperlinks", "oleObject", "ddeLink"}, part
    for rows in sheets(data).values():
        for cell in (cell for row in rows for cell in row):
            assert not invisible(cell.replace("\t", " "))
            assert len(cell) < 32_767


@given(st.text(max_size=80) | st.text("=+-@'\t\r\n 1", max_size=10))
def test_safe_cell_is_the_text_or_the_text_behind_an_apostrophe(text: str) -> None:
    made = str(safe(text))
    assert not made.startswith(STARTS)
    assert made.removeprefix("'") == line(text).removeprefix("'")


def test_numbers_stay_numbers() -> None:
    assert safe(-5) == -5
    cells = parts(workbook(view()))["xl/worksheets/sheet4.xml"].decode()
    assert "<v>120</v>" in cells


def test_rows_are_limited_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers, "MAX_CSV_ROWS", 10)
    monkeypatch.setattr(registers, "MAX_SHEET_ROWS", 10)
    whole = len(tables(view())["findings.csv"])
    assert whole == 11
    found = CsvRenderer().render(crowd(3))["findings.csv"].decode().splitlines()
    assert len(found) == 12
    assert re.match(r"\d+ more rows are left out,", found[-1])
    assert sheets(workbook(crowd(3)))["Findings"][-1][0] == found[-1].split(",")[0]


def test_bytes_of_a_table_are_limited_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CsvRenderer().render(crowd(300))["findings.csv"]
    monkeypatch.setattr(registers, "MAX_CSV_BYTES", len(whole) // 2)
    found = CsvRenderer().render(crowd(300))["findings.csv"]
    assert len(found) <= len(whole) // 2 + 100
    lines = found.decode().splitlines()
    assert whole.startswith("\n".join(lines[:-1]).encode())
    left = int(lines[-1].split(" ")[0])
    assert left + len(lines) - 1 == len(whole.decode().splitlines())


def test_workbook_is_what_is_expected() -> None:
    expected = parts((EXPECTED / "register.xlsx").read_bytes())
    assert parts(workbook(view())) == expected
    assert b"2000-01-01T00:00:00Z" in expected["docProps/core.xml"]


def test_same_view_gives_same_workbook() -> None:
    assert workbook(view()) == workbook(view())
    with zipfile.ZipFile(io.BytesIO(workbook(view()))) as archive:
        assert {item.date_time[:3] for item in archive.infolist()} == {(1980, 1, 1)}
