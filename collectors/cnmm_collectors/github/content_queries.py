"""The GraphQL questions about files: a hundred contents in one request, or who worked on which folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_CONTENT: Final = "fragment Content on Blob { oid byteSize isBinary isTruncated text }"
_WORK: Final = """fragment Work on CommitHistoryConnection {
  totalCount
  nodes {
    committedDate changedFilesIfAvailable
    parents { totalCount }
    author { name email user { login } }
  }
}"""


def contents_query(oids: Sequence[str]) -> str:
    """Return the question for the contents of blobs, the first as `b0`; each id is 40 hexadecimal digits."""
    asked = "\n".join(
        f'    b{number}: object(oid: "{oid}") {{ ...Content }}' for number, oid in enumerate(oids)
    )
    return (
        "query($org: String!, $name: String!) {\n  repository(owner: $org, name: $name) {\n"
        f"{asked}\n  }}\n}}\n{_CONTENT}\n"
    )


def work_query(count: int, first: int = 20) -> str:
    """Return the question for the newest commits since a moment below `$p0`, `$p1` and so on, as `f0`, ..."""
    given = "".join(f", $p{number}: String" for number in range(count))
    asked = "\n".join(
        f"        f{number}: history(first: {first}, since: $since, path: $p{number}) {{ ...Work }}"
        for number in range(count)
    )
    return (
        "query($org: String!, $name: String!, $commit: GitObjectID!, $since: GitTimestamp!"
        f"{given}) {{\n  repository(owner: $org, name: $name) {{\n    tip: object(oid: $commit) {{\n"
        f"      __typename\n      ... on Commit {{\n{asked}\n      }}\n    }}\n  }}\n}}\n{_WORK}\n"
    )


def paths_of(folders: Sequence[str]) -> Mapping[str, str | None]:
    """Return the variables of `work_query`: no path at all stands for the whole repository."""
    return {f"p{number}": folder or None for number, folder in enumerate(folders)}


ALL: Final = {"contents": contents_query(["0" * 40, "1" * 40]), "work": work_query(2)}
"""A sample of each, for those who hold the questions against the host's schema."""
