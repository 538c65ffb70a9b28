"""Rights of hosts at the secrets store: given when one is set up, taken at once."""

from __future__ import annotations

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.progress import silent
from aerodrome.secrets import logins
from aerodrome.secrets.layout import LOGIN, POLICY, Hosts, Key, of_host, places
from aerodrome.secrets.live import LiveLayout
from aerodrome.secrets.usable import Tenants


def give(vault: Vault, environment: Environment, tenants: Tenants, hosts: Hosts) -> None:
    """Let *hosts* log in, each with the rights of its zone; a secret id they get apart. Safe to repeat."""
    live = LiveLayout(vault, environment)
    for host, zone in hosts.items():
        for key, settings in of_host(environment, host, zone, tenants):
            live.put(key, settings)
    logins.apply_hosts(vault, [names.host_role(environment.name, host) for host in hosts], silent)


def take(vault: Vault, environment: Environment, host: str) -> bool:
    """Take every right of *host* away, and return whether it had one."""
    name = names.host_role(environment.name, host)
    if name not in vault.roles(places(environment)[LOGIN]) and name not in vault.policies():
        return False
    live = LiveLayout(vault, environment)
    # Without its policy a token that the host has already may do nothing.
    for key in (Key(POLICY, name), Key(LOGIN, name)):
        live.delete(key)
    return True


def why_refused(vault: Vault, role: str) -> str:
    """Return why *vault* would not let in who logs in as *role*, a host's; empty where it would."""
    known = vault.role_id(role)
    if known is None:
        return f"the secrets store has no {role}"
    if known != role:
        return f"{role} of the secrets store has another role id"
    return "" if vault.lets_in(role) else f"{role} of the secrets store knows no secret id that has not ended"
