"""What the inventory of an environment says, with its groups and defaults worked out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from aerodrome.cli import options, show

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Inventory


def register(app: typer.Typer) -> None:
    """Add this command to *app*."""
    app.command()(inventory)


def inventory(env: options.Environment = "local", as_json: options.AsJson = False) -> None:
    """List the hosts outside that run workers, their queues and slots; every mistake where there is one."""
    from aerodrome.environment import load_environment
    from aerodrome.hosts.inventory import load_inventory

    root = options.repository_root()
    found = load_inventory(root, load_environment(root, env))
    if as_json:
        show.document({"environment": env, "hosts": [asdict(host) for host in found.hosts]})
    else:
        _print(found)


def _print(found: Inventory) -> None:
    if not found.hosts:
        show.line(f"{found.file}: no hosts")
    width = max((len(host.name) for host in found.hosts), default=0) + 2
    for host in found.hosts:
        queues = ", ".join(f"{queue} ({host.slots[queue]})" for queue in host.queues)
        show.line(f"{host.name:<{width}}{host.address:<18}zone {host.zone:<12}queues {queues}")
    for queue in found.unserved:
        show.line(f"note: no host serves the queue '{queue}': its tasks wait")
