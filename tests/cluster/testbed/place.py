"""Where the cluster is on this machine: its folders, addresses and names. One cluster for all who use the machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STATE = Path("/var/lib/aerodrome-cluster")
"""Everything that the cluster keeps. Each of its processes has a path below it on its command line."""
RUN = STATE / "run"
LOGS = STATE / "logs"
KUBECONFIG = STATE / "admin.kubeconfig"
"""Who reads it may do everything in the cluster."""
BRIDGE = "aerodrome-k8s"
SUBNET_BITS = 24
MACHINE = "10.203.80.1"
"""This machine on the bridge. The API server is here and not on loopback: pods reach it by its Service too."""
API_PORT = 6443
SERVER = f"https://{MACHINE}:{API_PORT}"
REGISTRY_PORT = 5000
REGISTRY = f"{MACHINE}:{REGISTRY_PORT}"
"""Takes images of everybody on the bridge, by plain HTTP."""
GIT_PORT = 9418
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Node:
    """A node: a network namespace with a link to the bridge, and processes that see only that network."""

    number: int

    @property
    def name(self) -> str:
        """The node's name in the cluster."""
        return f"node{self.number}"

    @property
    def namespace(self) -> str:
        """The name of its network namespace, which its cgroup bears too."""
        return f"{BRIDGE}-{self.name}"

    @property
    def link(self) -> str:
        """The machine's end of its link; the kernel takes 15 characters."""
        return f"ak8s-{self.name}"

    @property
    def address(self) -> str:
        """Its address on the bridge."""
        return f"10.203.80.{10 + self.number}"

    @property
    def pods(self) -> str:
        """The addresses of its pods."""
        return f"10.244.{self.number}.0/24"

    @property
    def folder(self) -> Path:
        """What it keeps."""
        return STATE / self.name

    @property
    def containerd(self) -> Path:
        """The socket of its containerd."""
        return RUN / f"{self.name}-containerd.sock"


NODES = (Node(1),)
