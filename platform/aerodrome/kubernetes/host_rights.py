"""Which hosts outside have rights at the secrets store of a cluster's environment, and keep them in a deploy."""

from __future__ import annotations

from collections.abc import Sequence

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Host
from aerodrome.secrets.layout import LOGIN, Hosts, places


def let_in(environment: Environment, hosts: Sequence[Host], vault: Vault, known: Hosts) -> Hosts:
    """Return host → zone of those of *hosts*, the inventory's, that have a login at *vault*, or are *known* to.

    The zone is the one that a host was let in for. The others are let in one by one when they are set up, and not
    before; who is in no inventory has no right.
    """
    if not hosts:
        return {}
    there = vault.roles(places(environment)[LOGIN])
    return {
        host.name: known.get(host.name, host.zone)
        for host in hosts
        if host.name in known or names.host_role(environment.name, host.name) in there
    }
