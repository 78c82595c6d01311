"""The action runs end to end, shows nothing it must not, and nothing in an input is ever a command."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from action.runner import MAX_SUMMARY, Job, Runner

Checkout = Callable[..., Path]
PUBLIC = {"repository": {"private": False}}
PRIVATE = {"repository": {"private": True}}
FORK = {**PUBLIC, "pull_request": {"head": {"repo": {"full_name": "somebody/shop", "fork": True}}}}
TOKEN = "ghs_" + "A1b2C3d4" * 4 + "E5f6"


def kinds(job: Job, kind: str) -> list[str]:
    return [text for name, _, text in job.annotations if name == kind]


def untouched(job: Job) -> None:
    """Nothing is left for later steps of the job, and nothing was taken as a command."""
    assert (job.environment, job.commands) == ("", [])
    assert TOKEN not in job.shown


def test_push_to_a_public_repository(machine: Runner, checkout: Checkout) -> None:
    workspace = checkout()
    job = machine.run(workspace, payload=PUBLIC, token=TOKEN)
    untouched(job)
    assert (job.failed, job.outputs["exit-reason"]) == ("", "ok")
    assert "not ruled out" in job.outputs["headline"]
    assert json.loads(job.outputs["possible"])["org"] == 5
    assert json.loads(job.outputs["coverage"]).keys() == json.loads(job.outputs["proven"]).keys()
    assert job.artefacts == {"cnmm": [job.outputs["bundle-path"], job.outputs["report-path"]]}
    assert not {"github/codeql-action/upload-sarif", "actions/attest-build-provenance"} & job.used.keys()
    assert job.summary.startswith("# What acme/shop contributes\n")
    assert "[deploy/app.yaml L1-L8](<https://github.com/acme/shop/blob/" in job.summary
    assert "The token of a workflow never reaches them" in job.summary
    assert "# acme: No level shown yet" in job.summary
    assert len(job.summary.encode()) < MAX_SUMMARY
    assert len(kinds(job, "warning")) == 10
    assert [text for text in kinds(job, "notice") if text.startswith("and ") and "more" in text]
    files = {given["file"] for _, given, _ in job.annotations if "file" in given}
    assert files and all((workspace / file).is_file() for file in files)
    verified = subprocess.run(
        [sys.executable, "-m", "cnmm_scanner", "verify", job.outputs["bundle-path"]], check=False
    )
    assert verified.returncode == 0


def test_pull_request_from_a_fork_with_hostile_content(machine: Runner, checkout: Checkout) -> None:
    hostile = {
        "::set-output name=status::9.md": "x\n",
        "docs/adr/0001-$(touch hacked).md": "# `touch hacked`\n::error::x\n## Status\nAccepted\n",
        "cnmm_scanner/__init__.py": "raise SystemExit('imported from the workspace')\n",
        "json.py": "raise SystemExit('imported from the workspace')\n",
    }
    workspace = checkout("acme/shop", **hostile)
    job = machine.run(
        workspace, {"annotations": "false", "artifact": "", "sarif": "true", "attest": "true"},
        event="pull_request", payload=FORK, token=TOKEN, PYTHONPATH=str(workspace),
    )  # fmt: skip
    untouched(job)
    assert (job.failed, job.outputs["exit-reason"]) == ("", "ok")
    assert not list(workspace.rglob("hacked"))
    assert (job.artefacts, kinds(job, "warning")) == ({}, [])
    uploaded = job.used["github/codeql-action/upload-sarif"]["sarif_file"]
    assert json.loads(Path(uploaded).read_bytes())["version"] == "2.1.0"
    assert job.used["actions/attest-build-provenance"]["subject-path"] == job.outputs["bundle-path"]


@pytest.mark.parametrize(
    "targets", ["github:acme", "github:acme/other", "git:https://example.invalid/x.git", "nested", "."]
)
def test_public_repository_shows_nothing_but_itself(
    machine: Runner, checkout: Checkout, tmp_path: Path, targets: str
) -> None:
    other = checkout("acme/other")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    other.rename(workspace / "nested")
    job = machine.run(workspace, {"targets": targets}, event="schedule", payload=PUBLIC)
    untouched(job)
    assert (job.failed, job.outputs["exit-reason"]) == ("gate", "refused")
    assert (job.summary, job.artefacts, job.outputs["headline"]) == ("", {}, "")
    assert "publish: true" in job.log and "other" not in job.log


@pytest.mark.parametrize(
    ("part", "name"),
    [("collectors: {kubernetes: {}, git: {}}", "kubernetes"), ("sources: {roster: [people.csv]}", "roster")],
)
def test_public_repository_reads_no_exports(
    machine: Runner, checkout: Checkout, part: str, name: str
) -> None:
    settings = f"targets: ['.']\n{part}\n"
    workspace = checkout("acme/shop", **{"cnmm.yaml": settings, "people.csv": "person,team\n"})
    job = machine.run(workspace, {"config": "cnmm.yaml"}, payload=PUBLIC)
    assert (job.outputs["exit-reason"], job.artefacts) == ("refused", {})
    assert f"the settings read {name}" in job.log


def test_unknown_visibility_is_public(machine: Runner, checkout: Checkout) -> None:
    workspace = checkout()
    job = machine.run(workspace, {"targets": "github:acme"}, event="schedule", token=TOKEN)
    untouched(job)
    assert job.outputs["exit-reason"] == "refused"


@contextmanager
def host(answer: object, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer on loopback; yield its address and what was asked with which credential."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [({"private": True}, 200, "usage"), ({"private": False}, 200, "refused"), ({}, 200, "refused"),
     ({"private": True}, 404, "refused")],
)  # fmt: skip
def test_scheduled_run_asks_the_host(
    machine: Runner, checkout: Checkout, answer: object, status: int, reason: str
) -> None:
    with host(answer, status) as (address, asked):
        # Where the guard lets it through, cnmm itself says that there is no such target.
        job = machine.run(
            checkout(), {"targets": "missing"}, event="schedule", token=TOKEN, GITHUB_API_URL=address
        )
    untouched(job)
    assert job.outputs["exit-reason"] == reason
    assert asked == [f"/repos/acme/shop Bearer {TOKEN}"]


def test_publish_shows_other_repositories(machine: Runner, checkout: Checkout) -> None:
    workspace = checkout("acme/other")
    job = machine.run(workspace, {"publish": "true"}, payload=PUBLIC)
    assert (job.failed, job.outputs["exit-reason"]) == ("", "ok")
    assert "acme/other" in job.summary
    assert not any("file" in given for _, given, _ in job.annotations)


def test_gates_come_after_everything_is_uploaded(machine: Runner, checkout: Checkout) -> None:
    workspace = checkout()
    job = machine.run(workspace, {"fail-under": "headline=1 org=2"}, payload=PRIVATE)
    assert (job.failed, job.outputs["exit-reason"]) == ("gate", "gate")
    assert "gate not met: proven of org is 0, required is 2" in job.log
    assert job.artefacts and job.summary
    again = machine.run(
        workspace,
        {
            "require": "org.L1.effort-started ci.image_scan_ratio=1 codeowners.path_coverage_ratio>=1",
            "compare-with": job.outputs["bundle-path"],
        },
        payload=PRIVATE,
    )
    assert (again.failed, again.outputs["exit-reason"]) == ("gate", "gate")
    # One person's commit is a proven no, and the image is not scanned; the owners are there.
    assert "gate not met: org.L1.effort-started is required, and it is unknown" in again.log
    assert "gate not met: ci.image_scan_ratio = 1 is required, and it fails for 1 of 1" in again.log
    assert "codeowners.path_coverage_ratio" not in again.log
    assert Path(again.outputs["diff-path"]).read_text().strip()
    assert "## Compared with the base" in again.summary
    wrong = machine.run(workspace, {"require": "no.such-row"}, payload=PRIVATE)
    assert (wrong.failed, wrong.outputs["exit-reason"]) == ("gate", "usage")


HOSTILE = (
    "a'\"`$(touch hacked)`\n::set-output name=status::0\n::add-path::/tmp/x\nend<<cnmm-\n${{ github.token }}"
)


@pytest.mark.parametrize(
    "name",
    ["targets", "config", "as-of", "compare-with", "fail-under", "require-coverage", "require",
     "fail-on-regression", "strict", "publish"],
)  # fmt: skip
def test_hostile_input_is_refused(machine: Runner, checkout: Checkout, name: str) -> None:
    workspace = checkout()
    job = machine.run(workspace, {name: HOSTILE}, payload=PRIVATE, token=TOKEN)
    untouched(job)
    assert job.failed == "gate"
    assert job.outputs["exit-reason"] in ("usage", "refused")
    assert not list(workspace.rglob("hacked"))
    assert "Traceback" not in job.log


def test_hostile_names_are_only_names(machine: Runner, checkout: Checkout) -> None:
    workspace = checkout()
    inputs = {"organisation": HOSTILE, "history": HOSTILE, "artifact": "x"}
    job = machine.run(workspace, inputs, payload=PRIVATE, token=TOKEN)
    untouched(job)
    assert job.outputs["exit-reason"] == "ok"
    assert not list(workspace.rglob("hacked"))
    assert set(job.outputs) == set(machine.document["outputs"])


def test_a_bundle_that_holds_more_is_withheld(
    machine: Runner, checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second look is taken at what was sealed, whatever the targets were called."""
    cnmm = [sys.executable, "-m", "cnmm_scanner", "scan", "--quiet", "--format", "json"]
    for name in ("acme/shop", "acme/other"):
        done = subprocess.run([*cnmm, "-o", str(tmp_path / name), str(checkout(name))], check=False)
        assert done.returncode == 0
    monkeypatch.syspath_prepend(str(machine.action / "action"))
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    from own import is_own_bundle  # type: ignore[import-not-found,unused-ignore]

    assert is_own_bundle(tmp_path / "acme/shop/bundle.cnmm")
    assert not is_own_bundle(tmp_path / "acme/other/bundle.cnmm")
