"""Looks at a hundred stand-ins for hosts, as `make workers --check` does, and prints what it found as JSON."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

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


def stand_in(folder: Path, number: int) -> WantedHost:
    """Return host *number*: this machine without SSH, with a stamp of its own."""
    connection: dict[str, Any] = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": "/usr/bin/python3",
        "aerodrome_state_path": str(folder / f"host{number}.json"),
    }
    name = f"host{number}"
    return WantedHost(
        name, f"hosts.yml:{number}:5", "onprem", ("onprem",), connection, {}, (), {"node_base": "1"}
    )


def main(folder: Path, ansible: Path, number: int, stamp: bool) -> None:
    """Stamp *number* stand-ins, or look at them."""
    hosts = [stand_in(folder, each) for each in range(number)]
    target = HostsTarget(
        hosts, Settings("bench", ansible, room={}), lambda *_: {}, lambda _: {}, check=not stamp
    )
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
    place = Path(sys.argv[1])
    main(place, content(place, Path(sys.argv[2])), int(sys.argv[3]), sys.argv[4] == "stamp")
