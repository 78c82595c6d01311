"""A folder of two repositories, people and a planted secret in them; damage is done to one of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.plugin import Target
from contract.worlds import CREDENTIAL, World
from unit.collectors.git.repos import JANE, OMAR, WEI, History, git

PARTS = ("git",)
REALITIES = ("whole", "empty repository", "bare")
FAULTS = (
    "shallow",
    "corrupt pack",
    "lost blob",
    "unreadable",
    "hostile configuration",
    "unborn head",
    "cut short",
    "broken gitdir",
)
SECRET = "ghp_" + "Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0KkLlMm"
CANARIES = ("Jane Roe", "jane.roe@example.com", "Omar Diaz", "omar@example.com", "planted-login", SECRET)
FILES: dict[str | bytes, str | bytes | None] = {
    "README.md": f"# Shop\nAsk @planted-login <omar@example.com>, token {SECRET}\n",
    "CODEOWNERS": "* @acme/payments\n/src @planted-login\n",
    "Dockerfile": "FROM scratch\nUSER 1000\n",
    "src/a.py": "def main():\n    return 1\n",
    "docs/runbook.md": "# Runbook\n1. Roll back\n2. Call the owner\n",
    "docs/adr/0001-queue.md": "# Use a queue\n\nStatus: accepted\n\n"
    "Date: 2026-10-01\n\n## Decision\n\nA queue.\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: x\n"
    "    steps: [{run: make}, {uses: acme/x@v1}]\n",
    "deploy/app.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\n"
    "spec: {template: {spec: {containers: [{name: a, image: 'x:1'}]}}}\n",
    "SECURITY.md": "## Preferred\nTLS\n",
}


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Make the folder `group` with `shop`, which is damaged, and `till`, which never is."""
    group, trap = folder / "group", folder / "trap"
    shop = _shop(group / "shop")
    _history({**FILES, "src/b.py": "b = 1\n"}).write(group / "till")
    damage(state, shop, folder, trap)
    target = Target("path", str(group), CREDENTIAL, facts=(("organisation", "acme"),))
    yield World(
        (target,),
        trees=(group,),
        canaries=CANARIES,
        traps=(trap,),
        as_nobody=state == "unreadable",
        settings={"max_seconds": 0.0001} if state == "cut short" else {},
    )


def _history(files: dict[str | bytes, str | bytes | None]) -> History:
    history = History()
    history.commit(files, 200, JANE)
    for number, person in enumerate((JANE, OMAR, WEI, JANE)):
        history.commit({"src/a.py": f"def main():\n    return {number}\n"}, 40 - number, person)
    history.commit({"docs/runbook.md": "# Runbook\n1. Roll back slowly\n"}, 20, OMAR)
    return history


def _shop(folder: Path) -> Path:
    return _history(FILES).write(folder)


def damage(state: str, shop: Path, folder: Path, trap: Path) -> None:
    """Bring a repository into one of the states; healthy ones that are not named are left as they are."""
    if state in ("empty repository", "bare", "shallow"):
        _replace(state, shop, folder / "origin")
    elif state == "corrupt pack":
        _overwrite_objects(shop)
    elif state == "lost blob":
        _lose(shop, git(shop, "rev-parse", "HEAD:Dockerfile").decode().strip())
    elif state == "unreadable":
        (shop / ".git" / "objects").chmod(0)
    elif state == "hostile configuration":
        _poison(shop, folder, trap)
    elif state == "unborn head":
        git(shop, "symbolic-ref", "HEAD", "refs/heads/elsewhere")
    elif state == "broken gitdir":
        shutil.rmtree(shop / ".git")
        (shop / ".git").write_text("gitdir: /nowhere\n")


def _replace(state: str, shop: Path, origin: Path) -> None:
    shutil.move(shop, origin)
    if state == "empty repository":
        git(shop.parent, "init", "-q", "-b", "main", shop.name)
        return
    how = ("--bare",) if state == "bare" else ("--depth=1",)
    git(shop.parent, "clone", "-q", *how, f"file://{origin}", shop.name)
    git(shop, "remote", "remove", "origin")


def _overwrite_objects(shop: Path) -> None:
    for part in [*(shop / ".git" / "objects").glob("pack/*.pack"), *(shop / ".git" / "objects").glob("??/*")]:
        part.chmod(0o644)
        raw = part.read_bytes()
        part.write_bytes(raw[:12] + bytes(len(raw) - 12))


def _lose(shop: Path, oid: str) -> None:
    packs = shop / ".git" / "objects" / "pack"
    for pack in packs.glob("*.pack"):
        raw = pack.read_bytes()
        for part in packs.glob(pack.stem + ".*"):
            part.unlink()
        git(shop, "unpack-objects", "-q", stdin=raw)
    (shop / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


def _poison(shop: Path, folder: Path, trap: Path) -> None:
    script = folder / "script"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "pager.log",
        "diff.external",
        "diff.evil.textconv",
        "filter.evil.smudge",
        "filter.evil.process",
        "gpg.program",
        "core.alternateRefsCommand",
        "core.askPass",
        "uploadpack.packObjectsHook",
    ):
        git(shop, "config", key, str(script))
    for key, value in {
        "credential.helper": f"!{script}",
        "alias.log": f"!{script}",
        "core.worktree": "/",
        "log.date": "format:%Y",
        "log.showSignature": "true",
    }.items():
        git(shop, "config", key, value)
    (shop / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
