"""People exports beside a bare aggregation by the same engine, on the same generated file in the same run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from bench.rows import PEAK, Row, at_most, best, growth, python

ROWS, PEOPLE = 1_000_000, 10_000
PEAK_MIB = 400
_BARE = """
import sys, duckdb
con = duckdb.connect(config={"threads": "2", "memory_limit": "1GB", "temp_directory": ""})
columns = {f"c{n}": "VARCHAR" for n in range(14)}
sql = "SELECT c1, c4, max(c8), count(*), sum(try_cast(c9 AS DOUBLE)) FROM read_csv(?, auto_detect=false, " \\
      "header=true, delim=',', columns=" + str(columns) + ") WHERE c6 = 'Completed' GROUP BY c1, c4"
print(len(con.execute(sql, [sys.argv[1]]).fetchall()))
"""
_OURS = (
    PEAK
    + """
import json, sys
from datetime import date
from pathlib import Path
from cnmm_collectors.people import PeopleCollector
from cnmm_collectors.plugin import LedgerRow, Target
from cnmm_collectors.reader import SourceReader
from cnmm_scanner.cycles import search_rarely
search_rarely()  # as every process of a scan does
collector = PeopleCollector()
reader = SourceReader(collector="people", version="1", as_of=date(2026, 11, 1), now="2026-11-01T00:00:00Z")
settings = collector.Settings()
target = Target("people", "sources", facts=(("roster", sys.argv[1]), ("training", sys.argv[2])))
items = [item for item in collector.plan(target, settings, reader) if hasattr(item, "key")]
found = [one for item in items for one in collector.collect(item, settings, reader)]
broken = sum(one.failed for one in found if isinstance(one, LedgerRow) and one.unit == "training row")
print(json.dumps({"yields": len(found), "broken": broken, "peak": peak()}))
"""
)

_CALAMINE = """
import sys, time, python_calamine
start = time.perf_counter()
rows = sum(1 for _ in python_calamine.load_workbook(sys.argv[1]).get_sheet_by_index(0).iter_rows())
print(time.perf_counter() - start)
"""
_BOOK = """
import sys, time
from pathlib import Path
from cnmm_collectors.people.layouts import LAYOUTS
from cnmm_collectors.tables.columns import Hints
from cnmm_collectors.tables.table import open_table
start = time.perf_counter()
with open_table(Path(sys.argv[1]), "training", LAYOUTS["training"], Hints()) as table:
    assert table.box.size
    print(time.perf_counter() - start)
"""


def generate(folder: Path, rows: int = ROWS, people: int = PEOPLE, broken: int = 500) -> tuple[Path, Path]:
    """Write a roster and a training export of 14 columns with so many broken rows; return their paths."""
    chance = random.Random(20261101)
    folder.mkdir(parents=True, exist_ok=True)
    roster, training = folder / "roster.csv", folder / "training.csv"
    titles = ("Platform Engineer", "Software Developer", "Site Reliability Engineer", "Product Owner")
    with roster.open("w", encoding="utf-8") as stream:
        stream.write("Employee ID,Work Email,Job Title,Team\n")
        for n in range(people):
            stream.write(f"E{n:06d},p{n}@corp.example,{titles[n % 4]},team-{n % 900}\n")
    faulty = frozenset(chance.sample(range(rows), broken))
    courses = [f"Kubernetes course {n}" for n in range(300)]
    with training.open("w", encoding="utf-8") as stream:
        stream.write(
            "Record,Employee ID,First Name,Last Name,Course Title,Course ID,Status,Enrolled On,"
            "Completion Date,Hours,Score,Provider,Location,Cost Code\n"
        )
        for n in range(rows):
            who = chance.randrange(people)
            line = (
                f"R{n:07d},E{who:06d},Given{who},Family{who},{courses[n % 300]},C{n % 300},"
                f"{'Completed' if n % 3 else 'In progress'},2025-0{n % 9 + 1}-11,"
                f"2026-0{n % 9 + 1}-{n % 28 + 1:02d},"
                f"{n % 40}.5,{n % 100},Provider {n % 7},Site {n % 50},CC{n % 900}\n"
            )
            stream.write(line if n not in faulty else line.replace(",", ";", 3))
    return roster, training


def workbook(path: Path, rows: int) -> Path:
    """Write a training export of 14 columns as a spreadsheet; return its path."""
    names = (
        "Record Employee_ID First_Name Last_Name Course_Title Course_ID Status Enrolled_On Completion_Date"
    )
    header = [name.replace("_", " ") for name in f"{names} Hours Score Provider Location Cost_Code".split()]
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header)
        for n in range(rows):
            who = n % PEOPLE
            cells = [
                f"R{n:07d}", f"E{who:06d}", f"Given{who}", f"Family{who}", f"Kubernetes course {n % 300}",
                f"C{n % 300}", "Completed" if n % 3 else "In progress", f"2025-0{n % 9 + 1}-11",
                f"2026-0{n % 9 + 1}-{n % 28 + 1:02d}", n % 40 + 0.5, n % 100, f"Provider {n % 7}",
                f"Site {n % 50}", f"CC{n % 900}",
            ]  # fmt: skip
            sheet.write_row(n + 1, 0, cells)
    return path


def export_rows(folder: Path, times: int = 3) -> Iterator[Row]:
    """Yield the rows of people exports: time beside bare engines at three sizes, memory, every fault found."""
    points: list[tuple[int, float]] = []
    for rows, id_, target in _SIZES:
        yield from _table_rows(folder / str(rows), rows, id_, target, times, points)
    said = "exponent of processor time over rows, start-up included"
    yield at_most("exports-growth", growth(points), 1.1, said)
    points = []
    for rows, id_, target in _BOOKS:
        path = workbook(folder / f"training-{rows}.xlsx", rows)
        bare = best(python(_CALAMINE, str(path)), times)
        ours = best(python(_BOOK, str(path)), times)
        slow, fast = float(ours.output), float(bare.output)
        detail = f"{rows} rows: ours {slow:.2f} s, bare calamine {fast:.2f} s, start-up left out"
        yield at_most(id_, slow / fast, target, detail)
        points.append((rows, slow))
    yield at_most("xlsx-growth", growth(points), 1.1, "exponent of wall over rows")


# Twice the bare engine is promised at the largest size; below it starting up weighs more than the rows.
_SIZES = (
    (10_000, "exports-vs-duckdb-10k", 4),
    (100_000, "exports-vs-duckdb-100k", 4),
    (ROWS, "exports-vs-duckdb", 2),
)
_BOOKS = (
    (1_000, "xlsx-vs-calamine-1k", 12),
    (10_000, "xlsx-vs-calamine-10k", 4),
    (100_000, "xlsx-vs-calamine", 2),
)


def _table_rows(
    folder: Path, rows: int, id_: str, target: float, times: int, points: list[tuple[int, float]]
) -> Iterator[Row]:
    broken = rows // 2000
    roster, training = generate(folder, rows, max(100, rows // 100), broken)
    clean = folder / "clean.csv"
    with training.open(encoding="utf-8") as source, clean.open("w", encoding="utf-8") as copy:
        copy.writelines(line for line in source if ";" not in line)
    bare = best(python(_BARE, str(clean)), times)
    ours = best(python(_OURS, str(roster), str(training)), times)
    points.append((rows, ours.cpu))
    found = json.loads(ours.output)["broken"]
    detail = f"{rows} rows: ours {ours.wall:.2f} s ({ours.cpu:.2f} CPU), bare {bare.wall:.2f} s ({bare.cpu:.2f} CPU)"
    yield at_most(id_, ours.wall / bare.wall, target, detail)
    if rows == ROWS:
        yield at_most("exports-peak", ours.peak, PEAK_MIB, "peak resident memory of the whole process", "MiB")
        yield at_most(
            "exports-faults", abs(found - broken), 0, f"{found} of {broken} broken rows found", "rows"
        )
