from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_collectors.git.owners import (
    OwnersFile,
    OwnersTree,
    measure_coverage,
    parse_github,
    parse_gitlab,
    parse_tree,
)

PATHS = ["README.md", "src/a.go", "src/b.go", "src/auth/c.go", "docs/x.md", "deploy/k.yaml"]


def is_security_path(path: str) -> bool:
    return "auth" in path or path.startswith("deploy/")


def test_every_number_is_exact_and_no_person_is_named() -> None:
    text = "*.md ann@example.org\n/src/ @Acme/Core @ann\n/src/auth/ @acme/sec @acme/core\n/src/b.go\n"
    measured = measure_coverage(PATHS, parse_github("CODEOWNERS", text), is_security_path)
    assert (measured.total, measured.owned, measured.catch_all_owned) == (6, 4, 0)
    assert (measured.team_entries, measured.person_entries, measured.entries) == (3, 2, 5)
    assert measured.per_team == {"acme/core": 2, "acme/sec": 1}
    assert (measured.security_paths_total, measured.security_paths_owned) == (2, 1)
    assert measured.unowned_examples == ("deploy/k.yaml", "src/b.go")
    assert measured.undecided == 0
    assert "ann" not in repr(measured)


@pytest.mark.parametrize("pattern", ["*", "**", "/**"])
def test_catch_all_paths_are_counted_apart(pattern: str) -> None:
    text = f"{pattern} @acme/all\n/docs/ @acme/docs\n"
    measured = measure_coverage(PATHS, parse_github("CODEOWNERS", text), is_security_path)
    assert (measured.owned, measured.catch_all_owned) == (6, 5)


@pytest.mark.parametrize("pattern", ["*", "**", "/"])
def test_a_path_some_section_owns_by_name_is_not_catch_all(pattern: str) -> None:
    text = f"{pattern} @acme/all\n[Docs]\n/docs/ @acme/docs\n[Void]\n/src/ nobody\n"
    measured = measure_coverage(PATHS, parse_gitlab("CODEOWNERS", text), is_security_path)
    assert (measured.owned, measured.catch_all_owned) == (6, 5)
    assert measured.per_team == {"acme/all": 6, "acme/docs": 1}


def test_roles_are_neither_teams_nor_persons() -> None:
    file = parse_gitlab("CODEOWNERS", "* @@maintainer @acme/x @ann\n")
    measured = measure_coverage(PATHS, file, is_security_path)
    counted = (measured.role_entries, measured.team_entries, measured.person_entries)
    assert (counted, measured.entries) == ((1, 1, 1), 3)
    assert measured.per_team == {"acme/x": 6}


def test_equal_rules_of_two_directories_stay_two() -> None:
    same = "approvers: [sig]\n"
    files = {"OWNERS": same, "src/OWNERS": same, "OWNERS_ALIASES": "aliases: {sig: [ann]}\n"}
    measured = measure_coverage(PATHS, parse_tree(files), is_security_path)
    assert (measured.owned, measured.catch_all_owned) == (6, 3)
    assert measured.per_team == {"sig": 6}


def test_unread_owners_are_undecided_and_never_unowned() -> None:
    tree = parse_tree({"src/OWNERS": "approvers: [", "docs/OWNERS": "approvers: [ann]\n"})
    measured = measure_coverage(PATHS, tree, is_security_path)
    assert (measured.total, measured.owned, measured.undecided) == (6, 1, 3)
    assert measured.security_paths_undecided == 1
    assert measured.unowned_examples == ("README.md", "deploy/k.yaml")


def test_too_large_means_unowned_where_the_host_says_so_and_undecided_elsewhere() -> None:
    big = b"* @acme/x\n" + b"#" * (10 * 1024 * 1024)
    hub = measure_coverage(PATHS, parse_github("CODEOWNERS", big), is_security_path)
    lab = measure_coverage(PATHS, parse_gitlab("CODEOWNERS", big), is_security_path)
    assert (hub.owned, hub.undecided) == (0, 0)
    assert (lab.owned, lab.undecided) == (0, 6)


def test_examples_are_the_first_five_whatever_the_order() -> None:
    paths = [f"{at:03d}" for at in range(50)]
    file = parse_github("CODEOWNERS", "000 @acme/x\n")
    forward = measure_coverage(paths, file, is_security_path)
    backward = measure_coverage(reversed(paths), file, is_security_path)
    assert forward == backward
    assert forward.unowned_examples == ("001", "002", "003", "004", "005")


def test_no_path_gives_zeros() -> None:
    measured = measure_coverage([], parse_github("CODEOWNERS", "* @acme/x\n"), is_security_path)
    assert (measured.total, measured.owned, measured.unowned_examples) == (0, 0, ())


_NAMES = st.lists(st.sampled_from(["a", "b", "src", "x.go", "y.md"]), min_size=1, max_size=4)
_PATHS = st.lists(_NAMES.map("/".join), max_size=12)
_LINES = st.lists(
    st.tuples(
        st.sampled_from(["*", "/a/", "b", "*.go", "!b", "src/**/b", "[S]", "a/*", "/", "**/b/*.md"]),
        st.sampled_from(["", "@acme/x", "@ann", "nobody", "@acme/x # @acme/y"]),
    ).map(" ".join),
    max_size=8,
).map("\n".join)
_YAML = st.dictionaries(
    st.sampled_from(["OWNERS", "a/OWNERS", "a/b/OWNERS", "OWNERS_ALIASES"]),
    st.sampled_from(["approvers: [ann]", "approvers: [", "options: {no_parent_owners: true}", ""]),
)
_OWNERS = st.one_of(
    _LINES.map(lambda text: parse_github("CODEOWNERS", text)),
    _LINES.map(lambda text: parse_gitlab("CODEOWNERS", text)),
    _YAML.map(parse_tree),
)


@given(_PATHS, _OWNERS)
def test_parts_never_exceed_their_whole(paths: list[str], owners: OwnersFile | OwnersTree) -> None:
    measured = measure_coverage(paths, owners, is_security_path)
    assert measured.total == len(paths)
    assert 0 <= measured.catch_all_owned <= measured.owned <= measured.total - measured.undecided
    assert measured.security_paths_owned + measured.security_paths_undecided <= (
        measured.security_paths_total
    )
    assert measured.security_paths_owned <= measured.owned
    assert all(count <= measured.owned for count in measured.per_team.values())
    parts = measured.team_entries + measured.person_entries + measured.role_entries
    assert parts == measured.entries
