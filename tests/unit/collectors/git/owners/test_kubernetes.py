from __future__ import annotations

import pytest

from cnmm_collectors.git.owners import (
    Owner,
    OwnersTree,
    applying_rules,
    parse_aliases,
    parse_owners,
    parse_tree,
)

ALIASES = "aliases:\n  sig-net:\n    - ann\n    - Bob\n    - ANN\n  empty: []\n"


def owners_of(tree: OwnersTree, path: str) -> list[str] | None:
    rules = applying_rules(tree)(path)
    return None if rules is None else [owner.handle for rule in rules for owner in rule.owners]


def test_the_nearest_directory_that_names_approvers_decides() -> None:
    tree = parse_tree(
        {
            "OWNERS": "approvers: [root]\n",
            "a/OWNERS": "approvers: [alpha]\n",
            "a/b/OWNERS": "reviewers: [beta]\n",
            "a/c/OWNERS": "options: {no_parent_owners: true}\nreviewers: [gamma]\n",
        }
    )
    assert owners_of(tree, "x/y") == ["root"]
    assert owners_of(tree, "a/OWNERS") == ["alpha"]
    assert owners_of(tree, "a/b/z") == ["alpha"]
    assert owners_of(tree, "a/c/z") == []
    assert owners_of(tree, "ab/z") == ["root"]


def test_aliases_and_teams_are_teams_and_an_empty_alias_is_nobody() -> None:
    tree = parse_tree(
        {"OWNERS_ALIASES": ALIASES, "OWNERS": "approvers: [SIG-Net, empty, Acme/dep, '@ann', 7]\n"}
    )
    (rule,) = tree.directories[""].file.rules
    assert tree.aliases == {"sig-net": 2, "empty": 0}
    assert rule.owners == (
        Owner("team", "sig-net"),
        Owner("team", "acme/dep"),
        Owner("person", "ann"),
        Owner("person", "7"),
    )
    assert [(error.line, error.code) for error in tree.directories[""].file.errors] == [(1, "invalid_owner")]


def test_filters_are_searched_in_the_path_below_their_directory() -> None:
    text = (
        'filters:\n  ".*":\n    approvers: [all]\n  "^go\\\\.(mod|sum)$":\n'
        "    approvers: [deps]\n    reviewers: [more]\n"
    )
    tree = parse_tree({"lib/OWNERS": text})
    assert owners_of(tree, "lib/go.mod") == ["all", "deps"]
    assert owners_of(tree, "lib/x/go.mod") == ["all"]
    assert owners_of(tree, "go.mod") == []


def test_lists_beside_filters_win() -> None:
    text = 'approvers: [ann]\nfilters:\n  ".*": {approvers: [bob]}\n'
    entry = parse_owners("OWNERS", text, {})
    assert [rule.owners for rule in entry.file.rules] == [(Owner("person", "ann"),)]
    assert [(error.line, error.code) for error in entry.file.errors] == [(3, "filters_ignored")]
    assert entry.complete


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|b)*c",
        "a*b*c*d",
        "(?=a)b",
        "[a",
        "(",
        "a{1,9}",
        "x?" * 5,
        "(a)(b)(c)",
        "b" * 201,
        r"(a)\1",
    ],
)
def test_a_filter_that_might_not_end_leaves_the_directory_undecided(pattern: str) -> None:
    text = f"filters:\n  '{pattern}':\n    approvers: [ann]\n"
    tree = parse_tree({"OWNERS": "approvers: [root]\n", "a/OWNERS": text})
    assert tree.directories["a"].file.errors[0].code == "unsupported_filter"
    assert owners_of(tree, "a/x") is None
    assert owners_of(tree, "x") == ["root"]


def _nested(levels: int) -> str:
    return "approvers: " + "[" * levels + "]" * levels


def _bomb() -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{at}: &a{at} [" + f"*a{at - 1}, " * 8 + "]" for at in range(1, 9)]
    return "\n".join([*lines, "approvers: *a8"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("approvers: [", "malformed_yaml"),
        ("approvers: [a]\n---\napprovers: [b]\n", "malformed_yaml"),
        ("approvers: *nobody\n", "malformed_yaml"),
        ("\x01", "malformed_yaml"),
        (_bomb(), "unsafe_yaml"),
        (_nested(40), "unsafe_yaml"),
        (_nested(400_000), "unsafe_yaml"),
        ("#" * (1024 * 1024 + 1), "too_large"),
        (b"approvers: [caf\xe9]\n", "not_utf8"),
        ("- ann\n", "not_a_mapping"),
        ("ann", "not_a_mapping"),
        ("approvers: ann\n", "not_a_list"),
        ("approvers: {ann: 1}\n", "not_a_list"),
        ("approvers: [[ann]]\n", "not_a_list"),
        ("filters: [ann]\n", "not_a_mapping"),
        ("filters: {'.*': [ann]}\n", "not_a_mapping"),
    ],
)
def test_what_cannot_be_read_is_undecided_not_unowned(content: bytes | str, code: str) -> None:
    tree = parse_tree({"OWNERS": "approvers: [root]\n", "a/OWNERS": content})
    entry = tree.directories["a"]
    assert [error.code for error in entry.file.errors] == [code]
    assert entry.file.rules == ()
    assert entry.file.truncated is (code == "too_large")
    assert owners_of(tree, "a/x") is None
    assert owners_of(tree, "b/x") == ["root"]


@pytest.mark.parametrize("content", ["", "# nothing\n", "approvers:\n", "labels: [x]\n", "a: !!x y"])
def test_a_file_without_approvers_leaves_its_parent_in_force(content: str) -> None:
    tree = parse_tree({"OWNERS": "approvers: [root]\n", "a/OWNERS": content})
    assert owners_of(tree, "a/x") == ["root"]


def test_few_aliases_within_the_file_are_read() -> None:
    entry = parse_owners("OWNERS", "reviewers: &all [ann, bob]\napprovers: *all\n", {})
    assert [rule.section for rule in entry.file.rules] == ["approvers", "reviewers"]
    assert len(entry.file.rules[0].owners) == 2


def test_a_plain_scalar_is_a_name_whatever_yaml_would_make_of_it() -> None:
    entry = parse_owners("OWNERS", "approvers: [on, 123, 2001-99-99]\n", {})
    assert [owner.handle for owner in entry.file.rules[0].owners] == ["on", "123", "2001-99-99"]


@pytest.mark.parametrize("content", ["", "- a", "aliases: [a]", "aliases: {a: [", "\ud800"])
def test_an_unusable_aliases_file_is_reported(content: str) -> None:
    sizes, errors = parse_aliases(content)
    assert (sizes, len(errors)) == ({}, 1)


def test_no_error_and_no_repr_shows_a_person() -> None:
    tree = parse_tree(
        {
            "OWNERS": "approvers: [secretann, 'secretann !', secretann@mail.example.org]\n",
            "a/OWNERS": "approvers: [secretann\nsecretann: *secretann\n",
            "OWNERS_ALIASES": "aliases: {x: [secretann",
        }
    )
    assert len(tree.directories["a"].file.errors) == 1
    assert "secretann" not in repr(tree)


def test_an_alias_whose_members_are_no_list_is_nobody_and_reported() -> None:
    sizes, errors = parse_aliases("aliases:\n  x: [ann]\n  y: ann\n")
    assert sizes == {"x": 1, "y": 0}
    assert [(error.line, error.code) for error in errors] == [(3, "not_a_list")]
