"""A small cluster on a loopback API server, with a Secret that nobody may ask for, and its CPU of a week."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import KubeLimits, SourceKube, SourceReader
from contract.worlds import EVERYWHERE, SECRET, World
from contract.worlds.files import FAULTS as OF_FILES
from contract.worlds.files import damage
from doubles.kubernetes.objects import namespace, node, pod, workload
from doubles.kubernetes.server import ApiServer, Handler, only
from doubles.prometheus import cpu

PARTS = ("server",)
REALITIES = ("whole", "bare", "no export")
PLACES = ("pods", "deployments", "networkpolicies", "apis")
ONE_NAMESPACE = "403 but for one namespace"
OF_METRICS = ("half the series", "a short week", "an old week", "a warning")
"""What befell the answer of the monitoring, and not the file it was kept in."""
FAULTS = (
    *EVERYWHERE,
    ONE_NAMESPACE,
    *OF_FILES,
    *OF_METRICS,
    *(f"{fault} at {place}" for fault in ("403", "404", "503", "truncated") for place in PLACES),
)
LIMITS = KubeLimits(seconds=0.3, connect=0.5, attempts=2, pause=0.01, longest_pause=0.02, total=3)


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Serve the cluster."""
    with ApiServer() as api:
        api.add(namespace("kube-system"), namespace("shop"), node("node-1"))
        if state != "bare":
            api.add(
                workload("shop", "web"), pod("shop", "web"), workload("shop", "mail"), pod("shop", "mail")
            )
            api.add(namespace("idle"), namespace("till"), workload("till", "till"), pod("till", "till"))
        api.objects["", "secrets"] = [
            {
                "metadata": {"name": "s", "namespace": "shop", "resourceVersion": "1"},
                "data": {"token": SECRET},
            }
        ]
        export = folder / "metrics" / "cpu.json"
        export.parent.mkdir()
        if state != "no export":
            export.write_bytes(_metrics(state))
        if state == ONE_NAMESPACE:
            api.faults[""] = only("shop")
        elif state in OF_FILES:
            damage(export, state)
        elif state not in (*REALITIES, *OF_METRICS):
            fault, _, place = state.partition(" at ")
            api.faults[place] = _fault(fault)
        settings = {
            "kubeconfig": str(api.kubeconfig(folder, user={"token": SECRET})),
            "organisation": "acme",
            "clusters": [{"context": "test", "name": "prod", "env": "production"}],
        }
        facts = (("metrics", str(export)),) if state != "no export" else ()
        yield World(
            (Target("kube", "test", facts=facts),),
            settings,
            trees=(export.parent,),
            asked=lambda: _asked(api),
            tune=_tune,
            as_nobody=state.startswith("unreadable"),
        )
        assert not [path for _, path in api.requests if "/secrets" in path], "a Secret was asked for"


def _metrics(state: str) -> bytes:
    """Return what the monitoring answered: a week of three workloads, less where something befell it."""
    known = [("shop", "web"), ("shop", "mail"), ("till", "till")]
    if state == "half the series":
        known = known[:1]
    cores = [(place, f"{name}-7d9f-x2k4z", "0.2", "0.5") for place, name in known]
    end = "2026-10-01T06" if state == "an old week" else "2026-11-22T06"
    raw = cpu(cores, end, days=3 if state == "a short week" else 7)
    return (
        raw.replace(b'"success"', b'"success","warnings":["partial response"]')
        if state == "a warning"
        else raw
    )


def _asked(api: ApiServer) -> tuple[str, ...]:
    return tuple(f"{verb} {path}" for verb, path in api.requests)


def _tune(reader: SourceReader) -> None:
    reader.kube = SourceKube(LIMITS)


def _fault(name: str) -> Callable[[Handler], bool]:
    def fail(handler: Handler) -> bool:
        if name.startswith("429"):
            handler.status(
                429, "TooManyRequests", headers=[("Retry-After", "3600")] if "Retry" in name else []
            )
        elif name.isdigit():
            handler.status(int(name), "Planted")
        elif name == "redirect":
            handler.send(307, b"", [("Location", f"http://localhost.invalid{handler.path}")])
        elif name == "wrong JSON":
            handler.reply({"kind": ["?"], "items": "x", "groups": 7, "metadata": 3})
        elif name == "endless pages":
            handler.reply(
                {"kind": "List", "metadata": {"continue": "again", "resourceVersion": "1"}, "items": []}
            )
        else:
            _break(handler, name)
        return True

    return fail


def _break(handler: Handler, name: str) -> None:
    if name == "silent":
        time.sleep(1)
        handler.close_connection = True
        return
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "5000" if name != "truncated" else "9")
    handler.end_headers()
    handler.wfile.write(b'{"kind": ')
    handler.close_connection = True
    for _ in range(40 if name == "drip" else 0):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)
