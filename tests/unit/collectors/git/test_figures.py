"""Figures of small repositories against values worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from cnmm_collectors.signals import Absent, Gap, Unknown
from unit.collectors.git.repos import BOT, JANE, OMAR, WEI, History, scan

CODE = "def main():\n    return 1\n"


def test_activity_needs_a_human_change_within_the_window(tmp_path: Path) -> None:
    old = History()
    old.commit({"app.py": CODE}, days=120)
    old.commit({"app.py": CODE + "\n"}, days=5, by=BOT)
    out = scan(old.write(tmp_path / "old"))
    assert isinstance(out.reading("git.two_person_component_ratio"), Absent)
    old.commit({"app.py": CODE + "\n\n"}, days=4)
    again = scan(old.write(tmp_path / "new"))
    assert again.value("git.two_person_component_ratio") is False


def test_absence_and_truck_factor_by_hand(tmp_path: Path) -> None:
    # 20 commits in the year: Jane 10, Omar 6, Wei 4. Half of 20 is 10: Jane alone.
    history = History()
    for n in range(10):
        history.commit({f"a{n}.py": CODE}, days=200 - n, by=JANE)
    for n in range(6):
        history.commit({f"b{n}.py": CODE}, days=100 - n, by=OMAR)
    for n in range(4):
        history.commit({f"c{n}.py": CODE}, days=50 - n, by=WEI)
    out = scan(history.write(tmp_path / "shop"))
    assert out.value("git.contributor_absence_factor") == 1
    assert out.value("git.single_maintainer_repo_ratio") is True
    # Without Jane 10 of 20 files are orphans, which is not more than half; without Omar 16 are.
    assert out.value("git.truck_factor") == 2
    assert out.value("git.two_person_component_ratio") is True


def test_one_more_contributor_moves_the_absence_factor(tmp_path: Path) -> None:
    history = History()
    for n in range(20):
        history.commit({f"a{n}.py": CODE}, days=200 - n, by=(JANE, OMAR)[n % 2])
    history.commit({"z.py": CODE}, days=3, by=WEI)
    # Jane 10, Omar 10, Wei 1 of 21: one person makes 10, less than half of 21.
    assert scan(history.write(tmp_path / "shop")).value("git.contributor_absence_factor") == 2


def test_fewer_than_twenty_commits_are_outside_the_population(tmp_path: Path) -> None:
    history = History()
    for n in range(19):
        history.commit({"a.py": f"{CODE}#{n}"}, days=60 - n)
    out = scan(history.write(tmp_path / "shop"))
    for key in ("git.contributor_absence_factor", "git.truck_factor", "git.single_maintainer_repo_ratio"):
        assert isinstance(out.reading(key), Absent)


def test_co_authors_count_and_bots_do_not(tmp_path: Path) -> None:
    history = History()
    trailer = "feature\n\nCo-authored-by: Claude <noreply@anthropic.com>\n"
    history.commit({"a.py": CODE}, days=5, message=trailer)
    assert scan(history.write(tmp_path / "bot")).value("git.two_person_component_ratio") is False
    history.commit({"a.py": CODE + "#"}, days=4, message=f"feature\n\nCo-authored-by: {OMAR}\n")
    assert scan(history.write(tmp_path / "pair")).value("git.two_person_component_ratio") is True


def test_two_addresses_of_one_person_are_one(tmp_path: Path) -> None:
    history = History()
    history.commit({"a.py": CODE}, days=6, by="Jane Roe <jane@work.example>")
    history.commit({"a.py": CODE + "#"}, days=5, by="Jane Roe <12+jroe@users.noreply.github.com>")
    history.commit({"a.py": CODE + "##"}, days=4, by="jr <jroe@users.noreply.github.com>")
    assert scan(history.write(tmp_path / "shop")).value("git.two_person_component_ratio") is False


def test_mailmap_of_the_commit_is_used(tmp_path: Path) -> None:
    history = History()
    history.commit({"a.py": CODE, ".mailmap": "<jane@a.example> <j2@b.example>\n"}, 6, "J <jane@a.example>")
    history.commit({"a.py": CODE + "#"}, 5, "Q <j2@b.example>")
    assert scan(history.write(tmp_path / "shop")).value("git.two_person_component_ratio") is False


def test_lag_is_counted_from_docs_to_code_and_mass_edits_do_not_count(tmp_path: Path) -> None:
    history = History()
    files: dict[str | bytes, str | bytes | None] = {f"src/m{n}.py": CODE for n in range(60)}
    history.commit({**files, "docs/guide.md": "# Guide\n"}, days=80)
    history.commit({"src/m1.py": CODE + "#"}, days=20)
    history.commit({**dict.fromkeys(files, f"# Copyright\n{CODE}"), "docs/guide.md": "# Guide.\n"}, days=3)
    out = scan(history.write(tmp_path / "shop"))
    assert out.value("docs.staleness_lag_days") == 60
    history.commit({"docs/guide.md": "# More\n"}, days=2)
    assert scan(history.write(tmp_path / "fresh")).value("docs.staleness_lag_days") == 0


def test_listed_and_named_mass_edits_are_ignored(tmp_path: Path) -> None:
    history = History()
    files: dict[str | bytes, str | bytes | None] = {f"src/m{n}.py": CODE for n in range(12)}
    history.commit({**files, "README.md": "# Shop\n"}, days=80)
    history.commit(dict.fromkeys(files, f"{CODE}\n"), days=3, message="style: reformat everything")
    assert scan(history.write(tmp_path / "shop")).value("docs.staleness_lag_days") == 0


def test_code_and_docs_changed_in_one_merge_are_one_change(tmp_path: Path) -> None:
    history = History()
    base = history.commit({"src/a.py": CODE, "docs/a.md": "# A\n"}, days=300)
    side = history.commit({"src/a.py": CODE + "#"}, 40, OMAR, branch="refs/heads/side", parent=base)
    side = history.commit({"docs/a.md": "# B\n"}, 39, OMAR, branch="refs/heads/side", parent=side)
    both: dict[str | bytes, str | bytes | None] = {"src/a.py": CODE + "#", "docs/a.md": "# B\n"}
    merged = history.commit(both, 38, JANE, parent=base, merge=[side])
    history.commit({"src/a.py": CODE + "##"}, 30, parent=merged)
    history.commit({"src/b.py": CODE}, 20)
    out = scan(history.write(tmp_path / "shop"))
    # Three changes of code: the merge (with docs), one without, one without.
    assert out.value("docs.cochange_ratio") == Fraction(1, 3)


def test_removals_without_docs_and_moves(tmp_path: Path) -> None:
    history = History()
    history.commit({"src/a.py": CODE, "src/b.py": CODE, "src/c.py": CODE, "docs/a.md": "# A\n"}, days=300)
    history.commit({"src/c.py": None, "lib/c.py": CODE}, days=50)
    assert isinstance(scan(history.write(tmp_path / "moved")).reading("docs.removal_cochange_ratio"), Absent)
    history.commit({"src/a.py": None, "docs/a.md": None}, days=40)
    history.commit({"src/b.py": None}, days=30)
    assert scan(history.write(tmp_path / "gone")).value("docs.removal_cochange_ratio") == Fraction(1, 2)


def test_plumbing_share_and_cloud_native_effort(tmp_path: Path) -> None:
    history = History()
    history.commit(
        {"src/a.py": CODE, "src/b.py": CODE, "src/c.py": CODE, "Dockerfile": "FROM scratch\n"}, days=300
    )
    history.commit({"Dockerfile": "FROM scratch\nUSER 1\n"}, days=30, by=OMAR)
    history.commit({"src/a.py": CODE + "#"}, days=20)
    history.commit({"src/a.py": CODE + "##", "Dockerfile": "FROM scratch\n"}, days=10)
    out = scan(history.write(tmp_path / "shop"))
    assert out.value("git.boilerplate_commit_ratio") == Fraction(1, 3)
    assert out.value("git.cn_effort_count") is True
    # Infrastructure: Omar and Jane; app: Jane alone.
    assert out.value("git.cn_layer_count") == 1


def test_every_declared_signal_is_answered_once(tmp_path: Path) -> None:
    history = History()
    history.commit({"a.py": CODE, "CODEOWNERS": "* @acme/core\n"}, days=5)
    out = scan(history.write(tmp_path / "shop"))
    assert not out.doubles()
    declared = {spec.id for spec in __import__("cnmm_collectors.git", fromlist=["x"]).GitCollector.signals}
    assert {signal.key.partition("{")[0] for signal in out.signals} <= declared
    roster = out.reading("git.cn_discipline_count")
    assert isinstance(roster, Unknown)
    assert roster.gap is Gap.NOT_COLLECTED
    assert "roster" in roster.detail


def test_ownership_of_paths(tmp_path: Path) -> None:
    history = History()
    owners = "* @acme/core\n/src/ @acme/shop\n/tools/x.py @jane-roe\n"
    history.commit({"src/a.py": CODE, "src/b.py": CODE, "tools/x.py": CODE, "CODEOWNERS": owners}, days=5)
    out = scan(history.write(tmp_path / "shop"))
    assert out.value("codeowners.path_coverage_ratio") == 1
    assert out.value("codeowners.team_owner_ratio") == Fraction(3, 4)
    assert out.value("codeowners.catch_all_ratio") == Fraction(1, 4)
    assert out.value("codeowners.owner_concentration").items == (("acme/core", 1), ("acme/shop", 2))
    assert out.value("codeowners.team_owned_ratio") is False
    assert "jane-roe" not in repr(out.items)


def test_one_catch_all_team_owns_a_whole_repository(tmp_path: Path) -> None:
    history = History()
    history.commit({"a.py": CODE, ".github/CODEOWNERS": "* @acme/core\n"}, days=5)
    out = scan(history.write(tmp_path / "shop"))
    assert out.value("codeowners.team_owned_ratio") is True


@pytest.mark.parametrize(
    ("owners", "owned"),
    [
        ("* @acme/platform\n/policy/ @acme/security\n", True),
        ("* @acme/platform @jane-roe\n/policy/ @acme/security\n", True),
        ("* @acme/platform @acme/security\n", False),
        ("* @acme/old\n* @acme/platform\n", True),
        ("* @jane-roe\n/policy/ @acme/security\n", False),
        ("* @acme/platform\n/policy/ @jane-roe\n", False),
        ("/src/ @acme/platform\n/policy/ @acme/security\n/CODEOWNERS @acme/security\n", True),
    ],
)
def test_the_teams_of_the_catch_all_decide_whether_it_counts(
    tmp_path: Path, owners: str, owned: bool
) -> None:
    files = {f"src/{n}.py": CODE for n in range(10)} | {f"policy/{n}.rego": "package x\n" for n in range(9)}
    history = History()
    history.commit({**files, "CODEOWNERS": owners}, days=5)
    out = scan(history.write(tmp_path / "shop"))
    assert out.value("codeowners.team_owned_ratio") is owned
