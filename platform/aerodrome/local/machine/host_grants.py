"""What each host was let in for: its rights follow its workers, and the inventory only once these have ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from aerodrome.local.machine.credentials import Credentials, host_grant

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host


@dataclass(frozen=True)
class Grant:
    """What a host was let in for; *issue* tells its login to the secrets store from earlier ones.

    A host that is *shut* has no user of the broker until it is set up: its tasks would not find what they run in.
    """

    zone: str
    queues: tuple[str, ...]
    issue: str = ""
    shut: bool = False


def of(credentials: Credentials, host: Host) -> Grant:
    """Return what *host* was let in for; what the inventory says where it never was."""
    text = credentials.find(host_grant(host.name))
    if text is None:
        return Grant(host.zone, host.queues)
    found = json.loads(text)
    return Grant(**{**found, "queues": tuple(found["queues"])})


def keep(credentials: Credentials, host: str, grant: Grant) -> None:
    """Note what *host* is let in for."""
    credentials.replace(host_grant(host), json.dumps(asdict(grant)))


def as_granted(credentials: Credentials, host: Host) -> Host:
    """Return *host* with the zone and the queues that it was let in for."""
    found = of(credentials, host)
    return replace(host, zone=found.zone, queues=found.queues)
