"""Every hazard of a people export: quarantined with its line, counted, or refused in one clear line."""

from __future__ import annotations

import json
import os
import time
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from cnmm_collectors.tables import early, examine
from cnmm_collectors.tables.columns import Hints
from cnmm_collectors.tables.faults import Code, TableFault
from cnmm_collectors.tables.headers import Layout
from cnmm_collectors.tables.table import Table, open_table, opened

LAYOUT = Layout(
    "completions",
    frozenset({"email", "course", "state", "completed_on"}),
    (frozenset({"email"}), frozenset({"course"})),
)
HEADER = "Email,Course Title,Status,Comment"
GOOD = "a@corp.example,Kubernetes,Completed,fine"


@pytest.fixture(params=["in turn", "early"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meet every hazard twice: the engine waits for the look at all bytes, or starts after the header."""
    if request.param == "early":
        monkeypatch.setattr(early, "LEAST", 0)
        monkeypatch.setattr(examine, "GLANCE", 64)


def rows(table: Table) -> list[tuple[str, ...]]:
    return [row[1:] for row in sorted(table.box.rows(table.places))]


def read(path: Path, **hints: str) -> tuple[list[tuple[str, ...]], list[tuple[int, int, Code]], Table]:
    with open_table(path, "training", (LAYOUT,), Hints(**hints)) as table:  # type: ignore[arg-type]
        return rows(table), [(one.line, one.last, one.code) for one in sorted(table.rejects)], table


def write(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_unlisted_columns_are_never_loaded(tmp_path: Path) -> None:
    found, rejects, table = read(write(tmp_path, f"{HEADER}\n{GOOD}\n"))
    assert found == [("Kubernetes", "a@corp.example", "Completed")]
    assert table.fields == ("course", "email", "state")
    assert rejects == []
    assert table.recognised.ignored == ("Comment",)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("a@corp.example,Kubernetes", Code.RAGGED),
        ("a@corp.example,Kubernetes,Completed,fine,more", Code.RAGGED),
        ('a@corp.example,"Kube"rnetes,Completed,fine', Code.QUOTE),
        ("a@corp.example,Kuber\0netes,Completed,fine", Code.BROKEN_TEXT),
        ("a@corp.example,Kuber\rnetes,Completed,fine", Code.BROKEN_TEXT),
        ('a@corp.example,"Kubernetes,Completed,fine', Code.QUOTE),
    ],
)
def test_a_broken_row_is_set_aside_with_its_line(tmp_path: Path, broken: str, code: Code) -> None:
    text = "\n".join([HEADER, GOOD, GOOD, broken, GOOD, GOOD]) + "\n"
    found, rejects, _ = read(write(tmp_path, text))
    assert len(found) == 4
    assert rejects == [(4, 4, code)]


def test_a_quote_that_swallows_rows_takes_its_whole_range(tmp_path: Path) -> None:
    bad = 'a@corp.example,"Kubernetes,Completed,fine'
    closing = 'a@corp.example,Kubernetes",Completed,fine'
    found, rejects, _ = read(
        write(tmp_path, "\n".join([HEADER, GOOD, bad, GOOD, GOOD, closing, GOOD]) + "\n")
    )
    assert len(found) == 2
    assert rejects == [(3, 6, Code.QUOTE)]


def test_a_text_over_several_lines_in_a_column_left_alone_is_no_fault(tmp_path: Path) -> None:
    long = 'b@corp.example,Helm,Completed,"one\ntwo\nthree"'
    found, rejects, _ = read(write(tmp_path, "\n".join([HEADER, GOOD, long, GOOD]) + "\n"))
    assert [row[0] for row in found] == ["Kubernetes", "Helm", "Kubernetes"]
    assert rejects == []


def test_an_empty_first_cell_does_not_lose_the_row(tmp_path: Path) -> None:
    text = "Status,Email,Course Title\n,a@corp.example,Kubernetes\n,,\n"
    found, rejects, _ = read(write(tmp_path, text))
    assert found == [("Kubernetes", "a@corp.example", ""), ("", "", "")]
    assert rejects == []


def test_rows_of_totals_and_blank_lines_are_not_people(tmp_path: Path) -> None:
    found, rejects, _ = read(write(tmp_path, f"{HEADER}\n{GOOD}\n\n\n{GOOD}\nGrand Total,2,,\n"))
    assert len(found) == 2
    assert rejects == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "utf-8"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = ["E-Mail-Adresse,Kurstitel,Abschlussstatus", "a@corp.example,Einführung,abgeschlossen"] * 1
    text = "\r\n".join([*lines, *lines[1:] * 9]).replace(",", delimiter) + "\r\n"
    found, rejects, table = read(write(tmp_path, text.encode(encoding)))
    assert found == [("Einführung", "a@corp.example", "abgeschlossen")] * 10
    assert rejects == []
    assert any("Windows-1252" in note for note in table.notes) == (encoding == "cp1252")


def test_bytes_that_no_windows_page_has_are_latin(tmp_path: Path) -> None:
    _, _, table = read(write(tmp_path, (f"{HEADER}\n{GOOD}\n").encode() + b"\x81\xe9,x,Completed,\n"))
    assert any("Latin-1" in note for note in table.notes)


def test_a_named_separator_title_rows_and_old_line_ends(tmp_path: Path) -> None:
    text = f"sep=;\nReport of May\n\n{HEADER};\n{GOOD};\n".replace(",", ";")
    found, _, _ = read(write(tmp_path, text.replace("\n", "\r")))
    assert [row[0] for row in found] == ["Kubernetes"]


def test_an_ambiguous_header_stops_with_a_mapping_to_fill_in(tmp_path: Path) -> None:
    path = write(tmp_path, "Email,Course Title,Training Title,Status\na@b.example,X,Y,Completed\n")
    with pytest.raises(
        TableFault, match=r"course may be column 'Course Title' and 'Training Title'.*mapping.yaml"
    ):
        read(path)
    found, _, _ = read(path, columns={"email": "Email", "course": "Training Title"})  # type: ignore[arg-type]
    assert found == [("Y", "a@b.example")]


def sheet(path: Path, rows_: list[list[str]], *, formula: bool = False) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("About").write(0, 0, "nothing here")
        page = book.add_worksheet("Data")
        for number, row in enumerate(rows_):
            for column, cell in enumerate(row):
                page.write_string(number, column, cell)
        if formula:
            page.write_formula(len(rows_), 0, "=A2", None, "")
    return path


def test_a_workbook_is_read_from_its_best_sheet(tmp_path: Path) -> None:
    path = sheet(tmp_path / "e.xlsx", [["Report"], HEADER.split(","), GOOD.split(",")])
    found, rejects, table = read(path)
    assert found == [("Kubernetes", "a@corp.example", "Completed")]
    assert rejects == []
    assert "header in row 2" in table.notes


def test_a_formula_without_a_cached_value_is_set_aside(tmp_path: Path) -> None:
    path = sheet(tmp_path / "e.xlsx", [HEADER.split(","), GOOD.split(",")], formula=True)
    found, rejects, _ = read(path)
    assert len(found) == 1
    assert rejects == [(3, 3, Code.FORMULA)]


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (12 * 1024**2))
    with pytest.raises(TableFault, match="unpacks to far more than its size"):
        read(path)


def test_an_entity_in_a_workbook_is_refused(tmp_path: Path) -> None:
    path = sheet(tmp_path / "e.xlsx", [HEADER.split(","), GOOD.split(",")])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/extra.xml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>')
    with pytest.raises(TableFault, match="entities"):
        read(path)


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"\xd0\xcf\x11\xe0" + b"0" * 600, "locked.xlsx", "protected, or an old"),
        (b"", "empty.csv", "empty file"),
        (b"PK\x03\x04 not an archive", "broken.xlsx", "not a readable spreadsheet"),
        (b"just words\nand more words\n", "words.csv", "is a header that is known"),
        (b'{"data": [', "half.json", "not well-formed JSON"),
        (b"PAR1 nothing", "bad.parquet", "cannot be read as Parquet"),
        (
            b"email,title" + b",c" * 20_000 + b"\n" + b"a@b.c,x" + b"," * 20_000,
            "wide.csv",
            "20002 columns; 16384",
        ),
        (b"email,title" + b",column" * 50_000 + b"\na@b.c,x", "wider.csv", "first line is longer"),
    ],
)
def test_a_file_that_cannot_be_used_says_so_in_one_line(
    tmp_path: Path, content: bytes, name: str, told: str
) -> None:
    with pytest.raises(TableFault, match=told) as caught:
        read(write(tmp_path, content, name))
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_links_pipes_and_huge_files_are_not_opened(tmp_path: Path) -> None:
    real = write(tmp_path, f"{HEADER}\n{GOOD}\n")
    (tmp_path / "link.csv").symlink_to(real)
    os.mkfifo(tmp_path / "pipe.csv")
    with (tmp_path / "huge.csv").open("wb") as stream:
        stream.truncate(3 * 1024**3)
    for name, told in (
        ("link.csv", "link.csv: a link"),
        ("pipe.csv", "not a regular file"),
        ("huge.csv", "3072 MiB"),
    ):
        with pytest.raises(TableFault, match=told):
            read(tmp_path / name)


def test_json_lines_and_parquet_are_read_alike(tmp_path: Path) -> None:
    record = {"email": "a@corp.example", "course": {"title": "Kubernetes"}, "status": "Completed"}
    import duckdb

    lines = write(
        tmp_path,
        "\n".join([json.dumps(record).replace('{"title": "Kubernetes"}', '"Kubernetes"'), "{"]),
        "e.ndjson",
    )
    found, rejects, _ = read(lines)
    assert found == [("Kubernetes", "a@corp.example", "Completed")]
    assert rejects == [(2, 2, Code.SHAPE)]
    target = tmp_path / "e.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT 'a@corp.example' AS email, 'Kubernetes' AS course, 1.5 AS pay, 'Completed' AS status)"
        f" TO '{target}' (FORMAT parquet)"
    )
    assert read(target)[0] == [("Kubernetes", "a@corp.example", "Completed")]


def test_a_field_of_more_than_a_mebibyte_is_set_aside(tmp_path: Path) -> None:
    huge = f"a@corp.example,Kubernetes,Completed,{'x' * (1 << 21)}"
    found, rejects, _ = read(write(tmp_path, "\n".join([HEADER, GOOD, huge, GOOD]) + "\n"))
    assert len(found) == 2
    assert [line for line, _, _ in rejects] == [3]


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with (
        pytest.raises(RuntimeError),
        open_table(write(tmp_path, f"{HEADER}\n{GOOD}\x00\n"), "training", (LAYOUT,), Hints()),
    ):
        assert [entry.stat().st_mode & 0o777 for entry in place.iterdir()] == [0o700]
        raise RuntimeError
    assert list(place.iterdir()) == []


def test_lines_stay_true_behind_blank_lines_and_texts_over_several_lines(tmp_path: Path) -> None:
    long = 'b@corp.example,Helm,Completed,"one\ntwo\n\nthree"'
    bad = "a@corp.example,short"
    text = "\n".join(["Report", "", HEADER, GOOD, "", long, bad, "  ", long, bad, GOOD, ""])
    with open_table(write(tmp_path, text), "training", (LAYOUT,), Hints()) as table:
        assert [(one.line, one.code) for one in table.rejects] == [(10, Code.RAGGED), (16, Code.RAGGED)]
        assert table.box.lines([0, 1, 2, 3]) == [4, 6, 12, 17]


@pytest.mark.parametrize("total", ["Total: 3", "Grand Total,3,,", "Summe,3,,", "Generated on 2026-11-01"])
@pytest.mark.parametrize("careful", [False, True])
def test_rows_of_totals_are_left_out_and_counted_short_or_whole(
    tmp_path: Path, total: str, careful: bool
) -> None:
    course = "Total Productive Maintenance,a@corp.example,Completed,fine"
    tail = "\0,x,y,z" if careful else "x"
    text = "\n".join(["Course Title,Email,Status,Comment", course, course, total, tail]) + "\n"
    with open_table(write(tmp_path, text), "training", (LAYOUT,), Hints()) as table:
        assert len(table.box.rows(table.places)) == 2
        assert [one.line for one in table.rejects] == [5]
        footers = table.box.ask("SELECT count(*) FROM t WHERE footer")[0][0]
        assert table.totals + footers == 1


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_read_by_the_engine_too(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnmm_collectors.tables import table as room

    def refuse(*_: object) -> None:
        raise AssertionError("line by line is for broken files")

    monkeypatch.setattr(room, "rewrite", refuse)
    text = "\n".join([HEADER, *["ä@corp.example,Einführung,Completed,fine"] * 5, "short", ""])
    found, rejects, _ = read(write(tmp_path, text.encode(encoding)))
    assert found == [("Einführung", "ä@corp.example", "Completed")] * 5
    assert rejects == [(7, 7, Code.RAGGED)]


def test_single_lines_of_another_encoding_are_set_aside(tmp_path: Path) -> None:
    mine, theirs = "a@corp.example,Einführung,Completed,ä", "b@corp.example,Einführung,Completed,ä"
    lines = [HEADER.encode(), *[mine.encode()] * 3, theirs.encode("cp1252"), mine.encode()]
    found, rejects, table = read(write(tmp_path, b"\n".join(lines) + b"\n"))
    assert [row[0] for row in found] == ["Einführung"] * 4
    assert rejects == [(5, 5, Code.BROKEN_TEXT)]
    assert "UTF-8 with 1 lines of another encoding" in table.notes


def dated(path: Path, *, old: bool) -> Path:
    with xlsxwriter.Workbook(str(path), {"date_1904": old}) as book:
        page = book.add_worksheet()
        page.merge_range(0, 0, 0, 1, "Whoever took part")
        for column, name in enumerate(("Email", "Course Title", "Completion Date")):
            page.merge_range(1, column, 2, column, name)
        page.write_row(3, 0, ["a@corp.example", "Kubernetes"])
        page.write_datetime(3, 2, date(2026, 3, 4), book.add_format({"num_format": "d/m/yy"}))
    return path


@pytest.mark.parametrize("old", [False, True])
def test_dates_since_1904_and_merged_headers_are_read_as_they_are_shown(tmp_path: Path, old: bool) -> None:
    found, rejects, table = read(dated(tmp_path / "e.xlsx", old=old))
    assert found == [("2026-03-04", "Kubernetes", "a@corp.example")]
    assert rejects == []
    assert "header in row 2" in table.notes


def test_macros_are_told_and_not_run(tmp_path: Path) -> None:
    path = sheet(tmp_path / "e.xlsm", [HEADER.split(","), GOOD.split(",")])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b"0" * 500)
    found, _, table = read(path)
    assert len(found) == 1
    assert "holds macros: not run" in table.notes
    assert not any("Latin" in note for note in table.notes)


def test_a_sheet_like_the_one_that_is_read_is_not_left_out_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "e.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("2026", "2025", "Empty"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, HEADER.split(","))
            if name != "Empty":
                page.write_row(1, 0, GOOD.split(","))
    _, _, table = read(path)
    assert table.fault is not None
    assert str(table.fault).startswith("e.xlsx: 1 more sheet has such a header, not read")
    assert read(sheet(tmp_path / "one.xlsx", [HEADER.split(","), GOOD.split(",")]))[2].fault is None


def test_a_formula_is_missed_on_the_sheet_that_is_read_whatever_its_part_is_called(tmp_path: Path) -> None:
    path = sheet(tmp_path / "e.xlsx", [HEADER.split(","), GOOD.split(",")], formula=True)
    turned = tmp_path / "turned.xlsx"
    parts = {"xl/worksheets/sheet1.xml": "xl/worksheets/sheet2.xml"}
    parts |= {new: old for old, new in parts.items()}
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(turned, "w") as target:
        for name in source.namelist():
            raw = source.read(name)
            if name == "xl/_rels/workbook.xml.rels":
                raw = raw.replace(b"sheet1.xml", b"#").replace(b"sheet2.xml", b"sheet1.xml")
                raw = raw.replace(b"#", b"sheet2.xml")
            target.writestr(parts.get(name, name), raw)
    assert read(turned)[1] == [(3, 3, Code.FORMULA)]


def test_a_part_that_is_not_in_utf8_cannot_hide_an_entity(tmp_path: Path) -> None:
    path = sheet(tmp_path / "e.xlsx", [HEADER.split(","), GOOD.split(",")])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/extra.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16"))
    with pytest.raises(TableFault, match="not in UTF-8"):
        read(path)


def test_line_numbers_hold_far_into_a_file(tmp_path: Path) -> None:
    lines = [HEADER, *[GOOD] * 9_000]
    for place in (1, 1_600, 1_601, 4_000, 9_000):
        lines[place] = "short"
    _, rejects, _ = read(write(tmp_path, "\n".join(lines) + "\n"))
    assert [line for line, _, _ in rejects] == [2, 1_601, 1_602, 4_001, 9_001]


def test_a_load_begun_early_counts_only_where_all_bytes_are_what_the_first_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "LEAST", 0)
    for last, fits in ((GOOD, True), (f"{GOOD}\0", False), (f"{GOOD}\ra", False), ("\udce4", False)):
        text = "\n".join([HEADER, *[GOOD] * 9_000, last, ""]).encode("utf-8", "surrogateescape")
        with closing(early.look(write(tmp_path, text), "training", (LAYOUT,), Hints())) as seen:
            begun = seen.early
            assert begun is not None
            assert begun.fits(seen.facts, begun.dialect, begun.columns) is fits
            assert not begun.fits(seen.facts, replace(begun.dialect, delimiter=";"), begun.columns)
            assert not begun.fits(seen.facts, begun.dialect, begun.columns[1:])


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_written_to_while_it_is_read_is_not_used(tmp_path: Path, replaced: bool) -> None:
    path = write(tmp_path, "\n".join([HEADER, *[GOOD] * 9, ""]))
    before = path.stat()

    def write_meanwhile(where: Path, facts: examine.Examined) -> None:
        """Put other bytes there, as many and with the same time, once the digest is known."""
        time.sleep(0.02)  # longer than a step of the clock that dates files
        other = where.read_bytes().replace(b"Kubernetes", b"Terraform!")
        target = where.with_name("other") if replaced else where
        target.write_bytes(other)
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
        target.replace(where)

    with pytest.raises(TableFault, match="was written to while it was read"):
        opened(
            path,
            early.look(path, "training", (LAYOUT,), Hints()),
            "training",
            (LAYOUT,),
            Hints(),
            write_meanwhile,
        )
