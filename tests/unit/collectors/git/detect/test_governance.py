"""Policies, tools, plaintext secrets, exception records and templates."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from cnmm_collectors.signals import Interval, Masses, Tally
from unit.collectors.git.detect.workshop import Outcome, ages, commit, judge, look

Scan = Callable[..., Outcome]
SECRETS = "git.plaintext_secret_count"
COMPLETE = "git.exception_complete_ratio"
EXPIRED = "git.exception_expired_count"
TOOLS = "git.tool_duplication_count"


def secret(body: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n{body}"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("body", "want"),
    [
        ("stringData:\n  password: s3cr3tvalue\n", 1),
        (f"data:\n  a: {coded('s3cr3tvalue')}\n  b: {coded('another-one')}\n", 1),
        ("data:\n  a: not-base64!\n", 1),
        ("stringData:\n  a: |\n    multi\n    line\n", 1),
        ("stringData:\n  a: ${PASSWORD}\n", 0),
        ("stringData:\n  a: <your password>\n", 0),
        ("stringData:\n  a: changeme\n", 0),
        ("stringData:\n  a: '{{ .Values.password }}'\n", 0),
        ("stringData:\n  a: ''\n", 0),
        (f"data:\n  a: {coded('changeme')}\n", 0),
        (f"data:\n  ca.crt: {coded('-----BEGIN CERTIFICATE-----x')}\n", 0),
        ("data:\n  a: ENC[AES256_GCM,data:xx]\nsops:\n  version: 3\n", 0),
        (f"data:\n  a: {coded('s3cr3tvalue')}\nsops:\n  version: 3\n", 1),
        ("stringData:\n  a: ref+vault://secret/x\n", 0),
        ("stringData:\n  a: <path:secret/data/x#key>\n", 0),
        ("type: Opaque\n", 0),
        ("# stringData:\n#   a: s3cr3tvalue\n", 0),
    ],
)
def test_plaintext_secrets(scan: Scan, body: str, want: int) -> None:
    assert scan({"k8s/secret.yaml": secret(body)}).value(SECRETS) == want


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n    a: AgBxyz\n",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec:\n  data:\n  - secretKey: a\n",
    ],
)
def test_other_ways_to_deliver_secrets_are_fine(scan: Scan, text: str) -> None:
    assert scan({"k8s/secret.yaml": text}).value(SECRETS) == 0


def test_a_secret_is_cited_by_key_line_and_without_its_value(scan: Scan) -> None:
    found = scan({"k8s/s.yaml": secret("stringData:\n  user: changeme\n  password: s3cr3tvalue\n")})
    assert found.lines(SECRETS) == ["k8s/s.yaml:L7"]
    assert [e.excerpt for e in found.reading(SECRETS).evidence] == ["Secret db key password"]


def test_generated_and_vendored_secrets(scan: Scan) -> None:
    kustomize = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nsecretGenerator:\n- name: x\n  literals:\n"
    files = {
        "k8s/kustomization.yaml": kustomize + "  - token=s3cr3tvalue\n",
        "vendor/s.yaml": secret("stringData: {a: s3cr3tvalue}\n"),
        "testdata/s.yaml": secret("stringData: {a: s3cr3tvalue}\n"),
    }
    assert scan(files).value(SECRETS) == 1


def test_a_broken_file_beside_a_secret_leaves_the_count_open(scan: Scan) -> None:
    files = {"k8s/a.yaml": secret("stringData: {a: s3cr3tvalue}\n"), "k8s/b.yaml": secret("stringData: [\n")}
    assert scan(files).value(SECRETS) == Interval(1, None)


def kyverno(rule: str, name: str = "p") -> str:
    return f"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: {name}}}\nspec:\n  rules:\n  - name: r\n{rule}"


def constraint(kind: str, spec: str = "{enforcementAction: deny}") -> str:
    return (
        f"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"
    )


@pytest.mark.parametrize(
    ("path", "text", "want"),
    [
        (
            "p.yaml",
            kyverno("    validate: {pattern: {spec: {securityContext: {runAsNonRoot: true}}}}\n"),
            {"workload": 1},
        ),
        ("p.yaml", kyverno("    verifyImages: [{imageReferences: ['*']}]\n"), {"image": 1}),
        ("p.yaml", kyverno("    generate: {kind: NetworkPolicy, name: deny}\n"), {"network": 1}),
        (
            "p.yaml",
            kyverno("    validate: {pattern: {metadata: {labels: {owner: '?*'}}}}\n"),
            {"ownership": 1},
        ),
        (
            "p.yaml",
            kyverno("    validate: {pattern: {spec: {resources: {limits: {cpu: '?*'}}}}}\n"),
            {"quota": 1},
        ),
        ("p.yaml", kyverno("    validate: {message: hello}\n"), {"other": 1}),
        ("p.yaml", kyverno("    match: {any: []}\n"), {}),
        ("p.yaml", "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {rules: []}\n", {}),
        ("p.yaml", constraint("K8sAllowedRepos"), {"image": 1}),
        ("p.yaml", constraint("K8sPSPPrivilegedContainer"), {"workload": 1}),
        ("p.yaml", constraint("K8sRequiredLabels"), {"ownership": 1}),
        (
            "v.yaml",
            "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: x}\n"
            "spec:\n  validations:\n  - expression: object.spec.template.spec.hostNetwork != true\n",
            {"workload": 1},
        ),
        ("policy/a.rego", 'package main\n\ndeny[msg] {\n  input.kind == "Ingress"\n}\n', {"network": 1}),
        (
            "policy/a.rego",
            "package main\n\ndeny contains msg if {\n  not input.spec.privileged\n}\n",
            {"workload": 1},
        ),
        ("policy/a.rego", "package main\n# deny[msg] { privileged }\n", {}),
        ("policy/a_test.rego", "deny[x] { privileged }\n", {}),
        ("vendor/p.yaml", constraint("K8sAllowedRepos"), {}),
    ],
)
def test_policy_families(scan: Scan, path: str, text: str, want: dict[str, int]) -> None:
    assert scan({path: text}).value("git.policy_family") == Masses(tuple(want.items()))


APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {}\n"
FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {}\n"


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"a.yaml": APPLICATION}, ["cd/argo-cd"]),
        ({"a.yaml": APPLICATION, "b.yaml": FLUX}, ["cd/argo-cd", "cd/flux"]),
        ({"a.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"}, ["pipelines/argo-workflows"]),
        ({"a.yaml": "apiVersion: policy.linkerd.io/v1beta1\nkind: Server\n"}, ["mesh/linkerd"]),
        (
            {"c/Chart.yaml": "apiVersion: v2\nname: x\ndependencies:\n- name: istiod\n  version: 1\n# - name: kyverno\n"},
            ["mesh/istio"],
        ),
        (
            {"a.yaml": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: {ingressClassName: traefik}\n"},
            ["ingress/traefik"],
        ),
        (
            {
                "a.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
                "spec: {chart: {spec: {chart: velero}}}\n"
            },
            ["backup/velero", "cd/flux"],
        ),
        ({"main.tf": 'resource "helm_release" "x" {\n  chart = "kyverno"\n  # chart = "gatekeeper"\n}\n'},
         ["infrastructure/terraform", "policy/kyverno"]),
        ({"vendor/a.yaml": APPLICATION, "testdata/b.yaml": FLUX}, []),
        ({"README.md": "We use istio and linkerd.\n"}, []),
        ({"a.yaml": "# " + APPLICATION.replace("\n", "\n# ")}, []),
    ],
)  # fmt: skip
def test_tools_in_use(scan: Scan, files: dict[str, str], want: list[str]) -> None:
    assert [label for label, _ in scan(files).value(TOOLS).items] == want


def test_long_standing_tools_are_old_and_not_being_replaced(scan: Scan) -> None:
    both = {"a.yaml": APPLICATION, "b.yaml": FLUX}
    key = "git.standing_duplication_count"
    assert scan(both, first=30).value(key) == Masses(())


def test_a_tool_that_a_decision_ends_is_not_standing(scan: Scan) -> None:
    decision = "# Move\n\nDate: 2026-01-05\n\n## Decision\n\nWe migrate from Flux to another delivery tool this year.\n"
    files = {"a.yaml": APPLICATION, "b.yaml": FLUX, "docs/adr/0001-move.md": decision}
    labels = scan(files, first=900).value("git.standing_duplication_count").items
    assert [label for label, _ in labels] == ["cd/argo-cd"]


def test_standing_tools_need_history(scan: Scan) -> None:
    assert (
        scan({"a.yaml": APPLICATION}, dated=False).value("git.standing_duplication_count") == "not_collected"
    )


FULL = "owner: team-pay\nreason: vendor patch is late\nmitigation: network is closed\nexpires: 2026-12-31\n"
REGISTER = "exceptions:\n- {id: 1, owner: a, justification: b, mitigation: c, expiry: 2026-12-31}\n- {id: 2, owner: a}\n"
EXCEPTION = "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata:\n  name: x\n  annotations:\n"


@pytest.mark.parametrize(
    ("path", "text", "tally", "expired"),
    [
        ("exceptions/a.yaml", FULL, Tally(1, 1), 0),
        ("exceptions/a.yaml", FULL.replace("2026-12", "2025-12"), Tally(1, 1), 1),
        ("exceptions/a.yaml", FULL.replace("2026-12-31", "someday"), Tally(0, 1), 0),
        ("exceptions/a.yaml", FULL.replace("team-pay", "''"), Tally(0, 1), 0),
        ("docs/waivers/list.yaml", REGISTER, Tally(1, 2), 0),
        ("security-exceptions.yaml", REGISTER, Tally(1, 2), 0),
        (
            "k8s/exception.yaml",
            EXCEPTION + "    acme.io/owner: pay\n    acme.io/reason: x\n    acme.io/mitigation: y\n"
            "    acme.io/expires: 2026-01-01\n",
            Tally(1, 1),
            1,
        ),
        ("k8s/exception.yaml", EXCEPTION + "    acme.io/owner: pay\n", Tally(0, 1), 0),
        (
            ".trivyignore",
            "# owner: pay\n# reason: x\n# mitigation: y\nCVE-2024-1 exp:2027-01-01\n\nCVE-2024-2 exp:2026-01-01\n",
            Tally(1, 2),
            1,
        ),
        (".trivyignore", "# CVE-2024-1 exp:2026-01-01\n", None, "absent"),
        (
            ".trivyignore.yaml",
            "vulnerabilities:\n- {id: CVE-1, statement: x, expired_at: 2026-01-01}\n",
            Tally(0, 1),
            1,
        ),
        (
            "osv-scanner.toml",
            '[[IgnoredVulns]]\nid = "GO-1"\nignoreUntil = 2026-03-01T00:00:00Z\nreason = "x"\n',
            Tally(0, 1),
            1,
        ),
        (
            "openvex.json",
            '{"author": "x", "statements": [{"status": "affected", "action_statement": "y"}]}',
            Tally(0, 1),
            0,
        ),
        ("openvex.json", '{"statements": [{"status": "not_affected"}]}', None, 0),
        ("exceptions.yaml", "exceptions: []\n", None, 0),
        ("exceptions/app.yaml", "apiVersion: v1\nkind: ConfigMap\n", None, "absent"),
        ("README.md", "no register at all\n", None, "absent"),
        ("src/exceptions/handler.yaml", "retries: 3\nhandlers: [a]\n", None, "absent"),
        ("vendor/exceptions/a.yaml", FULL, None, "absent"),
        ("testdata/exceptions/a.yaml", FULL, None, "absent"),
    ],
)
def test_exception_records(scan: Scan, path: str, text: str, tally: Tally | None, expired: object) -> None:
    found = scan({path: text})
    assert found.value(COMPLETE) == (tally or "absent")
    assert found.value(EXPIRED) == expired


@pytest.mark.parametrize(
    ("path", "text"),
    [("exceptions/a.yaml", "a: [\n"), ("osv-scanner.toml", "[[IgnoredVulns\n"), ("openvex.json", "{")],
)
def test_a_broken_register_is_unknown(scan: Scan, path: str, text: str) -> None:
    found = scan({path: text})
    assert (found.value(COMPLETE), found.value(EXPIRED)) == ("malformed", "malformed")


@pytest.mark.parametrize(
    ("files", "first", "want"),
    [
        ({".copier-answers.yml": "_commit: v1\n_src_path: gh:acme/template\n"}, 30, True),
        ({".cruft.json": '{\n  "template": "https://x/acme/template"\n}\n'}, 30, True),
        (
            {
                "catalog-info.yaml": "kind: Component\nmetadata:\n  annotations:\n    backstage.io/source-template: template:default/x\n"
            },
            30,
            True,
        ),
        ({"README.md": "made with copier\n"}, 30, False),
        ({".copier-answers.yml": "# _src_path: x\n"}, 30, False),
        ({"vendor/.copier-answers.yml": "_src_path: x\n"}, 30, False),
        ({".copier-answers.yml": "_src_path: gh:acme/template\n"}, 400, "absent"),
    ],
)
def test_template_traces(scan: Scan, files: dict[str, str], first: int, want: object) -> None:
    assert scan(files, first=first).value("git.template_derived_repo_ratio") == want


def test_without_history_a_new_repository_is_not_known(scan: Scan) -> None:
    found = scan({".copier-answers.yml": "_src_path: x\n"}, dated=False)
    assert found.value("git.template_derived_repo_ratio") == "not_collected"


def test_a_history_that_is_not_whole_does_not_make_a_repository_new(tmp_path: Path) -> None:
    commit(tmp_path / "r", {".copier-answers.yml": "_src_path: x\n", "old.py": "x\n"})
    view = look(tmp_path / "r")
    dates = ages(view)
    del dates["old.py"]
    assert judge(view, dates).value("git.template_derived_repo_ratio") == "not_collected"
