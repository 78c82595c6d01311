from __future__ import annotations

import pytest

from cnmm_collectors.git.owners import Dialect, choose_dialect, locate

HUB, ROOT, DOCS, LAB = (
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
)


@pytest.mark.parametrize(
    ("paths", "dialect", "found"),
    [
        ({HUB, ROOT, DOCS, LAB}, "github", HUB),
        ({ROOT, DOCS, LAB}, "github", ROOT),
        ({DOCS, LAB}, "github", DOCS),
        ({LAB}, "github", None),
        ({HUB, ROOT, DOCS, LAB}, "gitlab", ROOT),
        ({HUB, DOCS, LAB}, "gitlab", DOCS),
        ({HUB, LAB}, "gitlab", LAB),
        ({HUB}, "gitlab", None),
        ({"src/CODEOWNERS", "codeowners"}, "github", None),
        ({"OWNERS", "a/OWNERS"}, "kubernetes", "OWNERS"),
        ({"b/OWNERS", "a/b/OWNERS", "a/OWNERS"}, "kubernetes", "a/OWNERS"),
        ({"a"}, "kubernetes", None),
    ],
)
def test_the_first_place_the_host_looks_wins(paths: set[str], dialect: Dialect, found: str | None) -> None:
    assert locate(paths, dialect) == found


@pytest.mark.parametrize(
    ("paths", "text", "host", "dialect"),
    [
        ({ROOT}, "[Docs]\n", "github.com", "github"),
        ({LAB}, "", "GitHub.example.org", "github"),
        ({ROOT}, "", "acme.ghe.com", "github"),
        ({HUB}, "", "gitlab.example.org", "gitlab"),
        ({ROOT}, "", "my-gitlab.example.org", "gitlab"),
        ({HUB}, "[Docs]\n", "git.example.org", "github"),
        ({LAB}, "", None, "gitlab"),
        ({HUB, LAB}, "* @acme/x\n", None, "github"),
        ({ROOT}, "* @acme/x\n^[Docs][2] @acme/y\n", None, "gitlab"),
        ({ROOT}, "* @@maintainer\n", "", "gitlab"),
        ({ROOT}, "# [Docs]\na[0-9] @x\n* @acme/x\n", None, "github"),
        ({ROOT, "OWNERS"}, "", None, "github"),
        ({"a/OWNERS"}, None, "github.com", "kubernetes"),
        (set(), None, None, "github"),
    ],
)
def test_host_then_place_then_text_tell_the_dialect(
    paths: set[str], text: str | None, host: str | None, dialect: Dialect
) -> None:
    assert choose_dialect(paths, text, host) == dialect
