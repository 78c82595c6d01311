from __future__ import annotations

import pytest

from cnmm_collectors.git.owners import Owner, OwnersFile, applying_rules, parse_gitlab


def owners_of(file: OwnersFile, path: str) -> list[str]:
    rules = applying_rules(file)(path)
    assert rules is not None
    return [owner.handle for rule in rules for owner in rule.owners]


def codes(file: OwnersFile) -> list[tuple[int, str]]:
    return [(error.line, error.code) for error in file.errors]


@pytest.mark.parametrize(
    ("pattern", "covered", "spared"),
    [
        ("*", ["a", "a/b", ".x/y"], []),
        ("/", ["a", "a/b"], []),
        ("**", ["a", "a/b"], []),
        ("/**", ["a"], ["a/b"]),
        ("/*", ["a"], ["a/b"]),
        ("README.md", ["README.md", "a/b/README.md"], ["README.md/a"]),
        ("internal/README.md", ["internal/README.md", "a/internal/README.md"], ["README.md"]),
        ("/docs/README.md", ["docs/README.md"], ["a/docs/README.md"]),
        ("docs", ["docs", "a/docs"], ["docs/a"]),
        ("docs/", ["docs/a", "docs/a/b", "x/docs/a"], ["docs"]),
        ("/docs/", ["docs/a/b"], ["x/docs/a"]),
        ("/docs/*", ["docs/a", "docs/.a"], ["docs/a/b"]),
        ("/docs/**/*.md", ["docs/a.md", "docs/x/y/a.md"], ["a.md", "docs/a.txt"]),
        ("/docs/**", ["docs/a"], ["docs/a/b"]),
        ("src/*.rb", ["src/a.rb", "x/src/a.rb"], ["src/x/a.rb"]),
        ("v[0-9].md", ["v1.md", "a/v2.md"], ["vx.md", "v[0-9].md"]),
        ("v[!0-9].md", ["vx.md"], ["v1.md", "v/.md"]),
        ("v[z-a].md", [], ["vz.md", "va.md"]),
        (r"v[\]a].md", ["v].md", "va.md"], ["vb.md"]),
        ("/[Section", [], ["[Section", "S"]),
        (r"\#file.rb", ["#file.rb"], ["file.rb"]),
        (r"path\ with/", ["path with/a"], ["path/a"]),
    ],
)
def test_a_pattern_covers_what_the_host_says(pattern: str, covered: list[str], spared: list[str]) -> None:
    file = parse_gitlab("CODEOWNERS", f"{pattern} @acme/web\n")
    assert file.errors == ()
    for path in covered:
        assert owners_of(file, path) == ["acme/web"], path
    for path in spared:
        assert owners_of(file, path) == [], path


def test_each_section_decides_by_its_last_match_and_all_apply() -> None:
    file = parse_gitlab(
        "CODEOWNERS",
        "* @g/all\n[Readme]\nREADME.md @g/one @g/two\ninternal/README.md @g/four\n"
        "[Other readme]\nREADME.md @g/three\n",
    )
    assert owners_of(file, "README.md") == ["g/all", "g/one", "g/two", "g/three"]
    assert owners_of(file, "internal/README.md") == ["g/all", "g/four", "g/three"]
    assert owners_of(file, "x") == ["g/all"]


@pytest.mark.parametrize(
    ("heading", "section", "optional", "approvals", "reported"),
    [
        ("[Docs]", "Docs", False, 1, []),
        ("^[Docs]", "Docs", True, 1, []),
        ("[Docs][2]", "Docs", False, 2, []),
        ("^[Docs and more][12] @g/x", "Docs and more", True, 12, []),
        ("[Docs][0]", "Docs", False, 1, [(1, "invalid_approvals")]),
        ("[Docs][two]", "Docs", False, 1, [(1, "invalid_approvals")]),
        ("[Docs][]", "Docs", False, 1, [(1, "invalid_approvals")]),
    ],
)
def test_a_heading_names_its_section(
    heading: str, section: str, optional: bool, approvals: int, reported: list[tuple[int, str]]
) -> None:
    file = parse_gitlab("CODEOWNERS", f"{heading}\n*.md @g/docs\n")
    (rule,) = file.rules
    assert (rule.section, rule.optional, rule.approvals) == (section, optional, approvals)
    assert codes(file) == reported


@pytest.mark.parametrize("heading", ["[Docs", "[] @g/x", "^[", "[Docs]@g/x", "[ ]"])
def test_an_unreadable_heading_is_an_entry_of_the_section_before(heading: str) -> None:
    file = parse_gitlab("CODEOWNERS", f"[First]\n*.md @g/docs\n{heading}\ndocs/ @g/x\n")
    assert [rule.section for rule in file.rules] == ["First"] * 3
    assert (3, "unparsable_section") in codes(file)


def test_default_owners_are_inherited_by_entries_without_owners_only() -> None:
    file = parse_gitlab(
        "CODEOWNERS",
        "[Database] @g/db @ann\nmodel/\nconfig/ @g/docs\nbad/ nobody\n[Plain]\nplain/\n",
    )
    assert owners_of(file, "model/a") == ["g/db", "ann"]
    assert owners_of(file, "config/a") == ["g/docs"]
    assert owners_of(file, "bad/a") == []
    assert owners_of(file, "plain/a") == []
    assert codes(file) == [(4, "invalid_owner"), (4, "no_owners"), (6, "no_owners")]


def test_sections_of_one_name_merge_whatever_their_case() -> None:
    file = parse_gitlab(
        "CODEOWNERS",
        "^[Docs][3]\n*.md @g/one\n[Other]\n*.md @g/other\n[DOCS][2] @g/late\nREADME.md\n",
    )
    docs = [rule for rule in file.rules if rule.section == "Docs"]
    assert [(rule.line, rule.optional, rule.approvals) for rule in docs] == [
        (2, False, 2),
        (6, False, 2),
    ]
    assert sorted(owners_of(file, "README.md")) == ["g/late", "g/other"]
    assert sorted(owners_of(file, "a.md")) == ["g/one", "g/other"]


def test_an_exclusion_holds_in_its_section_and_is_final() -> None:
    file = parse_gitlab(
        "CODEOWNERS",
        "* @g/all\n!pom.xml\n!gen/\npom.xml @g/java\n/gen/keep @g/keep\n[Config]\n/gen/ @g/ops\n",
    )
    assert owners_of(file, "a/pom.xml") == []
    assert owners_of(file, "gen/keep") == ["g/ops"]
    assert owners_of(file, "a") == ["g/all"]
    assert file.errors == ()


def test_an_exclusion_of_nothing_is_skipped() -> None:
    file = parse_gitlab("CODEOWNERS", "* @g/all\n! pom.xml\n")
    assert owners_of(file, "pom.xml") == ["g/all"]
    assert codes(file) == [(2, "invalid_pattern")]


def test_owners_in_what_looks_like_a_comment_count() -> None:
    file = parse_gitlab("CODEOWNERS", "# @g/no\n*.md @g/docs # ask @g/more please\n")
    assert owners_of(file, "a.md") == ["g/docs", "g/more"]
    assert codes(file) == [(2, "inline_comment"), (2, "invalid_owner")]


def test_malformed_owners_are_ignored_one_by_one() -> None:
    file = parse_gitlab("CODEOWNERS", "/p/* @group/x user_without @with @g//x @@guest a@b\n")
    assert owners_of(file, "p/a") == ["group/x", "with"]
    assert codes(file) == [(1, "invalid_owner")]


@pytest.mark.parametrize(
    ("token", "owner"),
    [
        ("@g/sub", Owner("group", "g/sub")),
        ("@g/with-nested/sub.x", Owner("group", "g/with-nested/sub.x")),
        ("@Platform", Owner("group", "Platform")),
        ("@ann", Owner("person", "ann")),
        ("@@maintainer", Owner("role", "maintainer")),
        ("@@Developers", Owner("role", "developer")),
        ("ann@example.org", Owner("email", "ann@example.org")),
    ],
)
def test_spelling_and_known_groups_tell_the_kind(token: str, owner: Owner) -> None:
    file = parse_gitlab("CODEOWNERS", f"* {token}", groups=frozenset({"platForm"}))
    assert file.rules[0].owners == (owner,)


def test_a_name_without_slash_is_a_person_unless_said_otherwise() -> None:
    assert parse_gitlab("CODEOWNERS", "* @platform").rules[0].owners[0].kind == "person"


def test_marks_bytes_and_line_ends() -> None:
    file = parse_gitlab("CODEOWNERS", b"\xef\xbb\xbf[Docs] @g/docs\r\n*.md\r\ncaf\xe9 @g/x\r\n")
    assert owners_of(file, "a.md") == ["g/docs"]
    assert codes(file) == [(1, "byte_order_mark"), (3, "not_utf8")]


def test_a_file_over_the_limit_is_not_read() -> None:
    file = parse_gitlab("CODEOWNERS", b"* @g/all\n" + b"#" * (10 * 1024 * 1024))
    assert (file.rules, file.truncated) == ((), True)
    assert applying_rules(file)("a") is None


def test_no_error_and_no_repr_shows_a_person() -> None:
    text = "[Docs] @secretann secretann\n* secretann@mail.example.org # @secretann,\n[secret\n"
    file = parse_gitlab("CODEOWNERS", text)
    assert len(file.errors) >= 3
    assert "secretann" not in repr(file)
