"""Queues whose workers are on hosts, and which of them nobody serves now: a canary is sent to all others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from aerodrome.clients.cluster import Cluster
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Inventory
from aerodrome.kubernetes.broker import broker

LOOK_SECONDS = 1.0
Served = Callable[[], frozenset[str] | None]
"""Returns the queues of which a worker on a host is connected; None where nobody can tell."""


@dataclass(frozen=True)
class UnservedQueues:
    """Tells queue → why no host serves it now.

    *patience*: seconds for a worker of a host to come back to a broker that has only just begun. Where nobody tells who
    is connected, every queue with a host is taken for served: the canary shows whether it is.
    """

    environment: Environment
    inventory: Inventory
    served: Served
    patience: float = 30

    def __call__(self) -> dict[str, str]:
        """Return those of now."""
        outside = {name for name, queue in self.environment.queues.items() if self._is_outside(queue.zone)}
        expected = outside & {queue for host in self.inventory.hosts for queue in host.queues}
        missing = self._waited(expected) if expected else frozenset()
        none = f"{self.inventory.file} names no host for it"
        return {**dict.fromkeys(outside - expected, none), **{queue: self._away(queue) for queue in missing}}

    def _is_outside(self, zone: str) -> bool:
        return self.environment.on_hosts(zone)

    def _waited(self, expected: set[str]) -> frozenset[str]:
        end = time.monotonic() + self.patience
        while True:
            served = self.served()
            missing = frozenset() if served is None else frozenset(expected - served)
            if not missing or time.monotonic() > end:
                return missing
            time.sleep(LOOK_SECONDS)

    def _away(self, queue: str) -> str:
        hosts = [host.name for host in self.inventory.hosts if queue in host.queues]
        command = f"make workers ENV={self.environment.name} LIMIT={','.join(hosts)}"
        return f"no worker of {', '.join(hosts)} is connected to the broker: {command}"


def unserved_queues(cluster: Cluster, environment: Environment, inventory: Inventory) -> UnservedQueues:
    """Return what asks the release's broker; another one's clients nobody tells."""

    def served() -> frozenset[str] | None:
        with broker(cluster, environment.cluster) as found:
            return None if found is None else found.served_by_hosts()

    return UnservedQueues(environment, inventory, served)
