"""What each host was let in for, as ENV=local keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aerodrome.hosts.grant import Grant
from aerodrome.local.machine.credentials import Credentials, host_grant

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host


def of(credentials: Credentials, host: Host) -> Grant:
    """Return what *host* was let in for; what the inventory says where it never was."""
    text = credentials.find(host_grant(host.name))
    return Grant(host.zone, host.queues) if text is None else Grant.of_text(text)


def keep(credentials: Credentials, host: str, grant: Grant) -> None:
    """Note what *host* is let in for."""
    credentials.replace(host_grant(host), grant.text())


def as_granted(credentials: Credentials, host: Host) -> Host:
    """Return *host* with the zone and the queues that it was let in for."""
    return of(credentials, host).applied_to(host)
