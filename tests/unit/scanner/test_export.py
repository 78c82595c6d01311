"""An export for outsiders says the same conclusions and no name, wherever one looks."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from cnmm_collectors.evidence import Evidence
from cnmm_reports.schema import schema
from cnmm_rules.conclusions import conclusions_digest
from cnmm_scanner.bundle import Bundle, write_bundle
from cnmm_scanner.canonical import document, record
from cnmm_scanner.cli import run
from cnmm_scanner.container import held
from cnmm_scanner.derive import derive
from cnmm_scanner.export import ExportFault, Names, describe, export
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.records import MEMBERSHIPS
from unit.scanner.small import ABOUT, SECTION, facts

SECRETS = (
    "zanzibar",
    "quokka",
    "wombat",
    "Narwhal",
    "canary-excerpt",
    "kingfisher",
    "pangolin",
    "c0ffee",
    "ocelot",
)
AT = "2026-11-22T00:00:00Z"


def cited(repo: str) -> Evidence:
    commit = "c0ffee" * 6 + "c0ff"
    return Evidence(
        "git",
        f"https://git.pangolin.org/zanzibar/{repo}/blob/{commit}/ocelot.py#L1",
        f"git show {commit}:ocelot.py",
        "sha256:" + "5" * 64,
        AT,
        AT,
        "git 1",
        path="ocelot.py",
        commit=commit,
        lines="L1",
        native_id="c0ffee",
        excerpt="canary-excerpt",
    )


LYNX = "repo:zanzibar/lynx-hidden"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle whose every free text, name and locator is a word that stands nowhere else."""
    repos = ("zanzibar/quokka", "zanzibar/wombat")
    members = facts({})
    items = sorted((cited(name.partition("/")[2]) for name in repos), key=lambda item: item.id)
    members["evidence/git.ndjson"] = held(b"".join(record(item.to_json()) for item in items))
    del members["evidence/probe.ndjson"]
    readings = [
        {
            "signal": "x.flag",
            "subject": f"repo:{name}",
            "source": "probe",
            "state": "observed",
            "value": True,
            "evidence": [cited(name.partition("/")[2]).id],
        }
        for name in repos
    ]
    refused = {
        "signal": "x.flag",
        "subject": "repo:zanzibar/lynx-hidden",
        "source": "probe",
        "state": "unknown",
        "gap": "not_permitted",
        "detail": "the host pangolin refused",
    }
    members["observations/signals/x.ndjson"] = held(b"".join(map(record, [*readings, refused])))
    lost = {"source": "probe", "unit": "repository", "about": LYNX}
    sums = {"requested": 1, "received": 0, "skipped": 0, "failed": 1}
    told = {"cause": "not_permitted", "detail": "the host pangolin refused"}
    members["ledger/probe.ndjson"] = held(record({**lost, **sums, **told}))
    population = {
        "within": "org:zanzibar",
        "kind": "repo",
        "count": 3,
        "declared_by": "enumeration",
        "members": sorted(f"repo:zanzibar/{name}" for name in ("quokka", "wombat", "lynx-hidden")),
    }
    members["observations/populations.ndjson"] = held(record(population))
    ties = [{"child": "repo:zanzibar/quokka", "parent": "team:zanzibar/kingfisher", "evidence": []}]
    members[MEMBERSHIPS] = held(b"".join(map(record, ties)))
    run_member = {
        "organisation": "zanzibar",
        "as_of": "2026-11-22",
        "complete": True,
        "period": {"from": "2025-11-22", "to": "2026-11-22"},
    }
    members["inputs/run.json"] = held(document(run_member))
    waiver = {
        "criterion": "org.L1.flagged",
        "subject": "org:zanzibar",
        "reason": "Narwhal",
        "owner": "Narwhal lead",
        "approver": "other Narwhal",
        "expires": "2027-01-01",
    }
    members["inputs/waivers.json"] = held(document([waiver]))
    both = SECTION.replace(b"{organisation: {}}", b"{organisation: {}, team: {}}")
    members["catalogue/rules/org.yaml"] = held(both)
    path = tmp_path / "b.cnmm"
    about = {**ABOUT, "organisation": "zanzibar"}
    write_bundle(path, members, about)
    with Bundle(path) as opened:
        members[ASSESSMENT] = held(derive(opened))
    write_bundle(path, members, about)
    return path


def sealed(path: Path) -> dict[str, Any]:
    with Bundle(path) as opened:
        told: dict[str, Any] = opened.document(ASSESSMENT)
    return told


def written(bundle: Path, folder: Path, *more: str) -> dict[str, bytes]:
    names = str(bundle.with_name("names.json"))
    assert (
        run(["export", str(bundle), "--profile", "external", "-o", str(folder), "--names", names, *more]) == 0
    )
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name, data in list(files.items()):
        if zipfile.is_zipfile(folder / name):
            with zipfile.ZipFile(folder / name) as archive:
                files[name] = data + b"".join(archive.read(member) for member in archive.namelist())
    return files


def test_the_sealed_assessment_names_them_all(bundle: Path) -> None:
    text = json.dumps(sealed(bundle))
    assert not [secret for secret in SECRETS if secret not in text]


def test_no_file_of_an_export_holds_a_name(bundle: Path, tmp_path: Path) -> None:
    files = written(bundle, tmp_path / "out")
    assert {"assessment.json", "export.json", "report.html", "summary.md"} <= files.keys()
    for name, data in files.items():
        low = data.lower()
        assert not [secret for secret in (*SECRETS, "lynx-hidden") if secret.lower().encode() in low], name


def test_the_conclusions_are_the_same(bundle: Path, tmp_path: Path) -> None:
    files = written(bundle, tmp_path / "out", "--format", "json")
    told, about = json.loads(files["assessment.json"]), json.loads(files["export.json"])
    before = sealed(bundle)
    assert told["headline"] == before["headline"]
    assert (before["ledger"]["losses"][0]["about"], before["ledger"]["losses_total"]) == (LYNX, 1)
    assert told["ledger"] == {name: sums for name, sums in before["ledger"].items() if name != "losses"}
    assert told["sections"] == before["sections"]
    assert about["conclusions_digest"] == told["conclusions_digest"] == before["conclusions_digest"]
    assert conclusions_digest(told) == conclusions_digest(before) == before["conclusions_digest"]
    outcomes = sorted((one["criterion"], one["outcome"]) for one in told["findings"])
    assert outcomes == sorted((one["criterion"], one["outcome"]) for one in before["findings"])
    assert {one["subject"] for one in told["findings"]} == {"org:organisation", "team:team-001"}
    jsonschema_rs.validator_for(schema()).validate(told)
    assert all(Evidence.from_json(item) for item in told["evidence"])
    cited_ids = {key for one in told["findings"] for key in one["evidence"]}
    assert cited_ids == {item["id"] for item in told["evidence"]}


def test_the_same_names_file_gives_the_same_export(bundle: Path, tmp_path: Path) -> None:
    assert written(bundle, tmp_path / "1") == written(bundle, tmp_path / "2")
    kept = bundle.with_name("names.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.unlink()
    other = written(bundle, tmp_path / "3", "--format", "json")
    assert json.loads(other["assessment.json"])["evidence"] != []
    assert other["assessment.json"] != (tmp_path / "1/assessment.json").read_bytes()


def test_an_export_of_altered_conclusions_is_refused(bundle: Path) -> None:
    before = sealed(bundle)
    before["findings"][0]["outcome"] = "contested"
    with pytest.raises(ExportFault, match="does not hold the sealed conclusions"):
        describe(before, export(before, Names("0" * 64)), "sha256:" + "0" * 64)


def test_a_names_file_is_never_handed_out_and_never_guessed(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ["export", str(bundle), "--profile", "external", "-o", str(tmp_path / "out"), "--names"]
    assert run([*start, str(tmp_path / "out/names.json")]) == 2
    (tmp_path / "odd").write_text("{}")
    assert run([*start, str(tmp_path / "odd")]) == 2
    assert capsys.readouterr().err.count("\n") == 2
    assert not (tmp_path / "out").exists()


def test_an_export_that_would_hold_a_name_is_not_written(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Bundle(bundle) as old:
        members = {**old.members()}
        told = sealed(bundle)
        told["findings"][0]["why"] = "because of Zanzibar/Quokka"
        members[ASSESSMENT] = held(document(told))
        write_bundle(tmp_path / "forged.cnmm", members, {**ABOUT, "organisation": "zanzibar"})
    names = str(tmp_path / "n.json")
    out = tmp_path / "out"
    start = [
        "export",
        str(tmp_path / "forged.cnmm"),
        "--profile",
        "external",
        "--names",
        names,
        "-o",
        str(out),
    ]
    assert run(start) == 2
    err = capsys.readouterr().err
    assert "would hold a name" in err
    assert "quokka" not in err.lower()
    assert not out.exists()
