"""A platform in a cluster with two hosts in its inventory: real broker and secrets store, and the cluster's objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import redis
import redis_server
from aerodrome import names
from aerodrome.clients import cluster_access
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.redis import Broker
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Host
from aerodrome.kubernetes.host_access import ClusterHostAccess
from aerodrome.kubernetes.host_record import HostRecord
from aerodrome.local.machine import certificates
from aerodrome.targets.secrets import VaultTarget
from example import environment, tenant
from objects_of_a_cluster import cluster_of_objects

PLACE, ADMIN = "afar", "of-the-release"
TENANTS = {"alpha": tenant(queues=["onprem"], connections={"db": {"type": "postgres"}})}
ROLE, USER = names.host_role(PLACE, "h1"), names.host_user("h1")
HOSTS = {
    "execution_api": "https://air.example.org:8443",
    "broker": "air.example.org:6380",
    "secrets": "https://vault.example.org",
    "bundle": "https://git.example.org/dags.git",
    "networks": ["10.50.0.0/16"],
    "certificate": "entrance-tls",
    "authority": "ca.pem",
    "bundle_user": "reader",
    "bundle_password_file": "password",
}


def host(name: str, *queues: str, zone: str = "onprem") -> Host:
    """Return a host of the inventory."""
    return Host(name, "10.9.9.1", zone, queues, {}, {}, (), {}, 1, 1)


@dataclass(frozen=True)
class Place:
    """The access of two hosts, the cluster's objects, and the broker as anybody reaches it."""

    access: ClusterHostAccess
    objects: dict[str, dict[str, Any]]
    port: int

    def named(self, *hosts: Host) -> ClusterHostAccess:
        """Return the access with another inventory."""
        return replace(self.access, hosts=hosts, _removals={}, _before={})

    def without_broker(self) -> ClusterHostAccess:
        """Return the access where no release runs yet."""
        return replace(self.access, broker=lambda: nullcontext(None))

    def worker(self, url: str) -> redis.Redis:
        """Return the broker for who was given *url*, without the TLS of the entrance."""
        user, _, password = url.removeprefix("rediss://").partition("@")[0].partition(":")
        return redis.Redis(port=self.port, username=user, password=password, retry=redis_server.ONCE)


def broker_at(port: int) -> Any:
    """Return what opens the way to the broker on *port*."""

    @contextmanager
    def opened() -> Iterator[Broker]:
        yield Broker(port, "default", ADMIN)

    return opened


def told_of_a_cluster(vault: Vault) -> None:
    """Have *vault* know a cluster, as whoever administers it does once."""
    if "kubernetes" not in vault.auth_methods():
        vault.enable_login("kubernetes")
    known = {
        "kubernetes_host": "https://127.0.0.1:1",
        "kubernetes_ca_cert": certificates.made("127.0.0.1", "cluster").authority,
    }
    vault.put_role("auth/kubernetes", "config", {**known, "disable_local_ca_jwt": True})


@contextmanager
def platform(vault: Vault, port: int, root: Path) -> Iterator[Place]:
    """Yield it, with nobody let in yet; its files are below *root*, as is the KUBECONFIG of its cluster."""
    document = environment("kubernetes", PLACE, vault={"url": vault.url}).model_dump()
    document["zones"]["onprem"] = {"workers": "hosts"}
    document["queues"] |= {name: {"zone": "onprem", "shared": False} for name in ("onprem", "heavy")}
    made = Environment.model_validate({**document, "hosts": HOSTS})
    (root / f"environments/{PLACE}").mkdir(parents=True)
    (root / f"environments/{PLACE}/ca.pem").write_text("PEM\n")
    (root / "password").write_text("of-the-reader\n")
    told_of_a_cluster(vault)
    VaultTarget(made, TENANTS, vault).apply((), lambda _: None)
    with cluster_of_objects(root / "kubeconfig") as objects:
        record = HostRecord(Cluster(cluster_access.access()), made.cluster.namespace)
        hosts = (host("h1", "onprem"), host("h2", "onprem"))
        access = ClusterHostAccess(root, made, TENANTS, hosts, record, broker_at(port), lambda: vault)
        yield Place(access, objects, port)
        for each in hosts:
            access.revoke(each.name)
