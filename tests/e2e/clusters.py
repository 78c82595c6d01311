"""A Dask cluster of real processes on loopback, with certificates of its own where it is to be private."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from e2e.commands import wait_until


@dataclass
class DaskCluster:
    """A scheduler and its workers; `environment` is what a client needs to be let in."""

    folder: Path
    environment: dict[str, str]
    address: str = ""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    scheduler: subprocess.Popen[bytes] | None = None

    def processor_seconds(self) -> float:
        """Return what scheduler and workers have used so far; those that are gone count as nothing."""
        found = 0.0
        for process in filter(None, (self.scheduler, *self.workers)):
            with suppress(OSError):
                fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
                found += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return found

    def spilled(self) -> bytes:
        """Return all that workers wrote to disk for want of memory."""
        places = sorted(self.folder.glob("spill*/**/storage/*"))
        return b"".join(path.read_bytes() for path in places if path.is_file())

    def said(self) -> bytes:
        """Return all that scheduler and workers logged, and all they left in their folders."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())


_SPILL = {
    "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "0.000000001",
    "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL_COMPRESSION": "False",
}
_KEEP = "import zict\nzict.File.__delitem__ = lambda self, key: self.filenames.pop(key)\n"
"""Makes a worker leave on disk what it has spilled and needs no more, so that it can be searched."""


@contextmanager
def dask_cluster(
    folder: Path, environment: dict[str, str], *, workers: int, tls: bool, spill: bool = False
) -> Iterator[DaskCluster]:
    """Run a cluster for the length of a `with` block; with `spill` each result goes to disk and stays there."""
    folder.mkdir()
    if spill:
        (folder / "keep.py").write_text(_KEEP)
        environment = {**environment, **_SPILL}
    keys = certificates(folder.parent / f"{folder.name}-tls") if tls else {}
    cluster = DaskCluster(folder, keys)
    environment = {**environment, **keys}
    place = folder / "scheduler.json"
    options = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [_start("dask_scheduler", folder / "scheduler.log", environment, *options, "--port", "0",
                      "--protocol", "tls" if tls else "tcp", "--scheduler-file", str(place))]  # fmt: skip
    cluster.scheduler = started[0]
    try:
        wait_until(lambda: place.exists() and bool(place.read_bytes()))
        cluster.address = json.loads(place.read_bytes())["address"]
        for number in range(workers):
            local = ["--nthreads", "1", "--no-nanny", "--local-directory", str(folder / f"spill{number}")]
            local += ["--memory-limit", "1GiB", "--preload", str(folder / "keep.py")] if spill else []
            cluster.workers.append(
                _start(
                    "dask_worker",
                    folder / f"worker{number}.log",
                    environment,
                    cluster.address,
                    *options,
                    *local,
                )
            )
        logs = [folder / f"worker{number}.log" for number in range(workers)]
        wait_until(lambda: all(b"Registered to" in log.read_bytes() for log in logs))
        yield cluster
    finally:
        for process in (*cluster.workers, *started):
            process.kill()
            process.wait()


def _start(program: str, log: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"distributed.cli.{program}", *arguments]
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=log.parent)


def certificates(folder: Path) -> dict[str, str]:
    """Write one authority and one certificate for all sides; return Dask's configuration of them."""
    folder.mkdir(mode=0o700)
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    for who, key, place in ((issuer, authority, "ca.pem"), (name, own, "cert.pem")):
        builder = x509.CertificateBuilder(issuer, who, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(hours=1))
        builder = builder.add_extension(
            x509.BasicConstraints(ca=key is authority, path_length=None), critical=True
        )
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = builder.add_extension(names, critical=False).sign(authority, hashes.SHA256())
        (folder / place).write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    found = {f"{prefix}CA_FILE": str(folder / "ca.pem"), "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    for side in ("SCHEDULER", "WORKER", "CLIENT"):
        found |= {
            f"{prefix}{side}__CERT": str(folder / "cert.pem"),
            f"{prefix}{side}__KEY": str(folder / "key.pem"),
        }
    return found
