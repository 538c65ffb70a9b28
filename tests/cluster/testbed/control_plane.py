"""etcd, API server, controller manager and scheduler, as processes of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from testbed import kubeconfig, pki
from testbed.place import API_PORT, API_SERVICE, DOMAIN, KUBECONFIG, MACHINE, SERVICES, STATE

PKI = STATE / "pki"
ETCD, ETCD_PEERS = f"https://{MACHINE}:2379", f"https://{MACHINE}:2380"
_ISSUER = f"https://kubernetes.default.svc.{DOMAIN}"
_CALLED = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}")

Command = Sequence[str | Path]


def commands(programs: Path) -> dict[str, Command]:
    """Return name → command of each process, whose certificates and settings are made where they are missing."""
    PKI.mkdir(mode=0o700, exist_ok=True)
    admin = pki.issued(PKI, "admin", "aerodrome-admin", ["system:masters"])
    kubeconfig.write(KUBECONFIG, pki.authority(PKI).certificate, admin)
    return {
        "etcd": (programs / "etcd", *_flags(_etcd())),
        "kube-apiserver": (programs / "kube-apiserver", *_flags(_api_server())),
        "kube-controller-manager": (programs / "kube-controller-manager", *_flags(_controller_manager())),
        "kube-scheduler": (programs / "kube-scheduler", *_flags(_scheduler())),
    }


def login(name: str, groups: Iterable[str] = ()) -> Path:
    """Return the kubeconfig of the user *name* of *groups*, made where there is none."""
    path = PKI / f"{name.replace(':', '-')}.kubeconfig"
    pair = pki.issued(PKI, path.stem, name, groups)
    return kubeconfig.write(path, pki.authority(PKI).certificate, pair)


def _flags(values: dict[str, str | Path]) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items()]


def _etcd() -> dict[str, str | Path]:
    server = pki.issued(PKI, "etcd", "etcd", called=[MACHINE])
    checked = {"cert-file": server.certificate, "key-file": server.key, "client-cert-auth": "true"}
    trusted: dict[str, str | Path] = {**checked, "trusted-ca-file": pki.authority(PKI).certificate}
    return {
        "data-dir": STATE / "etcd",
        "listen-client-urls": ETCD,
        "advertise-client-urls": ETCD,
        "listen-peer-urls": ETCD_PEERS,
        "initial-advertise-peer-urls": ETCD_PEERS,
        "initial-cluster": f"default={ETCD_PEERS}",
        **trusted,
        **{f"peer-{name}": value for name, value in trusted.items()},
        # What a cluster for tests holds may go with the machine.
        "unsafe-no-fsync": "true",
    }


def _api_server() -> dict[str, str | Path]:
    authority = pki.authority(PKI).certificate
    server = pki.issued(PKI, "api-server", "kube-apiserver", called=[MACHINE, API_SERVICE, *_CALLED])
    to_etcd = pki.issued(PKI, "api-server-at-etcd", "kube-apiserver")
    to_kubelets = pki.issued(PKI, "api-server-at-kubelets", "kube-apiserver", ["system:masters"])
    tokens = pki.signing_key(PKI)
    return {
        "bind-address": MACHINE,
        "advertise-address": MACHINE,
        "secure-port": str(API_PORT),
        "tls-cert-file": server.certificate,
        "tls-private-key-file": server.key,
        "client-ca-file": authority,
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "etcd-servers": ETCD,
        "etcd-cafile": authority,
        "etcd-certfile": to_etcd.certificate,
        "etcd-keyfile": to_etcd.key,
        "kubelet-certificate-authority": authority,
        "kubelet-client-certificate": to_kubelets.certificate,
        "kubelet-client-key": to_kubelets.key,
        "kubelet-preferred-address-types": "InternalIP",
        "service-cluster-ip-range": SERVICES,
        "service-account-issuer": _ISSUER,
        "service-account-key-file": tokens.certificate,
        "service-account-signing-key-file": tokens.key,
        "profiling": "false",
    }


def _controller_manager() -> dict[str, str | Path]:
    authority = pki.authority(PKI)
    return {
        **_client("system:kube-controller-manager"),
        "cluster-signing-cert-file": authority.certificate,
        "cluster-signing-key-file": authority.key,
        "root-ca-file": authority.certificate,
        "service-account-private-key-file": pki.signing_key(PKI).key,
        "service-cluster-ip-range": SERVICES,
        "use-service-account-credentials": "true",
    }


def _scheduler() -> dict[str, str | Path]:
    return _client("system:kube-scheduler")


def _client(name: str) -> dict[str, str | Path]:
    config = login(name)
    return {
        "kubeconfig": config,
        "authentication-kubeconfig": config,
        "authorization-kubeconfig": config,
        "bind-address": MACHINE,
        # There is one of each.
        "leader-elect": "false",
        "profiling": "false",
    }
