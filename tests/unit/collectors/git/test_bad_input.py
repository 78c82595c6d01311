"""Broken, hostile and odd repositories: a clear line, honest readings, and nothing executed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cnmm_collectors.signals import Absent, Gap, Observed, Unknown
from unit.collectors.git.repos import AS_OF, JANE, OMAR, History, Outcome, git, make_reader, scan

CODE = "def main():\n    return 1\n"


def simple(days: float = 10) -> History:
    history = History()
    history.commit({"src/a.py": CODE, "docs/a.md": "# A\n", "Dockerfile": "FROM scratch\n"}, days + 1)
    history.commit({"src/a.py": CODE + "#"}, days, OMAR)
    return history


def assert_nothing_observed(out: Outcome) -> None:
    assert out.signals
    assert not [signal for signal in out.signals if not isinstance(signal.reading, Unknown)]


def test_a_repository_without_commits_is_outside_every_population(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "shop")
    out = scan(tmp_path / "shop")
    assert out.components == ["acme/shop"]
    assert {type(signal.reading) for signal in out.signals} == {Absent}
    reading = out.reading("ci.pipeline_ratio")
    assert isinstance(reading, Absent)
    assert reading.evidence[0].query == "git rev-parse --verify HEAD"
    assert "empty" in out.row("repository").detail


def test_an_unborn_head_beside_other_branches_is_not_empty(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    git(folder, "symbolic-ref", "HEAD", "refs/heads/elsewhere")
    out = scan(folder)
    assert_nothing_observed(out)
    assert out.row("repository").failed == 1
    assert out.components == []
    assert scan(folder, ref="main").value("git.containerised_repo_ratio") is True


def test_a_ref_that_is_not_there(tmp_path: Path) -> None:
    out = scan(simple().write(tmp_path / "shop"), ref="--upload-pack=touch")
    assert_nothing_observed(out)
    assert_nothing_observed(scan(tmp_path / "shop", ref="no-such"))


def test_a_shallow_clone_makes_dates_unknown_not_wrong(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "full")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{folder}", "shop")
    out = scan(tmp_path / "shop")
    for key in ("docs.staleness_lag_days", "git.two_person_component_ratio", "ci.pipeline_ratio"):
        reading = out.reading(key)
        assert isinstance(reading, Unknown)
        assert reading.gap is Gap.NOT_COLLECTED
    assert out.row("history").failed == 1
    assert "shallow" in out.row("history").detail
    assert not out.people


def test_blobs_missing_from_a_partial_clone_are_unknown_and_never_fetched(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "full")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{folder}", "shop.git")
    objects = sorted((tmp_path / "shop.git" / "objects").rglob("*"))
    out = scan(tmp_path / "shop.git")
    assert out.value("docs.staleness_lag_days") == 1
    assert out.row("blob").received == 0
    assert out.row("blob").failed == out.row("blob").requested > 0
    assert "missing" in out.row("blob").cause
    assert isinstance(out.reading("git.plaintext_secret_count"), Observed | Unknown)
    assert sorted((tmp_path / "shop.git" / "objects").rglob("*")) == objects


def test_a_promisor_with_a_command_for_a_url_is_never_run(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    trap = tmp_path / "trap"
    for path in ("Dockerfile", "docs/a.md"):
        lose(folder, git(folder, "rev-parse", f"HEAD:{path}").decode().strip())
    git(folder, "config", "extensions.partialClone", "origin")
    git(folder, "config", "core.repositoryFormatVersion", "1")
    git(folder, "config", "remote.origin.promisor", "true")
    git(folder, "config", "remote.origin.url", f"ext::sh -c touch% {trap}")
    git(folder, "config", "remote.origin.uploadpack", f"touch {trap}; true")
    git(folder, "config", "protocol.ext.allow", "always")
    git(folder, "config", "protocol.file.allow", "always")
    out = scan(folder)
    assert out.row("blob").failed >= 1
    git(folder, "config", "remote.origin.url", f"file://{tmp_path}")
    scan(folder)
    assert not trap.exists()


def lose(folder: Path, oid: str) -> None:
    """Remove one object from a repository, unpacking it first."""
    packs = folder / ".git" / "objects" / "pack"
    for pack in packs.glob("*.pack"):
        raw = pack.read_bytes()
        for part in packs.glob(pack.stem + ".*"):
            part.unlink()
        git(folder, "unpack-objects", "-q", stdin=raw)
    (folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink(missing_ok=True)


def test_configuration_of_a_repository_executes_nothing(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    trap = tmp_path / "trap"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    (folder / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    hooks = folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in (
        "post-checkout",
        "reference-transaction",
        "pre-auto-gc",
        "post-index-change",
        "query-watchman",
    ):
        shutil.copy(script, hooks / hook)
    for key, value in {
        "core.fsmonitor": str(script), "core.hooksPath": str(hooks), "core.sshCommand": str(script),
        "core.pager": str(script), "pager.log": str(script), "diff.external": str(script),
        "diff.evil.textconv": str(script), "diff.evil.command": str(script),
        "filter.evil.smudge": str(script),
        "filter.evil.clean": str(script), "filter.evil.process": str(script), "gpg.program": str(script),
        "log.showSignature": "true", "core.alternateRefsCommand": str(script),
        "uploadpack.packObjectsHook": str(script),
        "credential.helper": f"!{script}", "alias.log": f"!{script}", "alias.cat-file": f"!{script}",
        "core.gitProxy": str(script), "core.askPass": str(script), "core.editor": str(script),
        "include.path": str(tmp_path / "included"), "log.follow": "true", "log.date": "format:%Y",
        "format.pretty": "%an stole this", "core.worktree": "/", "log.mailmap": "false",
    }.items():  # fmt: skip
        git(folder, "config", key, value)
    plain = scan(simple().write(tmp_path / "plain"))
    out = scan(folder)
    assert not trap.exists()
    assert {(s.key, s.subject): type(s.reading) for s in out.signals} == {
        (s.key, s.subject): type(s.reading) for s in plain.signals
    }


def test_an_environment_of_the_caller_does_not_reach_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = simple().write(tmp_path / "shop")
    trap = tmp_path / "trap"
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {trap}")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {trap}")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert scan(folder).value("git.two_person_component_ratio") is True
    assert not trap.exists()
    assert not (tmp_path / "trace").exists()


def test_replaced_objects_and_grafts_do_not_change_history(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    head = git(folder, "rev-parse", "HEAD").decode().strip()
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "grafts").write_text(f"{head}\n")
    git(folder, "replace", "--graft", "HEAD")
    out = scan(folder)
    assert out.row("commit").requested == 2


def test_links_are_neither_read_nor_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("apiVersion: v1\nkind: Secret\ndata: {a: Zm9v}\n")
    history = simple()
    history.commit({"catalog-info.yaml": str(tmp_path / "secret.yaml")}, 5, mode="120000")
    history.commit({"loop": "loop", "loop2": "./loop2"}, 4, mode="120000")
    out = scan(history.write(tmp_path / "shop"))
    assert out.row("path").skipped == 3
    assert out.value("git.containerised_repo_ratio") is True


def test_a_folder_of_repositories_with_links_that_loop(tmp_path: Path) -> None:
    group = tmp_path / "group"
    simple().write(group / "one")
    simple().write(group / "team" / "deep" / "two")
    simple().write(group / "a" / "b" / "c" / "d" / "too-deep")
    (group / "loop").symlink_to(group)
    (group / "broken").mkdir()
    (group / "broken" / ".git").write_text("gitdir: /nowhere\n")
    out = scan(group, facts={"organisation": "acme"})
    assert out.components == ["acme/one", "acme/two"]


def pipe(place: Path) -> None:
    os.mkfifo(place)


def endless(place: Path) -> None:
    place.symlink_to("/dev/zero")


def unnameable(place: Path) -> None:
    place.write_bytes(b"a\0b")


def overlong(place: Path) -> None:
    place.write_bytes(b"gitdir: " + b"a" * 3000)


STEERING = ("HEAD", "config", "commondir", "packed-refs", "shallow", "objects/info/alternates")


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        *((name, pipe) for name in STEERING),
        ("config", endless),
        ("commondir", endless),
        ("commondir", unnameable),
        ("commondir", overlong),
        ("", unnameable),
        ("", overlong),
    ],
)
def test_files_that_steer_a_git_folder_stop_nothing(
    tmp_path: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    simple().write(tmp_path / "group" / "good")
    bad = simple().write(tmp_path / "group" / "bad") / ".git"
    if not name:
        shutil.rmtree(bad)
    place = bad / name
    place.unlink(missing_ok=True)
    spoil(place)
    out = scan(tmp_path / "group", facts={"organisation": "acme"})
    assert out.value("git.two_person_component_ratio", "acme/good") is True
    (row,) = [row for row in out.ledger if row.about == "repo:acme/bad"]
    assert (row.failed, row.cause) == (1, "malformed")
    assert (name or ".git") in row.detail
    assert {type(s.reading) for s in out.signals if s.subject.name == "acme/bad"} == {Unknown}


def pointer(bad: Path, private: Path) -> None:
    shutil.rmtree(bad)
    bad.write_text(f"gitdir: {private}\n")


def link(bad: Path, private: Path) -> None:
    shutil.rmtree(bad)
    bad.symlink_to(private)


def common(bad: Path, private: Path) -> None:
    (bad / "commondir").write_text(f"{private}\n")


def through(name: str) -> Callable[[Path, Path], None]:
    def spoil(bad: Path, private: Path) -> None:
        if (bad / name).is_dir():
            shutil.rmtree(bad / name)
        (bad / name).unlink(missing_ok=True)
        (bad / name).parent.mkdir(parents=True, exist_ok=True)
        (bad / name).symlink_to(private / name)

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        pointer,
        link,
        common,
        *(through(name) for name in ("HEAD", "config", "refs", "objects", "objects/pack")),
    ],
)
def test_a_git_folder_leads_to_no_other_repository(
    tmp_path: Path, spoil: Callable[[Path, Path], None]
) -> None:
    private = tmp_path / "private"
    git(simple().write(private), "remote", "add", "origin", "https://host.example/secret/private")
    bad = simple().write(tmp_path / "group" / "bad")
    spoil(bad / ".git", private / ".git")
    out = scan(tmp_path / "group", facts={"organisation": "acme"})
    assert "private" not in repr(out.ledger) + repr(out.signals)
    assert {type(one.reading) for one in out.signals} <= {Unknown}
    assert sum(row.failed for row in out.ledger) >= 1


def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path) -> None:
    part, whole = simple().write(tmp_path / "part"), simple().write(tmp_path / "whole")
    git(whole, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part), "part")
    assert scan(whole / "part").value("git.two_person_component_ratio") is True


def test_one_broken_repository_leaves_the_others_alone(tmp_path: Path) -> None:
    simple().write(tmp_path / "group" / "good")
    bad = simple().write(tmp_path / "group" / "bad")
    for pack in (bad / ".git" / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o644)
        raw = bytearray(pack.read_bytes())
        raw[12:] = bytes(len(raw) - 12)
        pack.write_bytes(raw)
    for loose in (bad / ".git" / "objects").glob("??/*"):
        loose.chmod(0o644)
        loose.write_bytes(b"garbage")
    out = scan(tmp_path / "group", facts={"organisation": "acme"})
    assert out.value("git.two_person_component_ratio", "acme/good") is True
    broken = [row for row in out.ledger if row.about == "repo:acme/bad"]
    assert [row.failed for row in broken] == [1]
    assert broken[0].cause == "malformed"
    assert {type(s.reading) for s in out.signals if s.subject.name == "acme/bad"} == {Unknown}


def test_each_kind_of_damage_is_told_with_a_remedy(tmp_path: Path) -> None:
    group = tmp_path / "group"
    whole = simple().write(group / "good")
    git(whole, "config", "uploadpack.allowFilter", "true")
    git(whole, "clone", "-q", "--bare", "--filter=tree:0", f"file://{whole}", str(group / "treeless"))
    git(group / "treeless", "remote", "remove", "origin")
    git(group / "treeless", "config", "extensions.partialClone", "gone")
    git(group / "treeless", "config", "remote.gone.promisor", "true")
    inside = {
        name: simple().write(group / name) / ".git" for name in ("config", "loop", "head", "index", "far")
    }
    (inside["config"] / "config").write_text("[[[")
    git(group / "loop", "config", "include.path", "config")
    (inside["head"] / "HEAD").write_bytes(b"\xff\x00\n")
    lose(group / "index", "0" * 40)
    git(group / "index", "gc", "-q")
    for index in (inside["index"] / "objects" / "pack").glob("*.idx"):
        index.unlink()
        index.touch()
    git(group / "far", "config", "core.repositoryFormatVersion", "99")
    out = scan(group, facts={"organisation": "acme"})
    assert out.value("git.two_person_component_ratio", "acme/good") is True
    told = {row.about.removeprefix("repo:acme/"): row.detail for row in out.ledger if row.failed}
    assert {name: [word for word in _REMEDIES if word in text] for name, text in told.items()} == {
        "treeless": ["--filter=blob:none"], "config": ["git config --list"], "loop": ["includes itself"],
        "head": ["HEAD"], "index": ["git fsck"], "far": ["repository format"],
    }  # fmt: skip


_REMEDIES = (
    "--filter=blob:none",
    "git config --list",
    "includes itself",
    "HEAD",
    "git fsck",
    "repository format",
)


def test_history_that_breaks_off_leaves_the_files_known(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    lose(folder, git(folder, "rev-parse", "HEAD^").decode().strip())
    out = scan(folder)
    assert out.row("history").failed == 1
    assert out.row("blob").received > 0
    assert isinstance(out.reading("docs.staleness_lag_days"), Unknown)


def test_names_with_newlines_and_invalid_bytes(tmp_path: Path) -> None:
    history = simple()
    history.commit({b"src/\xff\xfe\n\x1b[31m.py": CODE, b"src/.yaml\n.yaml": "a: 1\n"}, 5)
    out = scan(history.write(tmp_path / "shop"))
    assert out.row("path").received == 5
    text = repr(out.items)
    assert "\x1b" not in text.encode("unicode_escape").decode().replace("\\\\x1b", "")
    for signal in out.signals:
        for evidence in signal.reading.evidence:
            assert "\n" not in evidence.locator + evidence.path + evidence.query
            assert evidence.id.encode()


def test_a_folder_whose_name_is_no_text_is_read(tmp_path: Path) -> None:
    odd = os.fsdecode(b"a\n\xff\x1b[31m")
    simple().write(tmp_path / "group" / odd)
    out = scan(tmp_path / "group", facts={"organisation": "acme"})
    assert out.components == ["acme/a%0A%FF%1B[31m"]
    assert out.value("git.two_person_component_ratio", out.components[0]) is True
    assert out.row("commit").received == 2


def test_a_large_blob_is_named_not_read(tmp_path: Path) -> None:
    history = simple()
    history.commit({"deploy/big.yaml": b"a" * (200 * 1024 * 1024)}, 5)
    out = scan(history.write(tmp_path / "shop"))
    row = out.row("blob")
    assert row.skipped == 1
    assert "larger than" in row.cause


def test_a_tree_of_100_000_files(tmp_path: Path) -> None:
    history = simple()
    history.commit({f"src/d{n // 500}/f{n}.txt": "x" for n in range(100_000)}, 5)
    out = scan(history.write(tmp_path / "shop"))
    assert out.row("path").received == 100_003
    assert out.value("git.two_person_component_ratio") is True


def test_more_paths_than_allowed(tmp_path: Path) -> None:
    out = scan(simple().write(tmp_path / "shop"), max_paths=2)
    assert_nothing_observed(out)
    assert out.row("repository").cause == "unsupported"


def test_a_scan_out_of_time_says_so(tmp_path: Path) -> None:
    out = scan(simple().write(tmp_path / "shop"), max_seconds=0.001)
    assert_nothing_observed(out)
    assert "longer than" in out.row("repository").detail


def test_caps_on_contents_are_in_the_ledger(tmp_path: Path) -> None:
    history = simple()
    history.commit({f"deploy/{n}.yaml": "a: 1\n" for n in range(30)}, 5)
    out = scan(history.write(tmp_path / "shop"), max_blobs=10)
    assert out.row("blob").received == 10
    assert "beyond the cap" in out.row("blob").cause


def test_nothing_that_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert [row.cause for row in scan(tmp_path / "plain").ledger] == ["no repository"]
    assert [row.failed for row in scan(tmp_path / "absent").ledger] == [1]


def test_worktrees_bare_clones_and_file_urls_read_the_same(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    git(folder, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    git(tmp_path, "clone", "-q", "--bare", str(folder), "bare.git")
    want = {(s.key, s.subject): s.reading for s in scan(folder).signals}
    for place in (tmp_path / "tree", tmp_path / "bare.git"):
        assert {
            (s.key, s.subject): s.reading for s in scan(place).signals
        } == want or place.name == "bare.git"
    assert {(s.key, s.subject): s.reading for s in scan(f"file://{folder}", kind="git").signals} == want


def test_a_borrowed_object_store_is_read(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    git(tmp_path, "clone", "-q", "--shared", str(folder), "borrower")
    assert scan(tmp_path / "borrower").value("git.two_person_component_ratio") is True


def test_sha256_repositories(tmp_path: Path) -> None:
    history = simple()
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256", ".")
    git(folder, "fast-import", "--quiet", "--date-format=raw-permissive", stdin=b"".join(history.rows))
    out = scan(folder)
    assert out.value("git.two_person_component_ratio") is True


def test_no_person_and_no_secret_leaves(tmp_path: Path) -> None:
    history = History()
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    files: dict[str | bytes, str | bytes | None] = {
        "src/a.py": CODE,
        "CODEOWNERS": "* @planted-login planted@corp.example\n/src @acme/shop\n",
        "OWNERS": "approvers:\n- planted-login\n",
        "README.md": f"# Shop\nAsk Planted Person <planted@corp.example> or @planted-login. Token {token}\n",
        "CONTRIBUTING.md": f"Write to planted@corp.example, use {token}. See SECURITY.md\n",
        "SECURITY.md": f"## Preferred\nuse {token}\n## Forbidden\n@planted-login\n",
        "docs/runbook.md": f"# Runbook\n1. curl -H 'Authorization: Bearer {token}'\n"
        "2. call planted@corp.example\n",
        ".github/workflows/ci.yml": f"on: push\njobs:\n  a:\n    runs-on: x\n"
        f"    env: {{TOKEN: {token}}}\n    steps: [{{run: make}}]\n",
        "deploy/secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n"
        f"stringData:\n  password: {token}\n  user: hunter2-plain\n",
        "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
        "metadata: {name: shop}\nspec: {owner: user:planted-login, lifecycle: production}\n",
    }
    person = "Planted Person <planted@corp.example>"
    history.commit(files, 30, person)
    history.commit({"src/a.py": CODE + "#"}, 20, OMAR, message=f"x\n\nCo-authored-by: {person}\n")
    folder = history.write(tmp_path / "shop")
    git(folder, "remote", "add", "origin", f"https://planted-login:{token}@github.com/acme/shop.git")
    out = scan(folder)
    assert out.value("git.plaintext_secret_count") >= 1
    text = repr(out.items).lower()
    for planted in ("planted", "omar", "corp.example", token.lower(), "hunter2", "jane"):
        assert planted not in text, planted
    assert str(tmp_path) not in text
    assert "https://github.com/acme/shop/blob/" in text
    assert JANE not in text
    assert AS_OF.isoformat() == "2026-11-22"


@pytest.mark.parametrize("remote", ["{who}@gitbox:acme/shop.git", "ssh://{who}@gitbox/acme/shop.git"])
def test_who_fetches_a_repository_is_told_nowhere(tmp_path: Path, remote: str) -> None:
    empty, full = tmp_path / "empty", simple().write(tmp_path / "shop")
    empty.mkdir()
    git(empty, "init", "--quiet")
    for folder in (empty, full):
        git(folder, "remote", "add", "origin", remote.format(who="planted.login"))
        text = repr(scan(folder).items)
        assert "planted" not in text
        assert "repo:acme/shop" in text
    assert re.search(r"gitbox[:/]acme/shop", repr(scan(empty).items)), (
        "evidence cites where there is no commit"
    )


def test_the_repository_is_not_written_to(tmp_path: Path) -> None:
    folder = simple().write(tmp_path / "shop")
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    scan(folder)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_a_closed_reader_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    folder = simple().write(tmp_path / "shop")
    scan(folder, reader=make_reader())
    assert list((tmp_path / "tmp").iterdir()) == []
