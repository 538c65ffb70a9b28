"""Podman's networks of test hosts: fixed addresses on a bridge, whose first one is this machine."""

from __future__ import annotations

import ipaddress
import json
import random
from dataclasses import dataclass

from fleet.podman import OURS, podman, process
from fleet.turns import turn


@dataclass(frozen=True)
class Network:
    """A bridge with its addresses; *shares*: how much its hosts get of a busy processor, each in relation to others."""

    name: str
    subnet: str
    shares: int

    @property
    def gateway(self) -> str:
        """The address of this machine on the bridge; it exists while a host is up."""
        return str(next(ipaddress.ip_network(self.subnet).hosts()))

    def ensure(self) -> None:
        """Make the network where it is missing; two at once may both ask."""
        if process("network", "exists", self.name).returncode == 0:
            return
        own = ("--subnet", self.subnet, "--gateway", self.gateway, "--label", f"{OURS}=network")
        made = process("network", "create", *own, self.name)
        if made.returncode and process("network", "exists", self.name).returncode:
            podman("network", "create", *own, self.name)

    def remove(self) -> None:
        """Remove the network; one that hosts still use stays."""
        # Another run may be about to start a host there.
        with turn("start"):
            process("network", "rm", self.name)

    def free_address(self) -> str:
        """Return an address from the upper half that no container has, running or not.

        Any of them: who still has a connection to a host that is gone would take the next one there for it.
        """
        taken = self._taken()
        addresses = [str(address) for address in ipaddress.ip_network(self.subnet).hosts()]
        return random.choice(
            [address for address in addresses[len(addresses) // 2 :] if address not in taken]
        )

    def _taken(self) -> set[str]:
        found = podman("ps", "--all", "--filter", f"label={OURS}.address", "--format", "json") or "[]"
        return {container["Labels"][f"{OURS}.address"] for container in json.loads(found)}


# What happens on the lab's hosts takes longest: nothing else is to hold it up.
LAB = Network("aerodrome-lab", "10.203.77.0/24", shares=4096)
ROLES = Network("aerodrome-roles", "10.203.78.0/24", shares=256)
CLUSTER = Network("aerodrome-cluster-hosts", "10.203.79.0/24", shares=1024)
