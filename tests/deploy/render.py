"""Renders the chart with Helm, as the tests read it: run after a change of `deploy/chart`, with helm on PATH.

`go install helm.sh/helm/v3/cmd/helm@v3.19.0` makes one.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

CHART = Path(__file__).parents[2] / "deploy/chart"
RENDERED = Path(__file__).parent / "rendered"
KUBERNETES = "1.34.0"
CASES = {
    "plain": {"readCluster": "false"},
    "usual": {},
    "whole": {
        "credentialsSecret": "cnmm-credentials",
        "egress.cidrs[0]": "10.0.0.0/8",
        "history": "postgresql://db.example.org/cnmm",
        "image.digest": f"sha256:{'0' * 64}",
        "metrics.dashboard": "true",
        "metrics.enabled": "true",
        "metrics.rules": "true",
        "metrics.serviceMonitor": "true",
        "volume.storageClass": "fast",
    },
}


def state() -> str:
    """Return the digest of all that decides what Helm renders, but the generated role."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(CHART.rglob("*")):
        if path.is_file() and path.name != "clusterrole.yaml":
            digest.update(path.relative_to(CHART).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def render(values: dict[str, str]) -> str:
    """Return what Helm makes of the chart; the role, which is generated, is left out."""
    command = ["helm", "template", "cnmm", str(CHART), "--namespace", "audit", "--kube-version", KUBERNETES]
    for name, value in values.items():
        command += ["--set", f"{name}={value}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    parts = done.stdout.removeprefix("---\n").split("\n---\n")
    return "\n---\n".join(part.strip("\n") for part in parts if "/clusterrole.yaml\n" not in part) + "\n"


def main() -> int:
    """Write every case."""
    RENDERED.mkdir(exist_ok=True)
    for name, values in CASES.items():
        (RENDERED / f"{name}.yaml").write_text(f"# chart {state()}\n{render(values)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
