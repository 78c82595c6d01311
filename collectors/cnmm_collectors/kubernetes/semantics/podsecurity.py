"""Pod Security Standards: whether a pod meets the baseline and runs as another user than root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnmm_collectors.kubernetes.shape import Object, flag, mapping, number, objects, text, texts

LABEL = "pod-security.kubernetes.io/enforce"

CAPABILITIES = frozenset(
    ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
     "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT")
)  # fmt: skip
SYSCTLS = frozenset(
    ("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
     "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
     "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
     "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem")
)  # fmt: skip
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def every_container(spec: Object) -> Sequence[Object]:
    """Return a pod's containers, those that start first and those added later too; raises ShapeFault."""
    return (
        *objects(spec, "initContainers"), *objects(spec, "containers"), *objects(spec, "ephemeralContainers"),
    )  # fmt: skip


def enforces_baseline(labels: Mapping[str, str]) -> bool | None:
    """Say whether a namespace's label enforces the baseline; None where the cluster's default decides.

    A value that is no level counts as restricted, as the admission controller takes it.
    """
    level = labels.get(LABEL)
    return None if level is None else level != "privileged"


def breaches(spec: Object, annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Return the baseline controls a pod breaks, sorted; raises ShapeFault."""
    found = set(_pod_breaches(spec, annotations))
    for container in every_container(spec):
        found.update(_container_breaches(container))
    return tuple(sorted(found))


def _pod_breaches(spec: Object, annotations: Mapping[str, str]) -> Iterator[str]:
    if any(flag(spec, name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "host-namespaces"
    if any("hostPath" in one and one["hostPath"] is not None for one in objects(spec, "volumes")):
        yield "host-path"
    if any(text(one, "name") not in SYSCTLS for one in objects(spec, "securityContext", "sysctls")):
        yield "sysctls"
    yield from _context_breaches(mapping(spec, "securityContext"))
    for key, value in annotations.items():
        confined = value in ("", "runtime/default") or value.startswith("localhost/")
        if key.startswith("container.apparmor.security.beta.kubernetes.io/") and not confined:
            yield "apparmor"


def _container_breaches(container: Object) -> Iterator[str]:
    context = mapping(container, "securityContext")
    if context:
        yield from _context_breaches(context)
    if flag(context, "privileged"):
        yield "privileged"
    if any(name not in CAPABILITIES for name in texts(context, "capabilities", "add")):
        yield "capabilities"
    if any(number(port, "hostPort") for port in objects(container, "ports")):
        yield "host-ports"
    if text(context, "procMount") not in ("", "Default"):
        yield "proc-mount"
    hooks = [mapping(container, name) for name in _PROBES if name in container]
    if "lifecycle" in container:
        hooks += [mapping(container, "lifecycle", name) for name in ("postStart", "preStop")]
    if any(text(hook, way, "host") for hook in hooks for way in ("httpGet", "tcpSocket")):
        yield "host-probes"


def _context_breaches(context: Object) -> Iterator[str]:
    if flag(context, "windowsOptions", "hostProcess"):
        yield "host-process"
    if text(context, "seccompProfile", "type") == "Unconfined":
        yield "seccomp"
    if text(context, "appArmorProfile", "type") == "Unconfined":
        yield "apparmor"
    selinux = mapping(context, "seLinuxOptions")
    if not selinux:
        return
    if text(selinux, "type") not in SELINUX_TYPES or text(selinux, "user") or text(selinux, "role"):
        yield "selinux"


def runs_as_root(spec: Object, status: Object) -> bool | None:
    """Say whether a container of the pod runs as root; None where only the image decides it.

    The specification decides first; where it is silent, the user id the kubelet reports; raises ShapeFault.
    """
    pod = mapping(spec, "securityContext")
    seen = _reported(status)
    verdicts = [_root(container, pod, seen) for container in every_container(spec)]
    if any(verdict is True for verdict in verdicts):
        return True
    return None if any(verdict is None for verdict in verdicts) else False


def _root(container: Object, pod: Object, seen: Mapping[str, int]) -> bool | None:
    own = mapping(container, "securityContext")
    user = number(own, "runAsUser")
    user = number(pod, "runAsUser") if user is None else user
    if user is not None:
        return user == 0
    refused = flag(own, "runAsNonRoot")
    refused = flag(pod, "runAsNonRoot") if refused is None else refused
    if refused:
        return False
    reported = seen.get(text(container, "name"))
    return None if reported is None else reported == 0


def _reported(status: Object) -> Mapping[str, int]:
    names = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    found = {}
    for one in (one for name in names for one in objects(status, name)):
        user = number(one, "user", "linux", "uid")
        if user is not None:
            found[text(one, "name")] = user
    return found


def is_hardened(spec: Object, annotations: Mapping[str, str], status: Object) -> bool | None:
    """Say whether a pod meets the baseline and another user than root runs it; None where it is not told."""
    if breaches(spec, annotations):
        return False
    root = runs_as_root(spec, status)
    return None if root is None else not root
