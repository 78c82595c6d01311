from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnmm_collectors.git.owners import (
    Dialect,
    OwnersFile,
    PatternIndex,
    applying_rules,
    choose_dialect,
    compile_pattern,
    measure_coverage,
    parse_aliases,
    parse_github,
    parse_gitlab,
    parse_owners,
    parse_tree,
)

_SYNTAX = st.text(alphabet="ab/*?[]!^#@\\-. \t\r\n\0\ufeff\udc80é{}:,&", max_size=80)
_CONTENT = st.one_of(st.text(max_size=80), _SYNTAX, st.binary(max_size=80))
_PATTERN = st.text(alphabet="ab/*?[]!^\\-.", min_size=1, max_size=12)
_PATH = st.lists(st.text(alphabet="ab.[]", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@given(_CONTENT, _PATH)
@example(b"\xff\xfe*\x00", "a")
@example("\ufeff", "a")
@example("! ", "a")
@example("\\", "a")
def test_no_content_makes_a_parser_raise(content: bytes | str, path: str) -> None:
    for parse in (parse_github, parse_gitlab):
        file = parse("CODEOWNERS", content)
        assert measure_coverage([path, ""], file, bool).total == 2
    assert parse_owners("a/OWNERS", content, {}).file.path == "a/OWNERS"
    parse_aliases(content)
    tree = parse_tree({"OWNERS": content, "OWNERS_ALIASES": content})
    assert measure_coverage([path], tree, bool).total == 1
    if isinstance(content, str):
        assert choose_dialect({"CODEOWNERS"}, content, None) in ("github", "gitlab")


@given(st.lists(_PATTERN, max_size=6), _PATTERN, _PATH, st.sampled_from(["github", "gitlab"]))
def test_the_index_finds_what_trying_every_pattern_finds(
    patterns: list[str], last: str, path: str, dialect: Dialect
) -> None:
    assert dialect != "kubernetes"
    globs = [compile_pattern(pattern, dialect) for pattern in [*patterns, last]]
    expected = max((at for at, glob in enumerate(globs) if glob.matches(path)), default=-1)
    assert PatternIndex(globs).last(path) == expected


def _wild(pattern: str) -> re.Pattern[str]:
    # A second, plain reading of GitHub's rules for patterns of `*`, `?` and names only.
    body = pattern.strip("/")
    lead = "" if "/" in pattern.rstrip("/") else "(?:.*/)?"
    middle = re.escape(body).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    if pattern.endswith("/"):
        return re.compile(f"{lead}{middle}/.+")
    return re.compile(f"{lead}{middle}(?:/.*)?")


_SIMPLE = st.from_regex(r"/?[ab.?]{0,2}\*?[ab.](/[ab.?]{0,2}\*?[ab.?]){0,2}/?", fullmatch=True)


@given(_SIMPLE, _PATH)
def test_patterns_agree_with_a_plain_reading(pattern: str, path: str) -> None:
    expected = _wild(pattern).fullmatch(path) is not None
    assert compile_pattern(pattern, "github").matches(path) is expected


@given(_SYNTAX, _PATH, st.sampled_from(["github", "gitlab"]))
def test_a_rule_for_a_path_at_the_end_decides_it(text: str, path: str, dialect: str) -> None:
    name = re.sub(r"([\[\]])", r"\\\1", path)
    if dialect == "github":
        file = parse_github("CODEOWNERS", f"{text}\n/{name} @acme/last\n")
    else:
        file = parse_gitlab("CODEOWNERS", f"{text}\n[Last]\n/{name} @acme/last\n")
    rules = applying_rules(file)(path)
    assert rules
    assert [owner.handle for owner in rules[-1].owners] == ["acme/last"]
    if dialect == "github":
        assert len(rules) == 1


@pytest.mark.parametrize("parse", [parse_github, parse_gitlab])
def test_five_megabytes_behind_a_byte_order_mark_are_read_or_refused(parse: object) -> None:
    assert callable(parse)
    content = b"\xef\xbb\xbf" + b"/src/module/*.go @acme/web\n" * 195_000
    assert len(content) > 5_000_000
    file = parse("CODEOWNERS", content)
    assert isinstance(file, OwnersFile)
    if file.dialect == "github":
        assert file.truncated and not file.rules
    else:
        assert len(file.rules) == 195_000
        assert [error.code for error in file.errors] == ["byte_order_mark"]


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 40 + "b", "**/" + "a*/**/" * 30 + "b", "/" + "*/" * 30 + "b", "?*" * 40 + "b"],
)
@pytest.mark.parametrize("dialect", ["github", "gitlab"])
def test_no_pattern_makes_matching_slow(pattern: str, dialect: Dialect) -> None:
    assert dialect != "kubernetes"
    glob = compile_pattern(pattern, dialect)
    started = time.process_time()
    assert not glob.matches("/".join(["a" * 60] * 60) + "/c")
    assert time.process_time() - started < 5


@pytest.mark.parametrize("winner", [0, 1, 63, 64, 100, 129, 200, 299])
def test_the_last_of_many_rules_of_every_shape_wins(winner: int) -> None:
    shapes = ["/src/{}.go", "*.{}", "{}/", "/src/?{}", "**/x*/?{}", "src/**/?{}*", "**/{}/*?z"]
    rules = [shapes[at % len(shapes)].format(f"n{at}") for at in range(300)]
    for earlier in ["/src/a.go", "*.go", "src/", "/src/?.go", "**/s*/?.go", "src/**/?.g*", "*?go"]:
        for later in ["/src/a.go", "*.go", "src/", "/src/?.go", "**/s*/?.go", "src/**/?.g*", "*?go"]:
            rules[winner], rules[winner // 2] = later, earlier
            index = PatternIndex([compile_pattern(rule, "github") for rule in rules])
            assert index.last("src/a.go") == winner


@pytest.mark.parametrize("shape", ["*f?n{}x", "/src/?{}x", "src/**/?{}x*", "/?rc/*/?{}x"])
def test_no_rule_of_many_alike_is_lost(shape: str) -> None:
    index = PatternIndex([compile_pattern(shape.format(at), "github") for at in range(200)])
    for at in range(200):
        assert at in (index.last(f"src/{name}{at}x") for name in ("an", "f0n", "a")) or (
            index.last(f"src/b/a{at}x") == at
        )
