"""Pipelines of GitHub Actions and GitLab CI: what would really run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cnmm_collectors.git.detect.ci.shell import read_commands
from cnmm_collectors.git.detect.nodes import read_yaml
from unit.collectors.git.detect.workshop import Outcome

Scan = Callable[..., Outcome]
IMAGE = {"Dockerfile": "FROM x\n"}
MANIFEST = {"k8s/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"}
WORKFLOW = ".github/workflows/ci.yml"
GITLAB = ".gitlab-ci.yml"


def steps(*lines: str, on: str = "push") -> str:
    body = "".join(f"      - {line}\n" for line in lines)
    return f"on: {on}\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n{body}"


def job(*script: str, more: str = "") -> str:
    return "scan:\n" + more + "  script:\n" + "".join(f"    - {line}\n" for line in script)


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({WORKFLOW: steps("run: make")}, True),
        ({WORKFLOW: steps("run: make", on="[push, pull_request]")}, True),
        ({WORKFLOW: steps("run: make", on="{pull_request: {branches: [main]}}")}, True),
        ({WORKFLOW: steps("run: make", on="workflow_dispatch")}, False),
        ({WORKFLOW: steps("run: make", on="workflow_call")}, False),
        ({WORKFLOW: steps("run: make").replace("runs-on", "if: false\n    runs-on")}, False),
        ({WORKFLOW: steps("run: make").replace("runs-on", "if: ${{ false }}\n    runs-on")}, False),
        ({WORKFLOW: "# " + steps("run: make").replace("\n", "\n# ")}, False),
        ({WORKFLOW: "on: push\njobs: {}\n"}, False),
        ({"vendor/x/" + WORKFLOW: steps("run: make")}, False),
        ({"docs/ci.md": steps("run: make")}, False),
        ({GITLAB: job("make")}, True),
        ({GITLAB: job("make").replace("scan:", ".scan:")}, False),
        ({GITLAB: job("make", more="  rules: [{when: never}]\n")}, False),
        ({GITLAB: job("make", more="  rules: [{if: $CI, when: never}, {when: always}]\n")}, True),
        ({GITLAB: "stages: [a]\nvariables: {a: b}\n"}, False),
        ({GITLAB: "include: [{project: acme/ci, file: a.yml}]\n"}, True),
        ({"Jenkinsfile": "pipeline { }\n"}, True),
        ({"Jenkinsfile": "// nothing\n"}, False),
        ({"azure-pipelines.yml": "trigger: [main]\n"}, True),
        ({"README.md": "CI runs on push\n"}, False),
        ({WORKFLOW: "on: push\njobs: [\n"}, "malformed"),
        ({WORKFLOW: "on: push\njobs: [\n", GITLAB: job("make")}, True),
    ],
)
def test_pipelines(scan: Scan, files: dict[str, str], want: object) -> None:
    assert scan(files).value("ci.pipeline_ratio") == want


def call(uses: str) -> str:
    return f"on: push\njobs:\n  a:\n    uses: {uses}\n"


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({WORKFLOW: call("acme/ci/.github/workflows/build.yml@v1")}, True),
        ({WORKFLOW: call("Acme/ci/.github/workflows/build.yaml@0123456789abcdef")}, True),
        ({WORKFLOW: steps("uses: acme/ci-actions/build@v1")}, True),
        ({WORKFLOW: call("acme/shop/.github/workflows/build.yml@v1")}, False),
        ({WORKFLOW: call("./.github/workflows/build.yml")}, False),
        ({WORKFLOW: call("slsa-framework/slsa-github-generator/.github/workflows/g.yml@v2")}, False),
        ({WORKFLOW: steps("uses: actions/checkout@v4")}, False),
        ({WORKFLOW: steps("run: make  # uses: acme/ci/.github/workflows/build.yml@v1")}, False),
        (
            {WORKFLOW: call("acme/ci/.github/workflows/build.yml@v1").replace("uses", "if: false\n    uses")},
            False,
        ),
        ({GITLAB: "include:\n- project: acme/ci\n  file: build.yml\n"}, True),
        ({GITLAB: "include:\n- component: $CI_SERVER_FQDN/acme/ci/build@1.0\n"}, True),
        ({GITLAB: "include:\n- template: Jobs/Build.gitlab-ci.yml\n"}, True),
        ({GITLAB: "include: /ci/local.yml\n" + job("make"), "ci/local.yml": "a: {script: [x]}\n"}, False),
        ({GITLAB: "# include:\n# - project: acme/ci\n" + job("make")}, False),
    ],
)
def test_shared_pipelines(scan: Scan, files: dict[str, str], want: bool) -> None:
    assert scan(files).value("ci.shared_workflow_ratio") is want


@pytest.mark.parametrize("files", [{**IMAGE}, {**IMAGE, "docs/ci.md": "We use Jenkins.\n"}])
def test_a_pipeline_that_may_be_kept_elsewhere_is_not_denied(scan: Scan, files: dict[str, str]) -> None:
    keys = ("ci.pipeline_ratio", "ci.shared_workflow_ratio", SCAN, SBOM, SIGN, LEAKS)
    found = scan(files, here=False)
    assert [found.value(key) for key in keys] == ["not_collected"] * len(keys)
    assert [scan(files).value(key) for key in keys] == [False] * len(keys)
    # A definition in the repository says where its pipelines are, even one that never starts.
    idle = scan({**files, WORKFLOW: "on: workflow_dispatch\njobs: {a: {steps: [{run: x}]}}\n"}, here=False)
    assert [idle.value(key) for key in keys] == [False] * len(keys)


@pytest.mark.parametrize(
    "path", [".prow/a.yaml", ".zuul.yaml", ".azure-pipelines/ci.yml", ".teamcity/settings.kts"]
)
def test_a_dialect_that_is_not_read_starts_and_hides(scan: Scan, path: str) -> None:
    found = scan({path: "x: 1\n", **IMAGE})
    assert found.value("ci.pipeline_ratio") is True
    assert [found.value(key) for key in ("ci.shared_workflow_ratio", SCAN)] == ["unsupported"] * 2


def test_forks_of_the_workflow_dialect_are_read(scan: Scan) -> None:
    assert scan({".forgejo/workflows/a.yaml": steps("run: trivy image app"), **IMAGE}).value(SCAN) is True


def test_a_clone_without_a_remote_has_no_known_owner(scan: Scan) -> None:
    foreign = {WORKFLOW: steps("uses: prometheus/promci-setup@v1"), **IMAGE}
    assert scan(foreign).value("ci.shared_workflow_ratio") is False
    found = scan(foreign, web="")
    assert [found.value(key) for key in ("ci.shared_workflow_ratio", SCAN)] == ["not_collected"] * 2
    ordinary = scan({WORKFLOW: steps("uses: actions/checkout@v4"), **IMAGE}, web="")
    assert [ordinary.value(key) for key in ("ci.shared_workflow_ratio", SCAN)] == [False] * 2


def test_a_shared_pipeline_is_cited_at_its_line(scan: Scan) -> None:
    found = scan({WORKFLOW: call("acme/ci/.github/workflows/build.yml@v1")})
    assert found.lines("ci.shared_workflow_ratio") == [f"{WORKFLOW}:L4"]


SCAN = "ci.image_scan_ratio"
SBOM = "ci.sbom_ratio"
SIGN = "ci.provenance_ratio"
LEAKS = "ci.secret_scan_ratio"
POLICY = "ci.policy_test_ratio"


@pytest.mark.parametrize(
    ("key", "step", "want"),
    [
        (SCAN, "uses: aquasecurity/trivy-action@0.28.0", True),
        (SCAN, "uses: AquaSecurity/trivy-action@0.28.0", True),
        (SCAN, "run: trivy image --exit-code 1 app:latest", True),
        (SCAN, "run: docker run --rm aquasec/trivy image app", True),
        (SCAN, "{run: make build && grype app, continue-on-error: true}", True),
        (SCAN, "run: sudo ./bin/trivy fs .", True),
        (SCAN, "run: echo trivy image app", False),
        (SCAN, "run: 'echo \"trivy image app\"'", False),
        (SCAN, "run: '# trivy image app'", False),
        (SCAN, "{run: trivy image app, if: false}", False),
        (SCAN, "run: trivy --version", False),
        (SCAN, "run: curl -o trivy https://x/trivy image", False),
        (SCAN, "name: trivy image app", False),
        (SCAN, "{uses: aquasecurity/trivy-action@1, with: {format: cyclonedx}}", False),
        (SBOM, "{uses: aquasecurity/trivy-action@1, with: {format: cyclonedx}}", True),
        (SBOM, "uses: anchore/sbom-action@v0", True),
        (SBOM, "run: syft app -o spdx-json", True),
        (SBOM, "run: syft version", False),
        (SBOM, "{uses: docker/build-push-action@v6, with: {sbom: true}}", True),
        (SBOM, "{uses: docker/build-push-action@v6, with: {sbom: false}}", False),
        (SBOM, "uses: docker/build-push-action@v6", False),
        (SIGN, "run: cosign sign --yes app", True),
        (SIGN, "run: cosign verify app", False),
        (SIGN, "uses: sigstore/cosign-installer@v3", False),
        (SIGN, "uses: actions/attest-build-provenance@v2", True),
        (SIGN, "{uses: docker/build-push-action@v6, with: {provenance: mode=max}}", True),
        (LEAKS, "uses: gitleaks/gitleaks-action@v2", True),
        (LEAKS, "run: gitleaks detect --source .", True),
        (LEAKS, "run: gitleaks detect --exit-code 0", False),
        (LEAKS, "run: gitleaks detect || true", False),
        (LEAKS, "{uses: gitleaks/gitleaks-action@v2, continue-on-error: true}", False),
        (LEAKS, "run: trufflehog git file://. --fail", True),
        (LEAKS, "run: trufflehog git file://.", False),
        (POLICY, "run: conftest test k8s/", True),
        (POLICY, "run: kyverno test .", True),
        (POLICY, "run: gator verify ./...", True),
        (POLICY, "run: kubectl apply -f k8s", False),
    ],
)
def test_practices_in_steps(scan: Scan, key: str, step: str, want: bool) -> None:
    assert scan({WORKFLOW: steps(step), **IMAGE, **MANIFEST}).value(key) is want


@pytest.mark.parametrize(
    ("key", "text", "want"),
    [
        (SCAN, job("trivy image app"), True),
        (SCAN, job("trivy image app").replace("scan:", ".scan:"), False),
        (SCAN, ".scan:\n  script: [trivy image app]\nreal:\n  extends: .scan\n", True),
        (SCAN, job("trivy image app", more="  when: never\n"), False),
        (SCAN, "include:\n- template: Jobs/Container-Scanning.gitlab-ci.yml\n", True),
        (
            SCAN,
            "include:\n- component: gitlab.com/components/container-scanning/container-scanning@1\n",
            True,
        ),
        (LEAKS, "include:\n- template: Jobs/Secret-Detection.gitlab-ci.yml\n", False),
        (
            LEAKS,
            "include:\n- template: Jobs/Secret-Detection.gitlab-ci.yml\nsecret_detection:\n  allow_failure: false\n",
            True,
        ),
        (LEAKS, job("gitleaks detect", more="  allow_failure: true\n"), False),
        (LEAKS, job("gitleaks detect"), True),
        (SBOM, job("syft . -o json", more="  before_script: [apk add syft]\n"), True),
        (SIGN, "default: {image: x}\n" + job("- !reference [.a, script]", "cosign sign x"), True),
    ],
)
def test_practices_in_jobs(scan: Scan, key: str, text: str, want: bool) -> None:
    assert scan({GITLAB: text, **IMAGE}).value(key) is want


def test_commands_have_true_lines(scan: Scan) -> None:
    text = "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          make\n          # trivy fs .\n          trivy fs .\n"
    assert scan({WORKFLOW: text, **IMAGE}).lines(SCAN) == [f"{WORKFLOW}:L8"]
    node = read_yaml("run: |\n  a \\\n    b\n  cat <<EOF\n  trivy image\n  EOF\n  c\n")[0].get("run")
    assert node is not None
    assert read_commands(node) == ((2, "a  b"), (7, "c"))


def test_only_those_who_build_images_or_hold_manifests_are_asked(scan: Scan) -> None:
    found = scan({WORKFLOW: steps("run: trivy fs ."), "main.py": "x\n"})
    assert [found.value(key) for key in (SCAN, SBOM, SIGN, POLICY)] == ["absent"] * 4
    assert found.value(LEAKS) is False


@pytest.mark.parametrize(
    "text", [call("acme/ci/.github/workflows/build.yml@v1"), steps("uses: acme/actions/scan@v1")]
)
def test_a_pipeline_kept_elsewhere_leaves_the_answer_open(scan: Scan, text: str) -> None:
    found = scan({WORKFLOW: text, **IMAGE})
    assert [found.value(key) for key in (SCAN, SBOM, SIGN, LEAKS)] == ["not_collected"] * 4
    assert scan({GITLAB: "include: [{project: acme/ci}]\n", **IMAGE}).value(SCAN) == "not_collected"


def test_a_public_workflow_of_known_purpose_hides_nothing(scan: Scan) -> None:
    path = "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@v2.0.0"
    found = scan({WORKFLOW: call(path), **IMAGE})
    assert (found.value(SIGN), found.value(SCAN)) == (True, False)


def test_other_dialects_are_not_guessed(scan: Scan) -> None:
    assert scan({"Jenkinsfile": "sh 'trivy image app'\n", **IMAGE}).value(SCAN) == "unsupported"


def test_what_is_called_within_the_repository_counts(scan: Scan) -> None:
    files = {
        WORKFLOW: call("./.github/workflows/scan.yml"),
        ".github/workflows/scan.yml": steps("run: trivy image app", on="workflow_call"),
        ".github/workflows/unused.yml": steps("run: cosign sign x", on="workflow_call"),
        **IMAGE,
    }
    found = scan(files)
    assert (found.value(SCAN), found.value(SIGN), found.value("ci.pipeline_ratio")) == (True, False, True)
    # What is called is no start of its own, and is not cited as one.
    assert {line.partition(":")[0] for line in found.lines("ci.pipeline_ratio")} == {WORKFLOW}


def test_a_composite_action_and_a_local_include_count(scan: Scan) -> None:
    action = "runs:\n  using: composite\n  steps:\n  - run: syft .\n"
    files = {
        WORKFLOW: steps("uses: ./.github/actions/bom"),
        ".github/actions/bom/action.yml": action,
        **IMAGE,
    }
    assert scan(files).value(SBOM) is True
    named = {WORKFLOW: files[WORKFLOW], ".github/actions/bom/action.yaml": action, **IMAGE}
    assert scan(named).value(SBOM) is True
    assert scan({WORKFLOW: steps("uses: ./"), "action.yaml": action, **IMAGE}).value(SBOM) is True
    include = {GITLAB: "include: [{local: /ci/scan.yml}]\n", "ci/scan.yml": job("trivy image app"), **IMAGE}
    assert scan(include).value(SCAN) is True


def test_hooks_count_where_the_pipeline_runs_them(scan: Scan) -> None:
    hooks = {".pre-commit-config.yaml": "repos:\n- repo: x\n  hooks:\n  - id: gitleaks\n"}
    assert scan({WORKFLOW: steps("run: pre-commit run --all-files"), **hooks}).value(LEAKS) is True
    assert scan({WORKFLOW: steps("run: make"), **hooks}).value(LEAKS) is False
    off = {".pre-commit-config.yaml": "repos:\n- repo: x\n  hooks:\n  # - id: gitleaks\n"}
    assert scan({WORKFLOW: steps("uses: pre-commit/action@v3"), **off}).value(LEAKS) is False


def test_path_filters_limit_a_pipeline_to_its_components(scan: Scan) -> None:
    text = steps("run: make", on="{push: {paths: ['services/a/**', '!**.md']}}")
    found = scan(
        {WORKFLOW: text, "services/a/x.py": "", "services/b/x.py": ""}, roots=("services/a", "services/b")
    )
    assert found.value("ci.pipeline_ratio", "services/a") is True
    assert found.value("ci.pipeline_ratio", "services/b") is False
