"""The pass over history against git's own answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnmm_collectors.git.history import History as Past
from cnmm_collectors.git.history import Parser, Window, command, commits
from cnmm_collectors.git.past import spans
from cnmm_collectors.git.people import People
from cnmm_collectors.git.tree import read_tree
from cnmm_collectors.signals import Absent, Observed, Unknown
from unit.collectors.git.repos import AS_OF, JANE, OMAR, History, days_ago, git, make_reader, scan

NAMES = ["a.py", "b/c.py", "docs/x.md", "new\nline.txt", "späce é.txt", "\x02mark", "b/ M ", "A"]


def read(folder: Path, days: int = 365) -> Past:
    """Return what one pass over a repository finds."""
    repository = make_reader().git.open(str(folder))
    commit = repository.resolve()
    tracked = {entry.path: entry.oid for entry in read_tree(repository, commit, 1000)}
    arguments, mark = command(commit)
    parser = Parser(tracked, Window.until(AS_OF, days), People(()))
    with repository.stream(*arguments) as chunks:
        past = parser.feed(commits(chunks, mark))
    repository.close()
    return past


EDIT = st.tuples(st.sampled_from(NAMES), st.sampled_from(["set", "set", "set", "delete"]))
COMMIT = st.lists(EDIT, min_size=1, max_size=4)
# Edits on either side of a merge, and what becomes of a path that both may have touched.
SIDE = st.lists(COMMIT, min_size=1, max_size=2)
STEP = st.one_of(
    COMMIT.map(lambda edits: ("plain", edits)),
    st.tuples(st.just("merge"), SIDE, SIDE, st.sampled_from(["ours", "theirs", "by path", "evil"])),
)


class Line:
    """A branch of a history in the making: its tip, and what each of its paths holds there."""

    def __init__(self, history: History, tip: int, files: dict[str, str], branch: str) -> None:
        self.history, self.tip, self.files, self.branch = history, tip, dict(files), branch

    def commit(self, edits: list[tuple[str, str]], clock: Iterator[int], by: str) -> None:
        """Add a commit of edits, each with a content that nothing else has."""
        changes: dict[str | bytes, str | bytes | None] = {}
        for name, act in edits:
            if act == "set":
                changes[name] = self.files[name] = f"content {next(clock)}"
            elif self.files.pop(name, "") and name not in changes:
                changes[name] = None
        self.tip = self.history.commit(changes, 9000 - next(clock), by, parent=self.tip, branch=self.branch)


def build(steps: list[tuple[Any, ...]]) -> History:
    """Return a history of plain commits and merges, some of which discard what a side did."""
    history, clock = History(), itertools.count()
    base = history.commit({"base.txt": "0"}, 9000 - next(clock))
    main = Line(history, base, {"base.txt": "0"}, "refs/heads/main")
    for number, step in enumerate(steps):
        if step[0] == "plain":
            main.commit(step[1], clock, JANE)
            continue
        side = Line(history, main.tip, main.files, f"refs/heads/s{number}")
        for one, edits in [(side, edits) for edits in step[1]] + [(main, edits) for edits in step[2]]:
            one.commit(edits, clock, OMAR)
        kept: dict[str, str] = dict({"ours": main, "theirs": side}.get(step[3], main).files)
        if step[3] == "by path":
            for path in sorted({*main.files, *side.files}):
                source = (main, side)[next(clock) % 2].files
                kept[path] = source.get(path, "")
            kept = {path: content for path, content in kept.items() if content}
        if step[3] == "evil":
            kept["base.txt"] = f"evil {number}"
        changes: dict[str | bytes, str | bytes | None] = dict.fromkeys(main.files)
        main.tip = history.commit(changes | kept, 9000 - next(clock), parent=main.tip, merge=[side.tip])
        main.files = kept
    return history


def first_added(folder: Path, tracked: set[str]) -> dict[str, int]:
    """Return when git says that each tracked path was first added, merges left out."""
    told = git(
        folder, "log", "-z", "--format=%x01%ct", "--no-renames", "--diff-filter=A", "--name-only", "HEAD"
    )
    found: dict[str, int] = {}
    for commit in told.decode().split("\x01")[1:]:
        when, _, names = commit.partition("\0")
        found |= dict.fromkeys(names.lstrip("\n").split("\0"), int(when))
    return {path: when for path, when in found.items() if path in tracked}


@settings(max_examples=25)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_last_change_is_what_git_log_says(steps: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as place:
        folder = build(steps).write(Path(place) / "shop")
        past = read(folder)
        assert not past.unclear
        assert past.commits == int(git(folder, "rev-list", "--count", "HEAD"))
        for path, moment in past.changed.items():
            said = git(folder, "log", "-1", "--format=%ct", "HEAD", "--", f":(literal){path}")
            assert moment == int(said), path
        assert past.added == first_added(folder, set(past.changed))


def test_statuses_and_paths_are_read_exactly(tmp_path: Path) -> None:
    history = History()
    odd = b'bad\xff\nname\t"q"'
    history.commit({"a.py": "1", odd: "2", "gone.py": "3"}, 30)
    history.commit({"a.py": "4", "gone.py": None, "late.py": "5"}, 20)
    past = read(history.write(tmp_path / "shop"))
    shown = [
        sorted(zip((past.paths[n] for n in change.ids), change.letters.decode(), strict=True))
        for change in past.changes
    ]
    name = odd.decode("utf-8", "surrogateescape")
    assert shown == [
        [("a.py", "M"), ("gone.py", "D"), ("late.py", "A")],
        [("a.py", "A"), (name, "A"), ("gone.py", "A")],
    ]
    assert past.changed == {"a.py": days_ago(20), "late.py": days_ago(20), name: days_ago(30)}
    assert past.added == {"a.py": days_ago(30), "late.py": days_ago(20), name: days_ago(30)}


def test_edits_made_only_by_a_merge_are_seen(tmp_path: Path) -> None:
    history = History()
    base = history.commit({"a.py": "1", "b.py": "1"}, 90)
    side = history.commit({"b.py": "2"}, 80, branch="refs/heads/side", parent=base)
    main = history.commit({"c.py": "1"}, 70, parent=base)
    history.commit({"b.py": "2", "a.py": "by the merge"}, 60, parent=main, merge=[side])
    past = read(history.write(tmp_path / "shop"))
    assert past.changed["a.py"] == days_ago(60)
    assert past.changed["b.py"] == days_ago(80)


def test_impossible_dates_are_counted_and_never_used(tmp_path: Path) -> None:
    history = History()
    history.commit({"a.py": "1", "b.py": "1", "c.py": "1"}, 90)
    history.commit({"a.py": "2"}, at=0, authored=0)
    history.commit({"b.py": "2"}, at=4_070_908_800, authored=days_ago(50))
    history.commit({"c.py": "2"}, at=4_070_908_800)
    past = read(history.write(tmp_path / "shop"))
    assert past.undated == 2
    assert past.unclear == {"a.py", "c.py"}
    assert past.changed == {"b.py": days_ago(50)}
    assert past.first == days_ago(90)


def test_the_mark_may_lie_across_chunks() -> None:
    whole = b"MARKone\0MARKtwo\0MARKthree\0"
    for size in range(1, 12):
        chunks = [whole[n : n + size] for n in range(0, len(whole), size)]
        assert [raw for raw in commits(chunks, b"MARK") if raw] == [b"one\0", b"two\0", b"three\0"]


def test_a_move_of_everything_is_a_bulk_edit_and_new_files_are_not(tmp_path: Path) -> None:
    history = History()
    files = {f"src/{n}.py": f"{n}" for n in range(60)}
    history.commit(dict(files), 90)
    moved: dict[str | bytes, str | bytes | None] = dict.fromkeys(files)
    moved |= {path.replace("src", "lib"): text for path, text in files.items()}
    history.commit(moved, 30)
    past = read(history.write(tmp_path / "shop"))
    assert [change.bulk for change in past.changes] == [True, False]
    # Under its new name a moved file is as old as the move: nothing older is known by that name.
    assert past.changed["lib/1.py"] == days_ago(30)


def test_first_changes_come_from_commits_that_add_the_path(tmp_path: Path) -> None:
    # Two years of history, a window of one: what was added before the window is as old as it is.
    history = History()
    history.commit({"old.py": "1", "edited.py": "1"}, 700)
    history.commit({"undated.py": "1"}, at=0, authored=0)
    history.commit({"edited.py": "2", "new.py": "1", "undated.py": "2"}, 20)
    history.commit({"new.py": "2"}, at=0, authored=0)
    history.commit({"new.py": "3", "undated.py": "3"}, 10)
    past = read(history.write(tmp_path / "shop"), days=365)
    assert past.added == {"old.py": days_ago(700), "edited.py": days_ago(700), "new.py": days_ago(20)}
    known = spans(past)
    assert known["undated.py"] == (None, days_ago(10))
    assert known["old.py"] == (days_ago(700), days_ago(700))
    assert known[""] == (None, days_ago(700))


def test_a_change_that_a_merge_discarded_dates_nothing(tmp_path: Path) -> None:
    history = History()
    base = history.commit({"a.py": "1"}, 90)
    side = history.commit({"a.py": "2"}, 80, branch="refs/heads/side", parent=base)
    history.commit({"a.py": "1"}, 70, parent=base, merge=[side])
    assert read(history.write(tmp_path / "shop")).changed == {"a.py": days_ago(90)}


def test_a_path_that_a_bulk_edit_added_is_followed_beyond_it(tmp_path: Path) -> None:
    history = History()
    files = {f"src/{n}.py": f"{n}" for n in range(60)}
    gone: dict[str | bytes, str | bytes | None] = dict.fromkeys(files)
    history.commit(dict(files), 90)
    history.commit({"src/1.py": "edited"}, 80)
    history.commit(gone | {f"lib/{n}.py": f"{n}" for n in range(60)}, 70)
    back = files | {"src/1.py": "edited"}
    history.commit(dict.fromkeys(f"lib/{n}.py" for n in range(60)) | back, 60)
    past = read(history.write(tmp_path / "shop"))
    assert (past.changed["src/1.py"], past.changed["src/2.py"]) == (days_ago(80), days_ago(90))


@pytest.mark.parametrize(
    ("first", "undated", "want"),
    [(700, False, Absent), (700, True, Absent), (20, False, Observed), (20, True, Unknown)],
)
def test_a_rewritten_repository_is_as_old_as_its_first_commit(
    tmp_path: Path, first: int, undated: bool, want: type
) -> None:
    history = History()
    history.commit({"gone.py": "1"}, first)
    if undated:
        history.commit({"gone.py": "2"}, at=0, authored=0)
    history.commit({"gone.py": None, "a.py": "1"}, 15)
    out = scan(history.write(tmp_path / "shop"))
    assert type(out.reading("git.template_derived_repo_ratio")) is want
