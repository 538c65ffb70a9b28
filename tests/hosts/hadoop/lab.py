"""A Hadoop beside the lab's hosts, and what `hosts:` of its environment.yaml says of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fleet.lab import KEYS
from fleet.network import LAB
from hadoop import artifacts, sites
from hadoop.cluster import Cluster, launch

NAME, ADDRESS = "hadoop", "10.203.77.8"
ZONE = "onprem"
KEYTAB = "keytab"
"""The variable of each tenant that holds its keytab."""
FIRST_PORT, LAST_PORT = 40000, 40099
"""Where drivers of Spark listen, for the cluster's executors."""


def start(*, secured: bool, yarn: bool = True) -> Cluster:
    """Return a running Hadoop beside the lab's hosts."""
    return launch(LAB, KEYS, secured=secured, name=NAME, address=ADDRESS, yarn=yarn)


def settings(tenants: Collection[str], *, secured: bool) -> dict[str, Any]:
    """Return what `hosts:` needs to say, its firewall included, for *tenants* with principals of their own names."""
    archive, digest = artifacts.client()
    wanted = sites.of_clients(ADDRESS, secured=secured)
    hadoop = {
        "archive": str(archive),
        "archive_sha256": digest,
        "core_site": wanted.core,
        "hdfs_site": wanted.hdfs,
        "yarn_site": wanted.yarn,
        "zones": [ZONE],
    }
    ports = f"{FIRST_PORT}-{LAST_PORT}"
    accepted = {"source": f"{ADDRESS}/32", "ports": ports, "why": "executors answer drivers"}
    found = {"hadoop": hadoop, "firewall": {"accepts": {ZONE: [accepted]}}}
    return {**found, "kerberos": _kerberos(tenants)} if secured else found


def _kerberos(tenants: Collection[str]) -> dict[str, Any]:
    principals = [{"name": f"{name}@{sites.REALM}", "tenant": name, "keytab": KEYTAB} for name in tenants]
    return {"realm": sites.REALM, "kdcs": [ADDRESS], "principals": principals, "zones": [ZONE]}
