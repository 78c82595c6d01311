"""The door to Kubernetes clusters: GET and nothing else, no Secret, a cap on time, size and tries."""

from __future__ import annotations

import gc
import json
import os
import re
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from cnmm_collectors.signals import Gap

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
IN_CLUSTER = "in-cluster"
JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
"""Asks for names, labels and dates without any specification."""

_SECRETS = re.compile(r"/api/v1(?:/watch)?(?:/namespaces/[^/]+)?/secrets(?:/|$)")
_CHUNK = 262_144
_SHAPES = (ValueError, TypeError, KeyError, AttributeError)
"""What a kubeconfig of another shape makes the client, which does not check it, raise."""
_TRANSIENT = (429, 500, 502, 503, 504)
_GAPS = {
    401: Gap.NOT_PERMITTED, 403: Gap.NOT_PERMITTED, 404: Gap.NOT_VISIBLE, 405: Gap.UNSUPPORTED,
    406: Gap.UNSUPPORTED, 410: Gap.STALE, 429: Gap.RATE_LIMITED,
}  # fmt: skip


class KubeFault(Exception):
    """A cluster did not give what was asked of it; `status` is 0 where no answer came."""

    def __init__(self, message: str, gap: Gap, status: int = 0) -> None:
        super().__init__(message)
        self.gap, self.status = gap, status


@dataclass(frozen=True, slots=True)
class KubeLimits:
    """Caps: seconds for one answer, to connect, between tries and over all; bytes of one answer; tries."""

    seconds: float = 60.0
    connect: float = 10.0
    size: int = 64 * 1024**2
    attempts: int = 3
    pause: float = 1.0
    longest_pause: float = 30.0
    total: float = 3600.0


class SourceCluster:
    """One cluster, read with the official client's transport, by any thread: a `plugin.KubeCluster`."""

    def __init__(self, api: ApiClient, limits: KubeLimits) -> None:
        self.calls = 0
        self._api, self._limits, self._counting = api, limits, threading.Lock()
        self._deadline = time.monotonic() + limits.total

    def get(self, path: str, query: Sequence[tuple[str, str]] = (), accept: str = JSON) -> Mapping[str, Any]:
        """Return the JSON object at a path; raises KubeFault, after retries for what may pass."""
        if _SECRETS.match(path):
            raise KubeFault("Secret objects are never read", Gap.UNSUPPORTED)
        if time.monotonic() > self._deadline:
            raise KubeFault("the time for this cluster is spent", Gap.NOT_COLLECTED)
        for attempt in range(1, self._limits.attempts + 1):
            try:
                status, headers, body = self._send(path, query, accept)
            except KubeFault as fault:
                if attempt == self._limits.attempts or fault.gap is not Gap.UNREACHABLE:
                    raise
                time.sleep(self._limits.pause)
                continue
            if status not in _TRANSIENT or attempt == self._limits.attempts:
                break
            time.sleep(self._pause(headers))
        if not 200 <= status <= 299:
            raise _refusal(status, body)
        return _parse(body)

    def close(self) -> None:
        """Close the connections."""
        self._api.rest_client.close()

    def _pause(self, headers: Mapping[str, str]) -> float:
        after = headers.get("Retry-After", "")
        seconds = float(after) if after.isdigit() else self._limits.pause
        return min(seconds, self._limits.longest_pause)

    def _send(
        self, path: str, query: Sequence[tuple[str, str]], accept: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        with self._counting:
            self.calls += 1
        deadline = time.monotonic() + self._limits.seconds
        try:
            request = self._api.param_serialize(
                method="GET", resource_path=path, query_params=list(query),
                header_params={"Accept": accept}, auth_settings=["BearerToken"],
            )  # fmt: skip
            transport: Any = self._api.rest_client
            answer = transport.request(
                request[0], request[1], headers=request[2],
                _request_timeout=(self._limits.connect, self._limits.seconds),
            )  # fmt: skip
            return answer.status, answer.headers, self._read(answer.response, deadline)
        except (HTTPError, ApiException, OSError) as error:
            raise KubeFault(f"the API server did not answer: {_why(error)}", Gap.UNREACHABLE) from None

    def _read(self, response: Any, deadline: float) -> bytes:
        """Read a body as it arrives: a server that drips must not outlast the deadline."""
        parts: list[bytes] = []
        size = 0
        while part := response.read1(_CHUNK):
            size += len(part)
            parts.append(part)
            if size > self._limits.size or time.monotonic() > deadline:
                response.close()
                slow = size <= self._limits.size
                message = "the answer took too long" if slow else f"an answer over {self._limits.size} bytes"
                raise KubeFault(message, Gap.NOT_COLLECTED if slow else Gap.UNSUPPORTED)
        response.release_conn()
        return b"".join(parts)


def _why(error: Exception) -> str:
    """Return why no answer came: what is wrong with a certificate, else the kind of the error alone."""
    reason = getattr(error, "reason", None) or error
    cause = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message.partition(',')[0]}"
    return type(reason).__name__


def _refusal(status: int, body: bytes) -> KubeFault:
    anonymous = status == 401 or (status == 403 and b"system:anonymous" in body)
    if anonymous:
        return KubeFault(f"{status}: the credential was not accepted", Gap.NOT_PERMITTED, 401)
    gap = _GAPS.get(status, Gap.UNREACHABLE if status >= 500 else Gap.MALFORMED)
    return KubeFault(f"the API server answered {status}", gap, status)


def _parse(body: bytes) -> Mapping[str, Any]:
    collecting = gc.isenabled()
    # A page is a hundred thousand objects without a cycle: looking for one while it grows doubles the time.
    gc.disable()
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise KubeFault("the answer is not JSON, or only half of it", Gap.MALFORMED) from None
    finally:
        if collecting:
            gc.enable()
    if not isinstance(found, dict):
        raise KubeFault("the answer is not a JSON object", Gap.MALFORMED)
    return found


def shown(context: str) -> str:
    """Return a context's name fit to be shown: what stands before its last @ is often somebody's login."""
    return context.rpartition("@")[2][:80]


class SourceKube:
    """The only way to clusters; implements `plugin.KubeDoor`."""

    def __init__(self, limits: KubeLimits | None = None) -> None:
        self.limits = limits or KubeLimits()

    def open(self, context: str, kubeconfig: Path | None = None, *, programs: bool = False) -> SourceCluster:
        """Open a kubeconfig context, or `in-cluster`; raises KubeFault, also where the context would run a
        program and `programs` does not allow it.
        """
        try:
            from kubernetes import config
            from kubernetes.client import ApiClient, Configuration
        except ImportError:
            hint = "the official client is not installed: pip install 'cnmm[kubernetes]'"
            raise KubeFault(hint, Gap.UNREACHABLE) from None
        loading: Any = config
        configuration = Configuration()
        try:
            if context == IN_CLUSTER:
                loading.load_incluster_config(client_configuration=configuration)
            else:
                place = _place(kubeconfig)
                _check_programs(place, context, programs)
                loading.load_kube_config(place, context, configuration, persist_config=False)
        except (loading.ConfigException, yaml.YAMLError, OSError, *_SHAPES) as error:
            # The message of the client may quote the file, which holds credentials.
            hint = (
                f"context {shown(context)!r} cannot be loaded ({type(error).__name__}): see `kubectl config"
            )
            raise KubeFault(f"{hint} get-contexts`", Gap.UNREACHABLE) from None
        api: Any = ApiClient(_hardened(configuration))
        if configuration.verify_ssl and str(configuration.host).startswith("https:"):
            api.rest_client.pool_manager.connection_pool_kw["ssl_context"] = _verifying(configuration)
        return SourceCluster(api, self.limits)


def _hardened(configuration: Any) -> Any:
    from urllib3 import Retry

    # A redirect would carry the token elsewhere; what is tried again is decided here, by what was answered.
    configuration.retries = Retry(total=0, raise_on_redirect=False)
    configuration.connection_pool_maxsize = 4  # as many as lists are asked for at once, `apart.AT_ONCE`
    return configuration


def _verifying(configuration: Any) -> ssl.SSLContext:
    """Return what verifies as kubectl does: authorities may lack what Python 3.13 began to demand."""
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not configuration.ssl_ca_cert:
        context.load_default_certs()
    return context


def _place(kubeconfig: Path | None) -> str:
    return str(kubeconfig or os.environ.get("KUBECONFIG") or Path("~/.kube/config").expanduser())


def _check_programs(place: str, context: str, allowed: bool) -> None:
    """Raise KubeFault for a context that is not there, or that runs a program without leave."""
    files = _files(place)
    chosen = _named(files, "contexts", "context").get(context)
    if chosen is None:
        raise KubeFault(f"no context {shown(context)!r}: see `kubectl config get-contexts`", Gap.UNREACHABLE)
    user = _named(files, "users", "user").get(str(chosen.get("user")), {})
    if not allowed and ("exec" in user or "auth-provider" in user):
        hint = f"context {shown(context)!r} runs a program to log in: allow it with `run_programs: true`"
        raise KubeFault(hint, Gap.NOT_ENABLED)


def _files(place: str) -> list[Mapping[str, Any]]:
    """Return what the files of a kubeconfig hold, in their order."""
    paths = (Path(part).expanduser() for part in place.split(os.pathsep) if part)
    texts = (path.read_text(encoding="utf-8") for path in paths if path.is_file())
    return [yaml.load(text, Loader=_LOADER) or {} for text in texts]  # noqa: S506 - a safe loader


def _named(files: Sequence[Mapping[str, Any]], plural: str, single: str) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a kind by name over all files, the first of a name counts, as kubectl merges."""
    found: dict[str, Mapping[str, Any]] = {}
    for content in files:
        for entry in content.get(plural) or ():
            found.setdefault(str(entry["name"]), entry.get(single) or {})
    return found
