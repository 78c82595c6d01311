from __future__ import annotations

import pytest

from cnmm_collectors.git.owners import Owner, OwnersFile, applying_rules, parse_github


def owners_of(file: OwnersFile, path: str) -> list[str]:
    rules = applying_rules(file)(path)
    assert rules is not None
    return [owner.handle for rule in rules for owner in rule.owners]


def codes(file: OwnersFile) -> list[tuple[int, str]]:
    return [(error.line, error.code) for error in file.errors]


@pytest.mark.parametrize(
    ("pattern", "covered", "spared"),
    [
        ("*", ["a", "a/b.c", ".x/y"], []),
        ("**", ["a", "a/b/c"], []),
        ("/**", ["a", "a/b/c"], []),
        ("/", [], ["a", "a/b"]),
        ("/*", ["a"], ["a/b"]),
        ("*.go", ["m.go", "a/m.go", "a.go/x"], ["m.go.txt", "a/mgo"]),
        ("docs", ["docs", "docs/a", "x/docs/a/b"], ["docs2/a", "mydocs"]),
        ("docs/", ["docs/a", "x/docs/a/b"], ["docs", "x/docs"]),
        ("/docs/", ["docs/a/b"], ["x/docs/a", "docs"]),
        ("src/api", ["src/api", "src/api/x"], ["lib/src/api", "src/apis"]),
        ("src/*", ["src/a"], ["src/a/b", "x/src/a"]),
        ("src/*.py", ["src/a.py"], ["src/b/a.py", "a.py"]),
        ("src/*/gen", ["src/a/gen", "src/a/gen/x"], ["src/gen", "src/a/b/gen"]),
        ("src/**", ["src/a", "src/a/b"], ["src", "x/src/a"]),
        ("src/**/gen", ["src/gen", "src/a/b/gen/x"], ["gen", "src/again"]),
        ("**/gen/*.py", ["gen/a.py", "x/y/gen/a.py"], ["gen/x/a.py"]),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c/d"], ["a/c", "a/b/x"]),
        ("v?.md", ["v1.md", "x/v2.md"], ["v10.md", "v/.md"]),
        (r"a\*b", ["a*b"], ["axb", "ab"]),
        (r"with\ space.md", ["with space.md", "x/with space.md"], ["with", "space.md"]),
        ("Docs/", ["Docs/a"], ["docs/a"]),
        ("a/b*c*d", ["a/bcd", "a/bxcyd/z"], ["a/bdc", "a/b/c/d"]),
        ("x.y", ["x.y"], ["xzy"]),
        ("+(a)|^$", ["+(a)|^$"], ["a"]),
    ],
)
def test_a_pattern_covers_what_the_host_says(pattern: str, covered: list[str], spared: list[str]) -> None:
    file = parse_github("CODEOWNERS", f"{pattern} @acme/web\n")
    assert file.errors == ()
    for path in covered:
        assert owners_of(file, path) == ["acme/web"], path
    for path in spared:
        assert owners_of(file, path) == [], path


def test_the_last_matching_line_decides_and_empty_owners_unset() -> None:
    file = parse_github("CODEOWNERS", "* @acme/all\n/apps/ @acme/apps @ann\n/apps/open\n*.md @acme/docs\n")
    assert owners_of(file, "x") == ["acme/all"]
    assert owners_of(file, "apps/x") == ["acme/apps", "ann"]
    assert owners_of(file, "apps/open/x") == []
    assert owners_of(file, "apps/open/x.md") == ["acme/docs"]
    assert file.errors == ()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("!a.md @acme/web", "negation_unsupported"),
        (r"\#a.md @acme/web", "escaped_hash_unsupported"),
        ("a[0-9].md @acme/web", "brackets_unsupported"),
        ("[Docs]", "brackets_unsupported"),
        ("[Docs] @acme/docs", "brackets_unsupported"),
        ("^[Docs][2] @acme/docs", "brackets_unsupported"),
        ("a[ @acme/web", "brackets_unsupported"),
        ("a***b @acme/web", "invalid_pattern"),
        ("*.md acme/web", "invalid_owner"),
        ("*.md @acme/web @@maintainer", "invalid_owner"),
        ("*.md @acme/web @a/b/c", "invalid_owner"),
        ("*.md @acme/web @", "invalid_owner"),
        ("*.md ann@", "invalid_owner"),
        ("*.md @acme/web,@acme/docs", "invalid_owner"),
    ],
)
def test_a_line_the_host_refuses_is_skipped_and_reported(line: str, code: str) -> None:
    file = parse_github("CODEOWNERS", f"* @acme/all\n{line}\n*.go @acme/go\n")
    assert [rule.line for rule in file.rules] == [1, 3]
    assert codes(file) == [(2, code)]
    assert owners_of(file, "a.md") == ["acme/all"]


def test_an_escaped_bracket_is_a_plain_character() -> None:
    file = parse_github("CODEOWNERS", r"pages/\[id\].ts @acme/web")
    assert owners_of(file, "pages/[id].ts") == ["acme/web"]


def test_a_comment_behind_the_owners_names_nobody() -> None:
    file = parse_github("CODEOWNERS", "# @acme/x\n  # y\n*.go @acme/go # ask @ann\n*.md #@acme/x\n")
    assert owners_of(file, "a.go") == ["acme/go"]
    assert owners_of(file, "a.md") == []
    assert file.errors == ()


@pytest.mark.parametrize(
    ("token", "owner"),
    [
        ("@acme/web-2.x", Owner("team", "acme/web-2.x")),
        ("@ann-b", Owner("person", "ann-b")),
        ("@ann_corp", Owner("person", "ann_corp")),
        ("ann.b+x@mail.example.org", Owner("email", "ann.b+x@mail.example.org")),
    ],
)
def test_spelling_tells_team_person_and_address(token: str, owner: Owner) -> None:
    assert parse_github("CODEOWNERS", f"* {token}").rules[0].owners == (owner,)


def test_windows_line_ends_and_tabs_are_blanks() -> None:
    file = parse_github("CODEOWNERS", b"*\t@acme/all\r\n\r\n/a  \t @acme/a \r\n")
    assert [(rule.line, rule.pattern) for rule in file.rules] == [(1, "*"), (3, "/a")]
    assert file.errors == ()


def test_a_byte_order_mark_is_tolerated_on_the_first_line_only() -> None:
    file = parse_github("CODEOWNERS", "\ufeff* @acme/all\n\ufeff*.md @acme/docs\n".encode())
    assert owners_of(file, "a.md") == ["acme/all"]
    assert codes(file) == [(1, "byte_order_mark")]


def test_a_line_that_is_not_utf8_is_lost_alone() -> None:
    content = b"* @acme/all\ncaf\xe9/ @acme/x\n/a\0b @acme/x\nb/ @acme/b\n"
    for given in (content, content.decode("utf-8", "surrogateescape")):
        file = parse_github("CODEOWNERS", given)
        assert [rule.line for rule in file.rules] == [1, 4]
        assert codes(file) == [(2, "not_utf8"), (3, "nul_byte")]


def test_a_path_with_bytes_that_are_not_utf8_is_matched_by_wildcards() -> None:
    path = b"docs/caf\xe9\n.md".decode("utf-8", "surrogateescape")
    assert owners_of(parse_github("CODEOWNERS", "*.md @acme/docs"), path) == ["acme/docs"]
    assert owners_of(parse_github("CODEOWNERS", "docs/*f?\n"), path) == []


@pytest.mark.parametrize(("extra", "used"), [(-1, True), (0, False), (1, False)])
def test_a_file_of_three_megabytes_is_not_used(extra: int, used: bool) -> None:
    line = b"* @acme/all\n"
    content = line + b"#" * (3_000_000 + extra - len(line))
    for given in (content, content.decode()):
        file = parse_github("CODEOWNERS", given)
        assert bool(file.rules) is used
        assert file.truncated is not used
        assert codes(file) == ([] if used else [(0, "too_large")])


def test_no_error_and_no_repr_shows_a_person() -> None:
    file = parse_github(
        "CODEOWNERS",
        "!x @secretann\n* secretann\n* @secretann x@\n* secretann@mail.example.org bad\n"
        "a @secretann secretann@mail.example.org\n",
    )
    assert len(file.errors) == 4
    assert len(file.rules) == 1
    assert "secretann" not in repr(file)
