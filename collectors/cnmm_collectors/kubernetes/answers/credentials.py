"""Credentials: of the workloads that consume one, those that get every one from a tool."""

from __future__ import annotations

from collections.abc import Iterator

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import Answer, Finding, listing, share
from cnmm_collectors.kubernetes.semantics import secrets
from cnmm_collectors.kubernetes.shape import labels, text
from cnmm_collectors.kubernetes.view import View

_UNTOLD = "a store that copies or was not seen, or Flux decrypting from Git"
_LEFT_OUT = ("sh.helm.release.", "default-token-")


_Made = dict[tuple[str, str], bool | None]


def _made(view: View) -> _Made:
    """Return the Secrets that tools keep, by namespace and name; None for one that may copy another by hand;
    raises KubeFault, ShapeFault.
    """
    found: _Made = {}
    for one in view.items(known.KUSTOMIZATIONS):
        found |= dict.fromkeys(secrets.decrypted(one))
    found |= dict.fromkeys(view.encrypted, True)
    for resource in known.OPERATORS:
        for item in view.items(resource):
            place = text(item, "metadata", "namespace")
            found |= {(place, name): True for name in secrets.made_by_operator(item, resource.plural)}
    stores = _stores(view)
    for resource in known.SECRET_TOOLS:
        for item in view.items(resource):
            place = text(item, "metadata", "namespace")
            names = [secrets.made_by_tool(item, resource.plural), *secrets.synced_by_class(item)]
            given = secrets.from_vault(item, stores) if resource is known.EXTERNAL_SECRETS else True
            found |= {(place, name): given for name in names if name}
    return found


def _stores(view: View) -> secrets.Stores:
    return dict(
        secrets.providers(one, kind)
        for resource, kind in zip(known.STORES, ("SecretStore", "ClusterSecretStore"), strict=True)
        for one in view.items(resource)
    )


def _identified(view: View) -> frozenset[tuple[str, str]]:
    return frozenset(
        (text(one, "metadata", "namespace"), text(one, "metadata", "name"))
        for one in view.items(known.SERVICE_ACCOUNTS)
        if set(labels(one, "metadata", "annotations")) & set(secrets.IDENTITY_ACCOUNTS)
    )


def _credentials(view: View) -> Iterator[Finding]:
    made, identified = _made(view), _identified(view)
    basis = (
        *known.WORKLOADS, known.SERVICE_ACCOUNTS, *known.SECRET_TOOLS, *known.STORES, *known.OPERATORS,
        known.KUSTOMIZATIONS,
    )  # fmt: skip
    for name, workloads in view.by_namespace().items():
        passed, copied, own = 0, 0, []
        for one in workloads:
            given = one.template.credentials
            held = {secret for secret in given.secrets if not secret.startswith(_LEFT_OUT)}
            origins = {made.get((name, secret), False) for secret in held}
            tools = bool(given.tools) or (name, one.template.account) in identified
            if not held and not tools:
                continue
            own.append(one)
            passed += origins <= {True}
            copied += None in origins and False not in origins
        says = f"{passed} of {len(own)} workloads that consume a credential get every one from a tool"
        tools_seen = sorted({tool for one in own for tool in one.template.credentials.tools})
        says += f"; tools: {listing(tools_seen)}" if tools_seen else ""
        says += f"; of {copied} it is not told: {_UNTOLD}" if copied else ""
        value = share(passed, len(own) - copied, copied + view.unread.get(name, 0))
        yield Finding("k8s.credential_by_tool_ratio", name, value, says, basis)


ANSWERS = (Answer(("k8s.credential_by_tool_ratio",), _credentials),)
