"""How repositories divide into components."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnmm_collectors.git import components
from cnmm_collectors.plugin import Membership
from cnmm_collectors.signals import Absent
from unit.collectors.git.repos import History, git, scan

CODE = "def main():\n    return 1\n"


def entry(name: str, lifecycle: str = "production", extra: str = "") -> str:
    return (
        "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
        f"metadata:\n  name: {name}\n{extra}spec:\n  type: service\n  lifecycle: {lifecycle}\n"
    )


def found(tmp_path: Path, files: dict[str, str], **settings: object) -> list[str]:
    history = History()
    history.commit(dict(files), 5)
    return scan(history.write(tmp_path / "shop"), **settings).components


def test_a_plain_repository_is_one_component(tmp_path: Path) -> None:
    assert found(tmp_path, {"a.py": CODE, "docs/a.md": "# A\n", "Dockerfile": "FROM x\n"}) == ["acme/shop"]


def test_catalogue_entries_win_and_the_rest_counts_where_it_holds_code(tmp_path: Path) -> None:
    files = {"pay/catalog-info.yaml": entry("pay"), "pay/a.py": CODE, "ship/catalog-info.yaml": entry("ship")}
    workspace = {"package.json": '{"workspaces": ["pay"]}', "pay/package.json": "{}"}
    assert found(tmp_path / "1", files | workspace) == ["acme/shop/pay", "acme/shop/ship"]
    assert found(tmp_path / "2", files | {"tool.py": CODE}) == [
        "acme/shop/_root",
        "acme/shop/pay",
        "acme/shop/ship",
    ]


def test_several_entries_in_one_file_are_placed_by_their_source(tmp_path: Path) -> None:
    note = "  annotations:\n    backstage.io/source-location: url:./svc/pay/\n"
    text = entry("whole") + "---\n" + entry("pay", extra=note) + "---\nkind: System\nmetadata: {name: x}\n"
    assert found(tmp_path, {"catalog-info.yaml": text, "svc/pay/a.py": CODE, "b.py": CODE}) == [
        "acme/shop/pay",
        "acme/shop/whole",
    ]


def test_what_is_not_in_use_is_outside_the_population(tmp_path: Path) -> None:
    history = History()
    history.commit(
        {"catalog-info.yaml": entry("shop", "deprecated"), "a.py": CODE, "Dockerfile": "FROM x\n"}, 5
    )
    folder = history.write(tmp_path / "shop")
    for key in (
        "git.two_person_component_ratio",
        "git.containerised_repo_ratio",
        "codeowners.team_owned_ratio",
    ):
        assert isinstance(scan(folder).reading(key), Absent)
    plain = History()
    plain.commit({"a.py": CODE, "Dockerfile": "FROM x\n"}, 5)
    told = {"organisation": "acme", "repo": "shop", "archived": "true"}
    out = scan(plain.write(tmp_path / "old"), facts=told)
    assert isinstance(out.reading("git.containerised_repo_ratio"), Absent)


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        ({"package.json": '{"workspaces": {"packages": ["apps/*", "!apps/c"]}}', "apps/a/package.json": "{}",
          "apps/b/package.json": "{}", "apps/b/sub/package.json": "{}"}, ["apps/a", "apps/b"]),
        ({"pnpm-workspace.yaml": "packages:\n  - 'libs/**'\n", "libs/x/y/package.json": "{}"}, ["libs/x/y"]),
        ({"go.work": "go 1.22\nuse (\n\t./svc // one\n\t./lib\n)\n", "svc/go.mod": "m",
          "lib/go.mod": "m"}, ["lib", "svc"]),
        ({"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
          "crates/a/Cargo.toml": "[package]"}, ["crates/a"]),
        ({"pom.xml": "<project><modules><module>core</module></modules></project>",
          "core/pom.xml": "<x/>"}, ["core"]),
        ({"settings.gradle.kts": 'include(":app", ":lib:core")\n', "app/build.gradle": "",
          "lib/core/build.gradle": ""},
         ["app", "lib/core"]),
        ({"pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
          "packages/a/pyproject.toml": ""},
         ["packages/a"]),
        ({"svc/Dockerfile": "FROM x\n", "svc/src/a.py": CODE, "docs/Dockerfile": "FROM x\n"}, ["svc"]),
        ({"package.json": '{"workspaces": ["../../etc", "/etc", 7, "missing"]}',
          "Cargo.toml": "[workspace\n"}, []),
    ],
)  # fmt: skip
def test_workspaces_and_deployables(tmp_path: Path, files: dict[str, str], parts: list[str]) -> None:
    assert found(tmp_path, files) == [f"acme/shop/{part}" for part in parts] or (
        not parts and found(tmp_path / "again", files) == ["acme/shop"]
    )


def test_top_level_folders_with_owners_of_their_own(tmp_path: Path) -> None:
    owners = "* @acme/core\n/pay/ @acme/pay\n/ship/ @acme/ship\n/docs/ @acme/docs\n/same/ @acme/core\n"
    files = {f"{name}/a.py": CODE for name in ("pay", "ship", "same")} | {
        "docs/a.md": "# A\n",
        "CODEOWNERS": owners,
    }
    assert found(tmp_path, files) == ["acme/shop/_root", "acme/shop/pay", "acme/shop/ship"]


def test_beyond_the_cap_paths_count_with_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "MOST", 3)
    history = History()
    history.commit(
        {f"s{n}/catalog-info.yaml": entry(f"s{n}") for n in range(5)}
        | {f"s{n}/a.py": CODE for n in range(5)},
        5,
    )
    out = scan(history.write(tmp_path / "shop"))
    assert out.components == ["acme/shop/_root", "acme/shop/s0", "acme/shop/s1", "acme/shop/s2"]
    assert (out.row("component").requested, out.row("component").skipped) == (6, 2)


def test_names_come_from_facts_then_the_remote_then_the_folder(tmp_path: Path) -> None:
    history = History()
    history.commit({"a.py": CODE}, 5)
    folder = history.write(tmp_path / "checkout")
    assert scan(folder, facts={}).components == ["local/checkout"]
    git(folder, "remote", "add", "origin", "git@gitlab.example.com:group/sub/shop.git")
    out = scan(folder, facts={})
    assert out.components == ["sub/shop"]
    reading = out.reading("git.two_person_component_ratio", "sub/shop")
    assert not isinstance(reading, Absent)
    assert reading.evidence[0].locator.startswith("https://gitlab.example.com/group/sub/shop/-/tree/")
    # The host knows whose it is, whatever the run calls the organisation; a folder of this machine does not.
    assert scan(folder, facts={"organisation": "acme"}).components == ["sub/shop"]
    git(folder, "remote", "set-url", "origin", f"file://{tmp_path}/elsewhere")
    assert scan(folder, facts={"organisation": "acme"}).components == ["acme/elsewhere"]
    git(folder, "remote", "remove", "origin")
    assert scan(folder, facts={"organisation": "acme"}).components == ["acme/checkout"]
    assert scan(folder, facts={"organisation": "acme", "repo": "other/x"}).components == ["other/x"]


def test_teams_belong_to_the_organisation_of_the_run(tmp_path: Path) -> None:
    history = History()
    text = "This line says how to work with the team.\n" * 4
    history.commit({"a.py": CODE, "teams/pay/team-api.md": text}, 5)
    folder = history.write(tmp_path / "shop")
    git(folder, "remote", "add", "origin", "https://gitlab.example.com/sub/shop.git")
    out = scan(folder, facts={"organisation": "acme"}, teams={"pay": ("shop",)})
    named = {str(s.subject) for s in out.signals if s.key == "docs.team_api_ratio"}
    assert named == {"team:acme/pay"}
    assert "team:acme/pay" in {str(item.parent) for item in out.items if isinstance(item, Membership)}


def test_teams_of_the_settings_own_repositories(tmp_path: Path) -> None:
    assert "acme/shop" in found(tmp_path, {"a.py": CODE}, teams={"pay": ("acme/shop",)})
