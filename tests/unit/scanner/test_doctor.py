"""One table before a scan: what is readable, what is refused, what is out of reach, and what nobody named."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cnmm_scanner.commands.doctor import doctor
from doubles.github.organisation import acme
from doubles.github.server import serve
from doubles.kubernetes.objects import namespace, pod, workload
from doubles.kubernetes.server import ApiServer, refuse

TOKEN = "ghp_" + "d" * 36
PEOPLE = "Employee ID,Job Title,Team\nu1,Platform Engineer,platform\nu2,Data Engineer,data\n"
FOLDERS = ("exports", "records", "catalog")


def ask(folder: Path, patch: pytest.MonkeyPatch, settings: str, *more: str) -> tuple[int, str]:
    """Return status and output of doctor over these settings, which must leave the folder as it was."""
    (folder / "cnmm.yaml").write_text("organisation: acme\nas_of: 2026-11-20\n" + settings)
    for kind in ("CACHE", "STATE", "DATA", "CONFIG"):
        patch.setenv(f"XDG_{kind}_HOME", str(folder / "home" / kind))
    patch.setenv("GITHUB_TOKEN", TOKEN)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    arguments = ["-c", str(folder / "cnmm.yaml"), *more]
    done = CliRunner().invoke(doctor, arguments, standalone_mode=False)
    assert done.exception is None, done.exception
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: raw for path, raw in after.items() if (folder / "home") not in path.parents} == before
    for secret in (TOKEN, "u1", "u2", str(folder)):
        assert secret not in done.output
    assert all(len(line) <= 100 for line in done.output.splitlines()) or "--json" in more
    assert "\x1b" not in done.output
    return done.return_value, done.output


def answers(folder: Path, patch: pytest.MonkeyPatch, settings: str) -> dict[str, Any]:
    """Return what doctor says as JSON, every group by its name beside."""
    said: dict[str, Any] = json.loads(ask(folder, patch, settings, "--json")[1])
    said["groups"] = {one["group"]: one for source in said["sources"] for one in source["groups"]}
    return said


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    (tmp_path / "exports" / "roster.csv").write_text(PEOPLE)
    (tmp_path / "catalog" / "all.yaml").write_text(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: shop}\nspec: {owner: web}\n"
    )
    (tmp_path / "records" / "case.yaml").write_text(
        "key: business-case\ndate: 2026-10-01\nrole: Chief executive\n"
    )
    subprocess.run(["git", "init", "-q", str(tmp_path / "repos" / "shop")], check=True)
    return tmp_path


SOURCES = "sources: {roster: exports/roster.csv, catalog: catalog, attestations: records}\n"


def test_all_readable_says_how_each_was_recognised(exports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = answers(exports, monkeypatch, f"targets: [repos]\n{SOURCES}")
    groups = said["groups"]
    assert {one["state"] for one in groups.values()} == {"readable"}
    assert groups["roster: roster.csv"]["detail"] == "people, 3 of 3 columns read"
    assert groups["catalog: catalog"]["detail"] == "entities: 1, files: 1"
    spoken = groups["attestations: records"]
    assert spoken["detail"].startswith("1 of ")
    assert spoken["feeds"]
    assert not any(one["leaves_open"] for one in groups.values())
    named = [one["source"] for one in said["not_named"]]
    assert not {"roster", "catalog", "attestations", "git"} & set(named)
    assert [one["rows"] for one in said["not_named"]] == sorted(
        (one["rows"] for one in said["not_named"]), reverse=True
    )


def test_what_a_record_folder_does_not_speak_of_is_not_fed_by_it(
    exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(exports, monkeypatch, SOURCES)["groups"]["attestations: records"]["feeds"]
    (exports / "records" / "case.yaml").write_text("key: nobody-asks\ndate: 2026-10-01\nrole: Board\n")
    assert before
    assert answers(exports, monkeypatch, SOURCES)["groups"]["attestations: records"]["feeds"] == []


def test_partly_refused_names_permission_and_rows_in_the_table(
    exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (exports / "exports" / "odd.csv").write_text("alpha,beta\n1,2\n")
    with serve(acme()) as double:
        double.faults.set("dependabot", "integration")
        status, out = ask(
            exports, monkeypatch,
            "targets: ['github:acme']\nsources: {roster: exports/roster.csv, training: exports/odd.csv,"
            " survey: exports/gone.csv}\n"
            f"collectors: {{github: {{api: '{double.url}', clone: false, per_minute: 0}}}}\n",
        )  # fmt: skip
    assert status == 0
    words = " ".join(cell for row in columns(out, 3) for cell in row.split())
    assert "the credential lacks the permission; needs members: read or administration: read" in words
    assert re.search(r"leaves 3 rows open: ai\.L1\.ai-as-product, ai\.L1\.first-use", words)
    states = {row.strip() for row in columns(out, 2)}
    assert {"readable", "not permitted", "not there", "malformed"} <= states
    names = " ".join(cell for row in columns(out, 0) for cell in row.split())
    assert "github:acme as GITHUB_TOKEN" in names
    assert {"roster", "training", "survey"} <= set(names.split())


def columns(out: str, number: int) -> list[str]:
    """Return a column of the plain table, line by line."""
    return [line.split("|")[number] for line in out.splitlines() if line.count("|") == 3]


def test_an_unreachable_host_is_said_once_and_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    said = answers(
        tmp_path, monkeypatch,
        f"targets: ['github:acme']\ncollectors: {{github: {{api: '{url}', clone: false, max_wait: 0}}}}\n",
    )  # fmt: skip
    (source,) = said["sources"]
    (group,) = source["groups"]
    assert group["state"] == "unreachable"
    assert group["leaves_open"]
    assert not any(section["whole"] for section in said["sections"].values())


def test_with_nothing_configured_the_sources_are_listed_and_the_status_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out = ask(tmp_path, monkeypatch, "")
    assert status == 2
    listed = [line.split()[0] for line in out.splitlines() if " rows" in line and line[0] != "N"]
    assert {"git", "github", "kubernetes", "roster", "artefacts"} <= set(listed)
    assert "no target (cnmm scan DIRECTORY" in out


def test_a_cluster_in_part_refused_and_two_that_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ApiServer() as api, ApiServer() as gone:
        api.add(namespace("shop"), workload("shop", "web"), pod("shop", "web"))
        api.faults["/rolebindings"] = refuse(403)
        config = yaml.safe_load(api.kubeconfig(tmp_path).read_text())
        lost = yaml.safe_load(gone.kubeconfig(tmp_path, "gone").read_text())
        for kind in ("clusters", "users", "contexts"):
            config[kind] += [{**one, "name": f"{one['name']}-gone"} for one in lost[kind]]
        config["contexts"][-1] = {"name": "jane.roe@gone", "context": {"cluster": "c-gone", "user": "u"}}
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        gone.__exit__()
        status, said = ask(
            tmp_path, monkeypatch, 'targets: ["kube:test", "kube:jane.roe@gone", "kube:never"]\n'
        )
    assert status == 0
    flat = re.sub(r"[\s|]+", " ", said)
    assert "rolebindings not permitted the API server answered 403" in flat
    assert "jane.roe" not in said
    assert "kube:gone cluster unreachable the API server did not answer" in flat
    assert "kube:never cluster unreachable no context 'never': see `kubectl" in flat
