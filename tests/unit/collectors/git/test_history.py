"""The pass over history against git's own answers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnmm_collectors.git.history import History as Past
from cnmm_collectors.git.history import Parser, Window, command, commits
from cnmm_collectors.git.past import spans
from cnmm_collectors.git.people import People
from cnmm_collectors.signals import Absent, Observed, Unknown
from unit.collectors.git.repos import AS_OF, JANE, OMAR, History, days_ago, git, make_reader, scan

NAMES = ["a.py", "b/c.py", "docs/x.md", "new\nline.txt", "späce é.txt", "\x01mark", "b/ M ", "D"]


def read(folder: Path, days: int = 365) -> Past:
    """Return what one pass over a repository finds."""
    repository = make_reader().git.open(str(folder))
    commit = repository.resolve()
    listing = repository.run("ls-tree", "-r", "-z", "--name-only", commit)
    paths = [row.decode("utf-8", "surrogateescape") for row in listing.split(b"\0") if row]
    arguments, mark = command(commit)
    parser = Parser(paths, Window.until(AS_OF, days), People(()))
    with repository.stream(*arguments) as chunks:
        past = parser.feed(commits(chunks, mark))
    repository.close()
    return past


EDIT = st.tuples(st.sampled_from(NAMES), st.sampled_from(["set", "set", "set", "delete"]))
COMMIT = st.lists(EDIT, min_size=1, max_size=4)
# A side branch of some commits, and whether the merge itself edits a path besides.
STEP = st.one_of(
    COMMIT.map(lambda edits: ("plain", edits)),
    st.tuples(st.just("merge"), st.lists(COMMIT, min_size=1, max_size=2), st.booleans()),
)


def build(steps: list[tuple[object, ...]]) -> History:
    """Return a history of plain commits and merges; sides touch paths of their own, so that no merge
    discards one.
    """
    history, clock, tip = History(), 400.0, 0
    content = 0
    alive: set[str] = {"base.txt"}
    tip = history.commit({"base.txt": "0"}, clock)
    for number, step in enumerate(steps):
        if step[0] == "plain":
            changes: dict[str | bytes, str | bytes | None] = {}
            for name, act in step[1]:  # type: ignore[attr-defined]
                content += 1
                if act == "set":
                    changes[name] = str(content)
                    alive.add(name)
                elif name in alive and name not in changes:
                    changes[name] = None
                    alive.discard(name)
            clock -= 1
            tip = history.commit(changes, clock, JANE, parent=tip)
            continue
        side, merged = tip, dict[str | bytes, str | bytes | None]()
        for inner in step[1]:  # type: ignore[attr-defined]
            content += 1
            changes = {f"side{number}/{index}.txt": str(content) for index in range(len(inner))}
            merged |= changes
            clock -= 1
            side = history.commit(changes, clock, OMAR, parent=side, branch=f"refs/heads/s{number}")
        clock -= 1
        main = history.commit({f"main{number}.txt": "1"}, clock, parent=tip)
        if step[2]:
            merged[f"side{number}/0.txt"] = f"evil {number}"
        clock -= 1
        tip = history.commit(merged, clock, parent=main, merge=[side])
    return history


@settings(max_examples=25)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_last_change_is_what_git_log_says(steps: list[tuple[object, ...]]) -> None:
    with TemporaryDirectory() as place:
        folder = build(steps).write(Path(place) / "shop")
        past = read(folder)
        assert not past.unclear
        assert past.commits == int(git(folder, "rev-list", "--count", "HEAD"))
        for path, moment in past.changed.items():
            said = git(folder, "log", "-1", "--format=%ct", "HEAD", "--", f":(literal){path}")
            assert moment == int(said), path
            said = git(folder, "log", "--format=%ct", "--no-renames", "--diff-filter=A", "HEAD", "--",
                       f":(literal){path}")  # fmt: skip
            assert past.added[path] == int(said.split()[-1]), path


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


def test_a_change_that_a_merge_discarded_still_dates_its_path(tmp_path: Path) -> None:
    history = History()
    base = history.commit({"a.py": "1"}, 90)
    side = history.commit({"a.py": "2"}, 80, branch="refs/heads/side", parent=base)
    history.commit({"a.py": "1"}, 70, parent=base, merge=[side])
    assert read(history.write(tmp_path / "shop")).changed == {"a.py": days_ago(80)}


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
