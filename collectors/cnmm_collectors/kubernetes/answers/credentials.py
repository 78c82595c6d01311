"""Credentials: of the workloads that consume one, those that get every one from a tool."""

from __future__ import annotations

from collections.abc import Iterator

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import Answer, Finding, listing, share
from cnmm_collectors.kubernetes.semantics import secrets
from cnmm_collectors.kubernetes.shape import labels, text
from cnmm_collectors.kubernetes.view import View

_LEFT_OUT = ("sh.helm.release.", "default-token-")


def _made(view: View) -> frozenset[tuple[str, str]]:
    """Return the Secrets that tools keep, by namespace and name; raises KubeFault, ShapeFault."""
    found: set[tuple[str, str]] = set()
    for resource in known.SECRET_TOOLS:
        for item in view.items(resource):
            place = text(item, "metadata", "namespace")
            names = [secrets.made_by_tool(item, resource.plural), *secrets.synced_by_class(item)]
            found.update((place, name) for name in names if name)
    return frozenset(found)


def _identified(view: View) -> frozenset[tuple[str, str]]:
    return frozenset(
        (text(one, "metadata", "namespace"), text(one, "metadata", "name"))
        for one in view.items(known.SERVICE_ACCOUNTS)
        if set(labels(one, "metadata", "annotations")) & set(secrets.IDENTITY_ACCOUNTS)
    )


def _credentials(view: View) -> Iterator[Finding]:
    made, identified = _made(view), _identified(view)
    basis = (*known.WORKLOADS, known.SERVICE_ACCOUNTS, *known.SECRET_TOOLS)
    for name, workloads in view.by_namespace().items():
        passed, own = 0, []
        for one in workloads:
            given = one.template.credentials
            held = {secret for secret in given.secrets if not secret.startswith(_LEFT_OUT)}
            by_hand = {secret for secret in held if (name, secret) not in made}
            tools = bool(given.tools) or (name, one.template.account) in identified
            if not held and not tools:
                continue
            own.append(one)
            passed += not by_hand
        says = f"{passed} of {len(own)} workloads that consume a credential get every one from a tool"
        tools_seen = sorted({tool for one in own for tool in one.template.credentials.tools})
        says += f"; tools: {listing(tools_seen)}" if tools_seen else ""
        value = share(passed, len(own), view.unread.get(name, 0))
        yield Finding("k8s.credential_by_tool_ratio", name, value, says, basis)


ANSWERS = (Answer(("k8s.credential_by_tool_ratio",), _credentials),)
