"""What never leaves through an excerpt, a locator or a query."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_collectors.reader import redact, redact_url
from cnmm_collectors.reader.redaction import bound, cut

SECRETS = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "github_pat_11ABCDEFG0123456789_abcdefghijklmnop",
    "glpat-abcDEF1234567890wxyz",
    "xoxb-123456789012-abcdefGHIJKL",
    "sk-proj-abcdEFGH1234567890abcdEFGH",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "hvs.CAESIJ1234567890abcdefghij",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY9abc",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_known_shapes(secret: str) -> None:
    for text in (secret, f"curl -H 'X: {secret}'", f"x={secret}", f'"{secret}",', f"a\n  {secret}\nb"):
        shown = redact(text)
        assert secret[:24] not in shown
        assert "<secret>" in shown
        assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("password: hunter2", "hunter2"),
        ("DB_PASSWORD=hunter2", "hunter2"),
        ('"apiKey": "hunter2",', "hunter2"),
        ("token := 'hunter2 three'", "three"),
        ("clientSecret => hunter2", "hunter2"),
        ("Authorization: Bearer hunter2hunter2", "hunter2"),
        ("https://user:hunter2@host/path", "hunter2"),
        ("postgres://app:hunter2@db/x", "hunter2"),
        ("kind: Secret\ndata:\n  user: aHVudGVyMg\n  pw: b\n", "aHVudGVyMg"),
        ("stringData:\n  user: hunter2\n", "hunter2"),
        ("  config: aHVudGVyMg==\n", "aHVudGVyMg"),
        ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n", "hunter2"),
        ("a@hunter2.example wrote", "hunter2"),
        ("ask @hunter2, please", "hunter2"),
        ("Signed-off-by: Hunter Two", "Hunter"),
        ("Hunter Two <h@x.example>", "Hunter"),
        ("Copyright (c) 2020-2024 Hunter Two", "Hunter"),
        ("owner: user:default/hunter2", "hunter2"),
    ],
)
def test_values_and_persons(text: str, hidden: str) -> None:
    shown = redact(text)
    assert hidden not in shown
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "uses: org/shared/.github/workflows/build.yml@4510784f299f505a1159f0e50c6864f33023ae0a",
        "image: ghcr.io/org/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "* @acme/platform-team",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "secrets: inherit",
        "id-token: write",
        "secretName: tls-cert",
        "# Runbook\n1. Scale the deployment to 3\n",
        "owner: group:default/payments",
        'import "@scope/package"',
    ],
)
def test_what_proves_something_stays(text: str) -> None:
    assert redact(text) == text


NAMES = ("platform", "version", "image", "target", "output", "GOFLAGS", "VERSION", "registry")
GIVEN = ("$BUILDPLATFORM", "${TARGET}", "$(pwd)", "%TARGET%", "{{ .Values.x }}", "<name>", '"value"', "'v'",
         '"$X"', "/srv", "./x", "../x", "-x", "*", "~/x", "`cmd`", "%(here)s")  # fmt: skip


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("form", ["--{name}={given}", "ENV {name}={given}", "FROM --{name}={given} golang"])
def test_a_name_before_a_value_is_no_secret(form: str, given: str) -> None:
    for name in NAMES:
        text = form.format(name=name, given=given)
        assert redact(text) == text


@pytest.mark.parametrize("name", ["token", "PASSWORD", "api_key", "client_secret"])
@pytest.mark.parametrize(
    "given",
    ["$TOKEN", "${TOKEN}", "$(cat f)", "%TOKEN%", "{{ x }}", "<token>", "os.environ['X']", "process.env.X",
     "secrets.TOKEN", "var.token", "System.getenv('X')"],
)  # fmt: skip
def test_a_reference_to_a_secret_is_none(name: str, given: str) -> None:
    for text in (f"--{name}={given}", f"{name}: {given}", f"{name} = {given}"):
        assert redact(text) == text


BASE64 = ("aHVudGVyMg=", "aHVudGVyMg==", "c2VjcmV0cGFzc3dvcmQ=", "YWJjZA==", "dG9rZW4=", "Zm9vYmFyYmF6MTI=")


@pytest.mark.parametrize("value", BASE64)
@pytest.mark.parametrize(
    "form",
    ["x: {}", 'x: "{}"', "x: '{}'", "--data={}", "--data={} -v", "({})", "[{}]", "<data>{}</data>", "{}\nnext",
     '{{"x": "{}"}}', "say 'it is {}' now", "curl -d {}", "{},", "path/{}", "{}.", "a={};b", "{}&x=1", "{}|base64"],
)  # fmt: skip
def test_padded_base64_is_hidden_wherever_it_stands(form: str, value: str) -> None:
    assert value.rstrip("=") not in redact(form.format(value))


def test_files_of_names_show_none() -> None:
    assert (
        redact("approvers:\n- alice\n- bob # x\n", "pkg/OWNERS") == "approvers:\n- <person>\n- <person># x\n"
    )
    assert redact("Alice\nBob\n", "MAINTAINERS.md") == "<person>\n<person>\n"


def test_terminal_and_direction_characters_are_spelled_out() -> None:
    assert redact("a\x1b[31mb\u202ec\x00\udcff") == "a\\x1b[31mb\\u202ec\\x00\\xff"
    assert redact("a\r\nb") == "a\nb"


def test_locators_lose_user_information() -> None:
    assert redact_url("https://me:hunter2@host/o/r") == "https://host/o/r"
    assert redact_url("jane.roe@gitbox:acme/shop.git") == "gitbox:acme/shop.git"
    assert redact_url("ssh://jane.roe@gitbox/acme/shop.git") == "ssh://gitbox/acme/shop.git"
    assert redact_url("charts/redis@7:latest/values.yaml") == "charts/redis@7:latest/values.yaml"
    assert redact_url("https://host/x?access_token=hunter2") == "https://host/x?access_token=<secret>"
    assert "\n" not in redact_url("git:x@1:a\nb")


def test_a_cut_never_halves_a_secret_or_a_mark() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    for pad in range(560, 620):
        shown = cut(redact(bound("x " * (pad // 2) + secret)), 600)
        assert len(shown) <= 600
        assert "ghp_" not in shown
        assert not shown.rstrip("…").endswith(("<", "<s", "<secret"))
    long = "y" * 7_990 + " " + secret
    assert "ghp_" not in bound(long)


@given(st.text(max_size=300))
def test_lines_stay_true_and_redaction_ends(text: str) -> None:
    shown = redact(text)
    assert shown.count("\n") == text.replace("\r\n", "\n").count("\n")
    assert "\x1b" not in shown
    assert redact(shown) == redact(redact(shown))


@pytest.mark.parametrize("text", ["uses: a/b@v4.1.0", "uses: a/b@0.24.0", "uses: a/b@v4", "x/y@1.2"])
def test_a_pinned_version_is_no_address(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text", ["jane@v4.example", "jane@10.0.0.1", "jane@1.2.3.example", "jane@v4.1.0.example"]
)
def test_an_address_that_looks_like_a_version_is_one(text: str) -> None:
    assert "jane" not in redact(text)


@pytest.mark.parametrize(
    "name", ["password", "api_key", "token", "webhook_url", "connection-string", "credentials"]
)
@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title, lambda name: name.replace("k", "\u212a")])
def test_the_case_of_a_name_hides_nothing_less(name: str, spell: Callable[[str], str]) -> None:
    for beside in ("", "# größer als nötig\n"):
        assert "hunter2" not in redact(f"{beside}{spell(name)}: hunter2")
        assert "hunter2hunter2" not in redact(f"{beside}{spell('basic')} hunter2hunter2")
