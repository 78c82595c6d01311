"""What a recipe is made of: commits in order, and small ways to write many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit on `main`: day `YYYY-MM-DD`, who (a key of `PEOPLE`), subject, files; None deletes one."""

    day: str
    who: str
    subject: str
    files: Mapping[str, str | None]
    together_with: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository: its team, and its commits, oldest first; none makes an empty one."""

    name: str
    team: str
    commits: tuple[Commit, ...]
    bare: bool = False


def text(block: str) -> str:
    """Return a file's text from an indented block."""
    return dedent(block).lstrip("\n")


def python_code(about: str, parts: int) -> str:
    """Return a Python module with so many functions."""
    head = f'"""{about}"""\n'
    return head + "".join(
        f"\n\ndef step_{n}(amount: int) -> int:\n    return amount + {n}\n" for n in range(1, parts + 1)
    )


def typescript_code(about: str, parts: int) -> str:
    """Return a TypeScript module with so many functions."""
    body = (
        f"\nexport function step{n}(amount: number): number {{\n  return amount + {n};\n}}\n"
        for n in range(1, parts + 1)
    )
    return f"// {about}\n" + "".join(body)


def go_code(package: str, parts: int) -> str:
    """Return a Go file with so many functions."""
    body = (f"\nfunc step{n}(amount int) int {{\n\treturn amount + {n}\n}}\n" for n in range(1, parts + 1))
    return f"package {package}\n" + "".join(body)


def modules(folder: str, suffix: str, names: str) -> dict[str, str | None]:
    """Return one source file for each name in a folder."""
    make = {"py": python_code, "ts": typescript_code, "go": go_code}[suffix]
    about = folder.rpartition("/")[2]
    return {f"{folder}/{name}.{suffix}": make(about, 2) for name in names.split()}


def in_order(commits: Iterable[Commit]) -> tuple[Commit, ...]:
    """Return the commits by day; those of one day stay as they were given."""
    return tuple(sorted(commits, key=lambda commit: commit.day))


def steps(who: str, subject: str, path: str, versions: Iterable[tuple[str, str]]) -> Iterator[Commit]:
    """Yield one commit for each (day, new text) of one file."""
    for day, content in versions:
        yield Commit(day, who, subject, {path: content})
