"""Workers on hosts of ENV=local."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from aerodrome.hosts.inventory import Inventory, load_inventory
from aerodrome.local.machine.lock import alone
from aerodrome.local.machine.platform import Platform
from aerodrome.local.release.host_access import LocalHostAccess
from aerodrome.local.release.preparation import deployed_platform, local_environment
from aerodrome.targets import host_commands
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_materials import Source


def hosts_of(
    root: Path, environment_name: str, limit: str = "", sudo_password: str = "", verbosity: int = 0
) -> Hosts:
    """Return the hosts that *limit* names, all of them where it is empty, as inventory and environment say now.

    UserError where the environment has none, or nothing is deployed that they could work for.
    """
    environment = local_environment(root, environment_name)
    inventory = load_inventory(root, environment)
    host_commands.require_hosts(inventory)
    platform = replace(deployed_platform(root, environment_name), environment=environment)
    hosts = hosts_for(platform, inventory, LocalHostAccess(root, environment_name), limit)
    return host_commands.asked_for(hosts, sudo_password, verbosity)


def may_have_let_in(root: Path, environment: str) -> bool:
    """Return whether *environment* was deployed here, so that hosts may have credentials of it; UserError for none."""
    return deployed_platform(root, environment).layout.config.is_dir()


def shut_out(root: Path, environment: str, names: str) -> tuple[str, ...]:
    """Revoke the credentials of hosts that the inventory need not name; return what was done, with what is left."""
    return host_commands.shut_out(LocalHostAccess(root, environment), names)


def hosts_for(platform: Platform, inventory: Inventory, access: LocalHostAccess, limit: str = "") -> Hosts:
    """Return hosts of *inventory* as they should be for *platform*."""
    return host_commands.hosts_for(
        source_of(platform), inventory, access, partial(alone_with_hosts, platform), limit
    )


def source_of(platform: Platform) -> Source:
    """Return what the hosts of *platform* are made from."""
    return Source(platform.layout.repository, platform.environment, platform.tenants)


def alone_with_hosts(platform: Platform) -> AbstractContextManager[None]:
    """Hold the lock of the hosts, not the deployment's: a drain may take hours. HeldError tells who holds it."""
    state = platform.layout.state
    return alone(state.with_name(f"{state.name}.hosts.lock"), f"the hosts of {platform.environment.name}")
