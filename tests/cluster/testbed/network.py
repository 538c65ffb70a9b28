"""The bridge between this machine and the nodes, and the nodes' network namespaces."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from testbed.place import BRIDGE, MACHINE, NODES, SERVICES, SUBNET_BITS, Node


class NetworkError(Exception):
    """The kernel or `ip` refuses; the text says what was asked and what was said."""


def ensure(nodes: Iterable[Node]) -> None:
    """Make the bridge and a namespace for each of *nodes*, where they are missing."""
    if not Path("/sys/class/net", BRIDGE).exists():
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{MACHINE}/{SUBNET_BITS}", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
    for node in nodes:
        if not Path("/run/netns", node.namespace).exists():
            _connect(node)


def remove() -> None:
    """Remove bridge, links and namespaces; nothing of them need be there."""
    for node in NODES:
        _ip("netns", "delete", node.namespace, check=False)
        _ip("link", "delete", node.link, check=False)
    _ip("link", "delete", BRIDGE, check=False)


def _connect(node: Node) -> None:
    _ip("netns", "add", node.namespace)
    _ip("link", "add", node.link, "type", "veth", "peer", "name", "eth0", "netns", node.namespace)
    _ip("link", "set", node.link, "master", BRIDGE, "up")
    within = ("-n", node.namespace)
    _ip(*within, "address", "add", f"{node.address}/{SUBNET_BITS}", "dev", "eth0")
    for link in ("lo", "eth0"):
        _ip(*within, "link", "set", link, "up")
    _ip(*within, "route", "add", "default", "via", MACHINE)
    # Tests reach pods and services as the nodes do.
    _ip("route", "add", node.pods, "via", node.address)
    for other in NODES:
        if other.number < node.number:
            _ip(*within, "route", "add", other.pods, "via", other.address)
            _ip("-n", other.namespace, "route", "add", node.pods, "via", node.address)
    if node.number == 1:
        _ip("route", "add", SERVICES, "via", node.address)


def _ip(*arguments: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise NetworkError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
