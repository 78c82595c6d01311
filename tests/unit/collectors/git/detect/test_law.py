"""What holds for any content: one reading for each key and subject, no exception, citations, no leak."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_collectors.git.detect import KEYS, TEAM_KEYS, plumbing, signals, sketch, wanted
from cnmm_collectors.git.model import Component, RepositoryView, TreeEntry
from cnmm_collectors.registry import load
from cnmm_collectors.signals import Absent, Gap, Observed, Unknown, split_key
from cnmm_collectors.subjects import Subject, SubjectKind
from unit.collectors.git.detect.workshop import AS_OF, PlainCite, ages, commit, judge, look

PLACES = (
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    ".trivyignore",
    "Chart.yaml",
    "Dockerfile",
    "PROJECT",
    "README.md",
    "catalog-info.yaml",
    "docs/adr/0001-x.md",
    "docs/runbook.md",
    "docs/team-api.md",
    "exceptions/one.yaml",
    "go.mod",
    "k8s/app.yaml",
    "osv-scanner.toml",
    "package.json",
    "pipeline.py",
    "policy/a.rego",
    "pom.xml",
    "pyproject.toml",
    "security/guidelines.md",
    "templates/x.yaml",
    "vex.json",
)
SEEDS = (
    b"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {k: v}\n",
    b"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {rules: [{validate: {a: b}}]}\n",
    b"on: push\njobs: {a: {steps: [{run: trivy fs .}]}}\n",
    b"include: [{project: a}]\nx: {script: [a, [b, c]], extends: [x]}\n",
    b"# Decision\n## Status\nAccepted 2026-13-45\n",
    b'{"statements": [{"status": "affected"}, 3, null], "dependencies": {"a": []}}',
    b"[[IgnoredVulns]]\nid = 1\n[project]\ndependencies = [1, 'x']\n[tool]\npoetry = 3\n",
    b"a: &a [*a, *a]\n<<: *a\n? [x]\n: y\n",
    b"{{ if }}\napiVersion: v1\nkind: {{ x }}\n{{- end }}",
    b"---\n" * 40,
    b"[" * 3000,
)


def made_of(files: dict[str, bytes], roots: tuple[str, ...] = ("", "k8s")) -> RepositoryView:
    entries = tuple(TreeEntry(path, "100644", "0" * 40) for path in sorted(files))
    parts = tuple(
        Component(Subject.safe(SubjectKind.COMPONENT, "acme", "x", root), root, "repository", True)
        for root in roots
    )
    contents = {path: raw for path, raw in files.items() if wanted(path)}
    repo = Subject.parse("repo:acme/x")
    return RepositoryView(repo, "0" * 40, "", AS_OF, entries, parts, contents, {}, PlainCite())


def check(view: RepositoryView, dates: Mapping[str, tuple[int | None, int]]) -> None:
    found = list(signals(view, dates))
    seen = Counter((signal.key, signal.subject) for signal in found)
    assert max(seen.values()) == 1
    specs = load()
    expected = set()
    for key in KEYS:
        if specs[split_key(key)[0]].subject is SubjectKind.REPO:
            expected.add((key, view.repo))
        else:
            expected.update((key, component.subject) for component in view.components)
    assert {pair for pair in seen if pair[0] not in TEAM_KEYS} == expected
    for signal in found:
        assert signal.source == "git"
        if isinstance(signal.reading, Observed | Absent):
            assert signal.reading.evidence


def test_the_places_of_this_test_are_read() -> None:
    assert [place for place in PLACES if not wanted(place)] == []


def test_every_key_is_declared_in_its_canonical_spelling() -> None:
    specs = load()
    for key in (*KEYS, *TEAM_KEYS):
        name, facets = split_key(key)
        assert specs[name].key(**facets) == key


@given(st.dictionaries(st.sampled_from(PLACES), st.binary(max_size=300) | st.sampled_from(SEEDS), max_size=8))
def test_any_bytes_give_one_cited_reading_each(files: dict[str, bytes]) -> None:
    view = made_of(files)
    check(view, ages(view))


@given(
    st.sampled_from(PLACES),
    st.lists(st.sampled_from([line for seed in SEEDS[:10] for line in seed.split(b"\n")]), max_size=30),
    st.integers(-(10**18), 10**18),
)
def test_shuffled_real_lines_and_absurd_dates_do_no_harm(place: str, lines: list[bytes], epoch: int) -> None:
    view = made_of({place: b"\n".join(lines)})
    check(view, {place: (epoch, epoch)})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_every_seed_in_every_place(place: str, seed: bytes) -> None:
    view = made_of({place: seed})
    check(view, ages(view))
    assert sketch(view, view.components[0], plumbing(view)) is None or seed


def test_a_repository_with_nothing_in_it() -> None:
    check(made_of({}), {})


def test_paths_from_a_hostile_tree() -> None:
    names = [
        "k8s/\udcff.yaml",
        "a\nb/Dockerfile",
        "x" * 3000 + ".md",
        "docs/adr/\u202e.md",
        "-rf",
        "a//b.yaml",
    ]
    check(made_of(dict.fromkeys(names, SEEDS[0])), {})


SECRET = "hunter2-Zq9vT4wXk81LmN0p"
MAIL = "jane.roe@corp.example"
PLANTED = {
    "k8s/secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {SECRET}\n",
    "k8s/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    f"secretGenerator:\n- name: x\n  literals:\n  - token={SECRET}\n",
    "exceptions/a.yaml": f"owner: {MAIL}\nreason: {SECRET}\nexpires: 2020-01-01\nmitigation: {MAIL}\n",
    ".trivyignore": f"# owner: {MAIL}\n# reason: {SECRET}\nCVE-2024-1 exp:2020-01-01\n",
    "osv-scanner.toml": f'[[IgnoredVulns]]\nid = "x"\nreason = "{SECRET}"\nowner = "{MAIL}"\n',
    ".github/workflows/ci.yml": f"on: push\njobs:\n  a:\n    steps:\n      - run: gitleaks detect {SECRET} {MAIL}\n"
    f"      - uses: acme/x@{SECRET}\n      - run: cosign sign --key {SECRET}\n",
    "Dockerfile": f"FROM x\nENV A={SECRET}\nLABEL m={MAIL}\n",
    "docs/adr/0001.md": f"# {MAIL}\n## Status\nAccepted 2026-05-01 by {MAIL}\n## Decision\n{SECRET} {MAIL} decided\n",
    "docs/security-guidelines.md": f"# G\n## Forbidden\n{SECRET} {MAIL} must never be used here\n",
    "docs/runbook.md": f"{MAIL} must be called first\n" * 4,
    "teams/a/team-api.md": f"# Team API: {MAIL}\n" + f"call {MAIL} with {SECRET}\n" * 4,
    "requirements.txt": f"torch  # {SECRET} {MAIL}\n",
    "package.json": f'{{"dependencies": {{"openai": "{SECRET}"}}, "author": "{MAIL}"}}',
    "policy/a.rego": f'deny[m] {{ m := "{SECRET} {MAIL}" }}\n',
    "k8s/broken.yaml": f"apiVersion: v1\nkind: Secret\nstringData: [{SECRET}\n",
}


def test_planted_values_and_addresses_are_in_no_output(tmp_path: Path) -> None:
    commit(tmp_path / "r", PLANTED)
    view = look(tmp_path / "r")
    found = list(signals(view, ages(view)))
    text = repr(found) + repr(view.cite)
    assert SECRET not in text
    assert MAIL not in text
    assert re.search(r"[\w.]+@[\w-]+\.\w+", text) is None
    outcome = judge(view, ages(view))
    assert outcome.value("git.exception_expired_count") == 2
    assert outcome.value("ci.secret_scan_ratio") is True


def test_a_component_out_of_use_leaves_the_population(tmp_path: Path) -> None:
    commit(tmp_path / "r", {"Dockerfile": "FROM x\n", "main.py": "pass\n"})
    view = look(tmp_path / "r")
    for change, want in (
        ({"active": False}, "absent"),
        ({"active": None}, "not_collected"),
        ({"lifecycle": "deprecated"}, "absent"),
        ({"lifecycle": "experimental"}, "absent"),
        ({"lifecycle": "production"}, True),
    ):
        changed = replace(view, components=(replace(view.components[0], **change),))
        outcome = judge(changed, ages(changed))
        assert outcome.value("git.containerised_repo_ratio") == want, change
        check(changed, ages(changed))


def test_an_unread_file_that_could_decide_makes_it_unknown(tmp_path: Path) -> None:
    commit(tmp_path / "r", {"k8s/a.yaml": "apiVersion: v1\nkind: ConfigMap\n", "Dockerfile": "FROM x\n"})
    view = look(tmp_path / "r")
    unread = dict.fromkeys(view.contents, Gap.UNREACHABLE)
    outcome = judge(replace(view, contents={}, unread=unread), ages(view))
    for key in ("git.manifest_repo_ratio", "git.containerised_repo_ratio", "git.plaintext_secret_count"):
        assert outcome.value(key) == "unreachable"
    half = {"Dockerfile": view.contents["Dockerfile"]}
    outcome = judge(replace(view, contents=half, unread={"k8s/a.yaml": Gap.UNREACHABLE}), ages(view))
    assert outcome.value("git.containerised_repo_ratio") is True
    assert outcome.value("git.policy_family") == "unreachable"
    assert isinstance(outcome.reading("git.owned_crd_count"), Unknown)


ALIASES = "".join(f"  - &a{n} {{kind: List, items: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 45))
BOMBS = {
    "k8s/list.yaml": "x:\n  - &a0 {apiVersion: v1, kind: Pod}\n" + ALIASES + "kind: List\nitems: [*a44]\n",
    ".gitlab-ci.yml": "x:\n  - &a0 [make]\n"
    + "".join(f"  - &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 45))
    + "y: {script: *a44}\n",
    "k8s/policy.yaml": "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nx:\n  - &a0 '"
    + "y" * 500_000
    + "'\n"
    + "".join(f"  - &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 45))
    + "spec: {rules: [{validate: {a: *a44}}]}\n",
    "pom.xml": "-->" + "<!--" * 200_000,
    "README.md": "-->" + "<!--\n" * 100_000,
    "Chart/templates/a.yaml": "{{" * 100_000 + "\napiVersion: v1\nkind: Pod\n---\n" * 5_000,
    ".github/workflows/a.yml": "on: push\njobs: {a: {steps: [{run: 'trivy " + "--a " * 480 + "'}]}}\n",
    "pyproject.toml": "[project]\ndependencies = [" + "'torch',\n" * 30_000 + "]\n",
    "docs/security-guidelines.md": "# " + " #" * 900 + "\n" + "# " * 300_000,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", BOMBS)
def test_what_is_meant_to_take_for_ever_does_not(path: str) -> None:
    view = made_of({path: BOMBS[path].encode(), "Dockerfile": b"FROM x\n"})
    check(view, ages(view))
