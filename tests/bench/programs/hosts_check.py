"""Looks at a hundred stand-ins for hosts, as `make workers --check` does, and prints what it found as JSON."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from aerodrome.environment import load_environment
from aerodrome.hosts.inventory import load_inventory
from aerodrome.manifest.load import load_repository
from aerodrome.targets import host_materials
from aerodrome.targets.host_state import WantedHost
from aerodrome.targets.hosts import HostsTarget, Settings

# In the place of the roles, which have tests of their own: here only the stamp is of interest.
STAMP = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Stamp the host
      aerodrome_state:
        action: write
        environment: "{{ aerodrome_environment }}"
        host: "{{ aerodrome_host }}"
        zone: "{{ aerodrome_zone }}"
        digest: "{{ aerodrome_state_digest }}"
        parts: "{{ aerodrome_parts }}"
        managed: [{files: [/etc/passwd, /etc/hostname], folders: [/etc, /var]}]
        path: "{{ aerodrome_state_path }}"
"""


def stand_ins(root: Path, folder: Path) -> list[WantedHost]:
    """Return the fleet of *root* as the platform wants it, each host this machine without SSH, with its own stamp."""
    environment = load_environment(root, "fleet")
    inventory = load_inventory(root, environment)
    tenants = {tenant.name: tenant.model for tenant in load_repository(root, environment).tenants}
    source = host_materials.Source(root, environment, tenants)
    wanted = host_materials.wanted(source, inventory, inventory.hosts, "PEM")
    return [replace(host, connection=_here(folder / f"{host.name}.json")) for host in wanted]


def _here(stamp: Path) -> dict[str, Any]:
    return {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": "/usr/bin/python3",
        "aerodrome_state_path": str(stamp),
    }


def main(folder: Path, root: Path, stamp: bool) -> None:
    """Stamp the stand-ins for the fleet of *root*, or look at them."""
    settings = Settings("fleet", content(folder, root / "ansible"), room={})
    target = HostsTarget(stand_ins(root, folder), settings, lambda *_: {}, lambda _: {}, check=not stamp)
    changes = target.changes()
    if stamp:
        target.apply(changes, lambda _: None)
    print(json.dumps({"changes": len(changes), "found": len(target.found), "failed": len(target.failures)}))


def content(folder: Path, ansible: Path) -> Path:
    """Return a copy of *ansible* below *folder* in which setting a host up is only stamping it."""
    copied = folder / "ansible"
    shutil.copytree(ansible, copied, ignore=shutil.ignore_patterns("roles"), dirs_exist_ok=True)
    (copied / "playbooks/workers.yml").write_text(STAMP, encoding="utf-8")
    return copied


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "stamp")
