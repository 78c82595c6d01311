"""Containers, manifests, operators, resource definitions and the YAML reader below them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cnmm_collectors.git.detect.manifests import read_manifests
from cnmm_collectors.git.detect.nodes import YamlFault, read_yaml
from unit.collectors.git.detect.workshop import Outcome

Scan = Callable[..., Outcome]
BUILT = "git.containerised_repo_ratio"
DEPLOYED = "git.manifest_repo_ratio"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n"


def crd(group: str, plural: str = "widgets") -> str:
    return (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        f"metadata: {{name: {plural}.{group}}}\nspec: {{group: {group}, names: {{plural: {plural}}}}}\n"
    )


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"Dockerfile": "# syntax\nFROM alpine\n"}, True),
        ({"build/Containerfile.prod": "FROM alpine AS x\n"}, True),
        ({"app.dockerfile": "from alpine\n"}, True),
        ({".ko.yaml": "defaultBaseImage: x\n"}, True),
        ({"project.toml": '[_]\nid = "x"\n'}, True),
        ({"pom.xml": "<plugin>\n<artifactId>jib-maven-plugin</artifactId>\n</plugin>\n"}, True),
        ({"build.gradle.kts": 'plugins {\n id("com.google.cloud.tools.jib") version "3"\n}\n'}, True),
        ({"build.gradle": "// com.google.cloud.tools.jib\n"}, False),
        ({"Dockerfile": "# FROM alpine\n"}, False),
        ({"vendor/x/Dockerfile": "FROM x\n"}, False),
        ({"testdata/Dockerfile": "FROM x\n"}, False),
        ({"README.md": "FROM alpine, use a Dockerfile\n"}, False),
    ],
)
def test_container_builds(scan: Scan, files: dict[str, str], want: bool) -> None:
    assert scan(files).value(BUILT) is want


def test_a_container_build_is_cited_at_its_line(scan: Scan) -> None:
    assert scan({"Dockerfile": "# a\n# b\nFROM alpine\n"}).lines(BUILT) == ["Dockerfile:L3"]


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"k8s/app.yaml": DEPLOYMENT}, True),
        ({"anywhere/app.yml": "---\n# note\n---\n" + DEPLOYMENT}, True),
        ({"charts/a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n"}, True),
        ({"overlays/prod/kustomization.yaml": "resources: [../base]\n"}, True),
        ({"score.yaml": "apiVersion: score.dev/v1b1\nmetadata: {name: a}\nkind: Workload\n"}, True),
        (
            {
                "claim.yaml": "apiVersion: platform.acme.example/v1alpha1\nkind: Database\nmetadata: {name: a}\n"
            },
            True,
        ),
        ({"app.yaml": "workload: web\nimage: x\n"}, True),
        ({"oam.yaml": "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: a}\n"}, True),
        (
            {"charts/a/templates/d.yaml": "{{- if .Values.on }}\n" + DEPLOYMENT + "{{- end }}\n"},
            True,
        ),
        (
            {
                "list.yaml": "apiVersion: v1\nkind: List\nitems:\n- "
                + DEPLOYMENT.replace("\n", "\n  ").strip()
                + "\n"
            },
            True,
        ),
        (
            {
                "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n"
            },
            False,
        ),
        ({"kubeconfig.yaml": "apiVersion: v1\nkind: Config\nclusters: []\n"}, False),
        ({"kind.yaml": "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n"}, False),
        ({".chainsaw.yaml": "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Configuration\n"}, False),
        ({"kuttl-test.yaml": "apiVersion: kuttl.dev/v1beta1\nkind: TestSuite\n"}, False),
        ({"skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\n"}, False),
        ({"commented.yaml": "# apiVersion: v1\n# kind: Pod\na: b\n"}, False),
        ({"text.yaml": "note: |\n  apiVersion: v1\n  kind: Pod\n"}, False),
        ({"testdata/app.yaml": DEPLOYMENT}, False),
        ({"vendor/a/app.yaml": DEPLOYMENT}, False),
        ({"examples/app.yaml": DEPLOYMENT}, False),
        ({"docs/guide.md": DEPLOYMENT}, False),
        ({"docs/start/app.yaml": DEPLOYMENT}, False),
        ({"a/.chainsaw-test/app.yaml": DEPLOYMENT}, False),
        ({"config.yaml": "kind: thing\nname: x\n"}, False),
    ],
)
def test_declarative_deployment_files(scan: Scan, files: dict[str, str], want: bool) -> None:
    assert scan(files).value(DEPLOYED) is want


def test_documents_have_true_lines() -> None:
    text = "# first\n---\n" + DEPLOYMENT + "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: b\n# end\n"
    text += "--- # more\napiVersion: v1\nkind: Service\nspec: {}\n# end\n"
    found, fault = read_manifests("k8s/a.yaml", text.encode())
    assert not fault
    assert [(m.kind, m.name, m.first, m.last) for m in found] == [
        ("Deployment", "", 3, 6),
        ("Service", "", 14, 16),
        ("Secret", "b", 8, 11),
    ]


def test_a_template_that_is_no_yaml_still_shows_its_kind() -> None:
    text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec:\n  a: {{ x }}: {{ y }}: z\n {{ bad\n"
    found, fault = read_manifests("templates/a.yaml", text.encode())
    assert fault
    assert [(m.kind, m.node, m.first, m.last) for m in found] == [("Ingress", None, 1, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: [" + "*a, " * 101 + "*a]\n",
        "[" * 70 + "]" * 70,
        "- x\n" * 10_001,
        "x: " + "y" * (1024 * 1024),
        "a: [",
        "a: b: c",
        "\x00",
        "%YAML 9.9\n---\n\t- x",
    ],
)
def test_bombs_and_scraps_are_refused(text: str) -> None:
    with pytest.raises(YamlFault):
        read_yaml(text)


def test_the_limits_hold_for_each_document_of_a_long_file() -> None:
    text = "---\n".join(["a: b\n" + "c: " + "y" * 900_000 + "\n"] * 3 + ["z: 1\n"])
    found = read_yaml(text)
    assert (len(found), found[-1].text("z"), found[-1].line) == (4, "1", 10)
    with pytest.raises(YamlFault):
        read_yaml("---\n".join(["c: " + "y" * 900_000 + "\n"] * 20))


def test_ten_levels_of_aliases_cost_nothing() -> None:
    rows = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    root = read_yaml("\n".join(rows))[0]
    assert sum(1 for _ in root.walk()) == 10_000


def test_merge_keys_and_cycles() -> None:
    root = read_yaml("a: &a {k: 1, l: 2}\nb: {<<: *a, l: 3}\nc: &c [*c]\n")[0]
    assert (root.text("b", "k"), root.text("b", "l")) == ("1", "3")
    assert root.items("c")[0].value == ""


def test_a_schema_does_not_count_against_the_limits(scan: Scan) -> None:
    schema = "".join(f"        f{n}: {{type: string}}\n" for n in range(9_000))
    text = (
        crd("shop.acme.example")
        .replace("spec: {group", "spec:\n  group")
        .replace(", names: {plural: widgets}}", "")
    )
    text += "  names: {plural: widgets}\n  versions:\n  - schema:\n      openAPIV3Schema:\n" + schema
    assert scan({"config/crd/a.yaml": text}).value("git.owned_crd_count") == 1


def test_a_bomb_makes_only_its_own_file_unknown(scan: Scan) -> None:
    bomb = "apiVersion: v1\nkind: Secret\n" + "a: &a [x]\nb: [" + "*a, " * 101 + "*a]\n"
    found = scan({"k8s/bomb.yaml": bomb, "k8s/app.yaml": DEPLOYMENT})
    assert found.value(DEPLOYED) is True
    assert found.value("git.plaintext_secret_count") == "malformed"
    assert found.value("git.owned_crd_count") == 0


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"PROJECT": "layout:\n- go.kubebuilder.io/v4\nprojectName: x\n"}, True),
        ({"go.mod": "module x\nrequire (\n\tsigs.k8s.io/controller-runtime v0.18.0\n)\n"}, True),
        ({"go.mod": "module x\nrequire sigs.k8s.io/controller-runtime v0.18.0 // indirect\n"}, False),
        ({"go.mod": "module x\n// require sigs.k8s.io/controller-runtime v0.18.0\n"}, False),
        ({"requirements.txt": "kopf==1.37\n"}, True),
        ({"requirements.txt": "# kopf==1.37\nkopfilter\n"}, False),
        ({"m.yaml": "apiVersion: metacontroller.k8s.io/v1alpha1\nkind: CompositeController\n"}, True),
        ({"PROJECT": "our project plan\n"}, False),
        ({"vendor/x/PROJECT": "layout:\n- x\n"}, False),
    ],
)
def test_operators(scan: Scan, files: dict[str, str], want: bool) -> None:
    assert scan(files).value("git.operator_repo_count") is want


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[package]\nname = "x"\n\n[dependencies.kube]\nversion = "3"\nfeatures = ["runtime"]\n', "L4"),
        ('[package]\nname = "x"\n[workspace.dependencies.kubert]\ngit = "x"\n', "L3"),
        ('[package]\nname = "x"\n[dependencies]\nkubert = "0.2"\n', "L4"),
    ],
)
def test_a_crate_is_cited_where_it_is_named(scan: Scan, text: str, line: str) -> None:
    assert scan({"Cargo.toml": text}).lines("git.operator_repo_count") == [f"Cargo.toml:{line}"]


@pytest.mark.parametrize(
    ("files", "want"),
    [
        ({"crds/a.yaml": crd("shop.acme.example")}, 1),
        ({"crds/a.yaml": crd("shop.acme.example") + "---\n" + crd("shop.acme.example", "gears")}, 2),
        ({"crds/a.yaml": crd("shop.acme.example"), "deploy/a.yaml": crd("shop.acme.example")}, 1),
        ({"crds/a.yaml": crd("cert-manager.io")}, 0),
        ({"crds/a.yaml": crd("anything.crossplane.io")}, 0),
        ({"crds/a.yaml": crd("stable.example.com")}, 0),
        ({"vendor/a.yaml": crd("shop.acme.example")}, 0),
        (
            {"xrd.yaml": crd("shop.acme.example").replace("CustomResource", "CompositeResource")
             .replace("apiextensions.k8s.io", "apiextensions.crossplane.io")},
            1,
        ),
    ],
)  # fmt: skip
def test_own_resource_definitions(scan: Scan, files: dict[str, str], want: int) -> None:
    assert scan(files).value("git.owned_crd_count") == want


def test_files_of_a_monorepo_belong_to_their_component(scan: Scan) -> None:
    files = {
        "services/a/main.py": "pass\n",
        "services/a/Dockerfile": "FROM x\n",
        "services/b/main.py": "pass\n",
        "deploy/b/app.yaml": DEPLOYMENT,
        "deploy/shared/app.yaml": DEPLOYMENT,
    }
    found = scan(files, roots=("services/a", "services/b"))
    assert (found.value(BUILT, "services/a"), found.value(BUILT, "services/b")) == (True, False)
    assert (found.value(DEPLOYED, "services/a"), found.value(DEPLOYED, "services/b")) == (False, True)
