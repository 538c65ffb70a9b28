#!/usr/bin/python
"""Ansible module: let the workers of a host that could not be changed go on with what they had."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.aerodrome_managed import again, differences, recorded
from ansible.module_utils.aerodrome_tasks import DRAINED, UNIT, worker_units

DOCUMENTATION = r"""
module: aerodrome_serving
short_description: Let the workers of a host go on with what they had before
description:
  - Starts the workers that the host's stamp names, with the version that it names, and tells which of them serve then.
  - Starts none whose settings are not as they were, nor any of a drained host. One that is draining is left to it.
author: Aerodrome
options:
  path: {description: Where the stamp is., type: path, default: /etc/aerodrome/state.json}
  link: {description: Leads to the version that workers run., type: path, default: /opt/aerodrome/current}
"""
RETURN = r"""
serving: {description: Workers that run., type: list, returned: always}
draining: {description: Workers that end with their tasks., type: list, returned: always}
resting: {description: Worker and why it does not run., type: dict, returned: always}
"""
STEADY_SECONDS = 3.0
# What a worker stands on, its tenants' launchers aside: these are read anew by each task.
ITS_OWN = (f"/{UNIT}", "/etc/aerodrome/worker/", "/etc/aerodrome/agent.json", "/aerodrome-secrets.service")


def main() -> None:
    """Start what can be started, and tell how it is."""
    options = {"type": "path"}
    module = AnsibleModule(
        argument_spec={
            "path": {**options, "default": "/etc/aerodrome/state.json"},
            "link": {**options, "default": "/opt/aerodrome/current"},
        }
    )
    stamp, link = recorded(Path(module.params["path"])), Path(module.params["link"])
    before = worker_units()
    names = sorted(name for name in stamp.get("units", {}) if name.startswith(UNIT))
    draining = [name for name in names if before.get(name) == "deactivating"]
    idle = [name for name in names if before.get(name) not in ("active", "activating", "deactivating")]
    why = _obstacle(stamp, link) if idle else ""
    if idle and not why:
        _put_back(link, _stood(stamp, link))
        _systemctl("start", "--no-block", *idle)
    rest = [name for name in names if name not in draining]
    serving = _steady(rest) if rest else []
    resting = {name: why or f"see journalctl -u {name}" for name in rest if name not in serving}
    module.exit_json(changed=bool(idle and not why), serving=serving, draining=draining, resting=resting)


def _obstacle(stamp: dict[str, Any], link: Path) -> str:
    """Return why workers at rest cannot go on with what they had, or nothing."""
    if DRAINED.exists():
        return "the host is drained"
    files = {
        name: look for name, look in stamp.get("files", {}).items() if any(own in name for own in ITS_OWN)
    }
    if changed := list(differences({"files": files}, again({"files": files}))):
        return f"its settings are half new: {changed[0]}"
    if not (link.parent / _stood(stamp, link)).exists():
        return f"the version that it ran is gone: {_stood(stamp, link)}"
    return ""


def _stood(stamp: dict[str, Any], link: Path) -> str:
    """Return where *link* led when the host was set up; to itself where nobody noted it."""
    return str(stamp.get("links", {}).get(str(link), {}).get("target", link.name))


def _put_back(link: Path, target: str) -> None:
    if target != link.name and not (link.is_symlink() and str(link.readlink()) == target):
        new = link.with_name(f".{link.name}")
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        new.replace(link)


def _steady(names: list[str]) -> list[str]:
    """Return those of *names* that have run for a moment as one process."""
    before = {name: _process(name) for name in names}
    time.sleep(STEADY_SECONDS)
    return [name for name in names if before[name] == _process(name) != "0"]


def _process(name: str) -> str:
    return _systemctl("show", "--value", "--property=MainPID", name) or "0"


def _systemctl(*words: str) -> str:
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main()
