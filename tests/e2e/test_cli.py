"""The command line: exit statuses, one line for each fault, and a help that loads nothing heavy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnmm_scanner.cli import ENTRIES, run
from e2e.commands import Bench

HEAVY = ("kubernetes", "github", "gitlab", "requests", "pydantic", "jinja2", "rich", "asyncio", "yaml")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, apart=False)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-h"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from cnmm_scanner.cli import run; status = run(sys.argv[1:]);"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr);"
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    loaded = set(re.findall(r"'(\w+)'", done.stderr))
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def here(
    bench: Bench, arguments: list[str], patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Run cnmm in this process, in the bench's folder: much quicker where nothing is collected."""
    patch.chdir(bench.folder)
    patch.syspath_prepend(str(bench.site))
    status = run(arguments)
    said = capsys.readouterr()
    return status, said.out, said.err


def test_every_command_has_help(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = here(bench, ["--help"], monkeypatch, capsys)
    assert status == 0
    for name in ENTRIES:
        assert re.search(rf"^  {name} ", out, re.MULTILINE)
        status, text, _ = here(bench, [name, "--help"], monkeypatch, capsys)
        assert (status, text.startswith(f"Usage: cnmm {name}")) == (0, True)


def test_a_scan_and_what_can_be_done_with_its_bundle(bench: Bench) -> None:
    status, _, err = bench.scan(bench.recipe())
    assert status == 0, err
    assert sorted(path.name for path in (bench.folder / "out").iterdir()) == [
        "assessment.json",
        "bundle.cnmm",
        "plain.txt",
    ]
    assessment = bench.assessment()
    assert assessment["headline"]["proven"] == 1
    assert assessment["complete"] is True
    assert assessment["findings"][0]["outcome"] == "met"
    status, out, _ = bench.run("verify", "out/bundle.cnmm")
    assert (status, "intact, signed by nobody" in out) == (0, True)
    assert json.loads(bench.run("verify", "--json", "out/bundle.cnmm")[1])["status"] == 0
    assert bench.run("report", "out/bundle.cnmm", "-o", "again", "--format", "plain")[0] == 0
    assert (bench.folder / "again/plain.txt").read_bytes() == (bench.folder / "out/plain.txt").read_bytes()
    status, out, _ = bench.run("explain", "org.L1.flagged", "out/bundle.cnmm")
    assert status == 0
    assert "Most repositories carry the flag." in out
    assert "met" in out
    assert bench.run("explain", "probe.flag", "out/bundle.cnmm")[0] == 0


def test_facts_can_be_judged_later_and_name_their_parent(bench: Bench) -> None:
    status, _, err = bench.run("collect", "-c", "cnmm.yaml", "-o", "facts", bench.recipe())
    assert status == 0, err
    assert [path.name for path in (bench.folder / "facts").iterdir()] == ["bundle.cnmm"]
    status, out, _ = bench.run("verify", "facts/bundle.cnmm")
    assert (status, "nothing to derive" in out) == (0, True)
    assert bench.run("report", "facts/bundle.cnmm", "--format", "plain")[0] == 2
    (bench.folder / "decisions.yaml").write_text(
        "adjudications:\n- {criterion: org.L1.flagged, subject: 'org:acme', decision: accept,"
        " reason: seen on site, dated: 2026-11-21}\n"
    )
    status, _, err = bench.run(
        "assess", "facts/bundle.cnmm", "-o", "judged", "--adjudications", "decisions.yaml"
    )
    assert status == 0, err
    assert bench.run("verify", "judged/bundle.cnmm")[0] == 0
    digest = re.search(r"manifest digest +(\S+)", bench.run("verify", "facts/bundle.cnmm")[1])
    assert digest
    assert f'"parent":"{digest[1]}"'.encode() in (bench.folder / "judged/bundle.cnmm").read_bytes()


def test_signed_or_reject(bench: Bench) -> None:
    assert bench.run("keys", "new", "key.pem")[0] == 0
    assert bench.run("keys", "new", "key.pem")[0] == 2
    assert bench.scan(bench.recipe(), "--sign-key", "key.pem", output="signed")[0] == 0
    assert bench.scan(bench.recipe(), output="plain")[0] == 0
    assert bench.run("verify", "signed/bundle.cnmm", "--key", "key.pem.pub")[0] == 0
    assert bench.run("verify", "plain/bundle.cnmm", "--key", "key.pem.pub")[0] == 1
    assert bench.run("verify", "signed/bundle.cnmm", "--key", "key.pem")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scan"], "no target"),
        (["scan", "nowhere"], "no such directory or file"),
        (["scan", "svn:acme"], "no installed plug-in reads 'svn' targets"),
        (["scan", ".", "--executor", "dask:x"], "executor 'dask:x'"),
        (["scan", ".", "--as-of", "soon"], "write YYYY-MM-DD"),
        (["scan", ".", "--fail-under", "org"], "write SECTION=LEVEL"),
        (["scan", ".", "--format", "papyrus"], "no report format is called 'papyrus'; installed: badge,"),
        (["scan", ".", "--format", "json,papyrus"], "no report format is called 'papyrus'"),
        (["scan", "-c", "none.yaml"], "does not exist"),
        (["scan", "--bogus"], "No such option"),
        (["bogus"], "No such command"),
        (["verify", "cnmm.yaml"], "not a bundle"),
        (["report", "cnmm.yaml"], "not a bundle"),
        (["schema", "bogus"], "known are"),
        (["rules", "lint", "."], "catalogue.yaml:1:1"),
    ],
)
def test_what_the_operator_must_mend_is_one_line_and_status_2(
    bench: Bench,
    arguments: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if arguments[0] == "scan" and "." in arguments:
        arguments = ["scan", "-c", "cnmm.yaml", bench.recipe(), *arguments[2:]]
    status, out, err = here(bench, arguments, monkeypatch, capsys)
    assert (status, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1, err


def test_gates_and_strict(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = bench.recipe("good"), bench.recipe("bad", crash=["acme/r001"])

    def scan(*arguments: str) -> tuple[int, str]:
        line = [
            "scan",
            "-c",
            "cnmm.yaml",
            "-o",
            "out",
            "--format",
            "plain",
            "--executor",
            "threads",
            *arguments,
        ]
        status, _, err = here(bench, line, monkeypatch, capsys)
        return status, err

    assert scan(good, "--fail-under", "org=1", "--require-coverage", "org=100%")[0] == 0
    assert scan(good, "--fail-under", "headline=2", "--quiet") == (
        1,
        "cnmm: gate not met: proven of headline is 1, required is 2\n",
    )
    assert scan(bad)[0] == 0
    assert scan(bad, "--strict")[0] == 3
    assert scan(bad, "--strict", "--fail-under", "org=5")[0] == 3
    assert scan(good, "--fail-under", "nothing=1")[0] == 2


def test_an_altered_bundle_is_status_1_and_a_newer_one_2(bench: Bench) -> None:
    bench.scan(bench.recipe())
    path = bench.folder / "out/bundle.cnmm"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"state":"observed"', b'"state":"Observed"', 1))
    assert bench.run("verify", "out/bundle.cnmm")[0] == 1
    assert bench.run("report", "out/bundle.cnmm", "--format", "plain")[0] in (0, 2)
    path.write_bytes(whole[: len(whole) // 2])
    assert bench.run("verify", "out/bundle.cnmm")[0] == 1
    assert bench.run("assess", "out/bundle.cnmm")[0] == 2


def test_json_lines_for_machines(bench: Bench) -> None:
    _, _, err = bench.scan(bench.recipe(), "--log-format", "json")
    events = [json.loads(line)["event"] for line in err.splitlines()]
    assert events.count("item") == 3
    assert "planned" in events


def test_schemas_are_json_schemas(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("settings", "waivers", "manifest", "catalogue", "overlay", "assessment"):
        status, out, _ = here(bench, ["schema", name], monkeypatch, capsys)
        assert status == 0
        assert "properties" in json.loads(out)


def test_third_party_plugins_can_be_shut_out(bench: Bench) -> None:
    status, _, err = bench.run("scan", "--no-plugins", bench.recipe())
    assert (status, "no installed plug-in reads 'probe' targets" in err) == (2, True)


def test_a_name_that_two_distributions_claim_is_refused(bench: Bench) -> None:
    other = bench.site / "cnmm_other-2.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: cnmm-other\nVersion: 2.0\n")
    (other / "entry_points.txt").write_text("[cnmm.collectors]\nprobe = other:Collector\n")
    status, _, err = bench.scan(bench.recipe())
    assert status == 2
    assert "probe is registered by cnmm-other and by cnmm-probe" in err
    (other / "entry_points.txt").write_text("[cnmm.collectors]\nbroken = no_such_module:Collector\n")
    status, _, err = bench.scan(bench.recipe())
    assert (status, "plug-in broken of cnmm-other 2.0 cannot be loaded" in err) == (2, True)


def test_an_overlay_is_sealed_and_judged_by(bench: Bench) -> None:
    (bench.folder / "overlay.yaml").write_text(
        "title: ours\nchanges:\n- {criterion: org.L1.flagged, reason: We ask for nearly all of them.,"
        " role: CISO, test: {signal: probe.flag, above: 0.95}}\n"
    )
    settings = bench.folder / "cnmm.yaml"
    own = settings.read_text().replace("{id: probe-rules}", "{id: probe-rules, overlay: overlay.yaml}")
    settings.write_text(own)
    status, _, err = bench.scan(bench.recipe(items=10, crash=["acme/r001"]))
    assert status == 0, err
    assert bench.assessment()["findings"][0]["outcome"] == "unknown"
    assert "CISO" in bench.assessment()["catalogue"]["deviations"][0]
    (bench.folder / "overlay.yaml").unlink()
    assert bench.run("verify", "out/bundle.cnmm")[0] == 0


def test_the_catalogue_for_readers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here(bench, ["rules", "docs", "-o", "docs"], monkeypatch, capsys)[0] == 0
    assert (bench.folder / "docs/index.md").exists()
    status, out, _ = here(bench, ["rules", "list", "--section", "org"], monkeypatch, capsys)
    assert status == 0
    assert all(line.startswith("org.") for line in out.splitlines())
    (bench.folder / "empty").mkdir()
    assert here(bench, ["rules", "lint", "empty"], monkeypatch, capsys)[0] == 2


def test_doctor_says_what_could_be_decided(bench: Bench) -> None:
    status, out, err = bench.run("doctor", "-c", "cnmm.yaml", bench.recipe())
    assert status == 0, err
    assert "git: 2." in out
    assert re.search(r"^probe:recipe.json +\| 3 to read; feeds 1 row +\| readable", out, re.MULTILINE)
    assert "org: 1 of 1 rows can be decided" in out
    assert bench.read() == []
