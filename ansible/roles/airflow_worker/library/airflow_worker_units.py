#!/usr/bin/python
"""Ansible module: the units of a worker's host run as they are written, and only what changed starts anew."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: airflow_worker_units
short_description: Runs workers, launchers and the secrets agent of a host, and restarts what must be restarted
description:
  - A service is as it should be where its running process carries the fingerprint that its unit names now; so a restart
    that an interrupted run missed is made by the next one.
  - A worker is stopped by its drain, which waits for running tasks. Launchers restart while no worker runs.
options:
  workers: {description: Units of workers., type: list, elements: str, required: true}
  launchers: {description: Tenants that have a launcher here., type: list, elements: str, required: true}
  agent: {description: Whether its login has just been replaced from outside., type: bool, default: false}
"""
EXAMPLES = r"""
- name: Run the units
  airflow_worker_units:
    workers: [aerodrome-worker@onprem.service]
    launchers: [alpha]
"""
RETURN = r"""
done: {description: What was done, type: list, returned: always}
"""

AGENT, TIMER, DRAINED = "aerodrome-secrets.service", "aerodrome-login.timer", Path("/etc/aerodrome/drained")
FINGERPRINT = "AERODROME_FINGERPRINT"
START_SECONDS = 60
STEADY_SECONDS = 2.0
MOST_RESTARTS = 2


class FailedError(Exception):
    """A unit does not do what it should."""


class Units:
    """What is done, one line for each step; nothing is while only *looking*."""

    def __init__(self, looking: bool) -> None:
        self.looking = looking
        self.done: list[str] = []

    def act(self, action: str, *names: str) -> None:
        """Have systemd do *action* with units, all in one call."""
        if not names:
            return
        self.done.append(f"{action} {' '.join(names)}")
        if self.looking:
            return
        call = subprocess.run(
            ["systemctl", *action.split(), *names], capture_output=True, text=True, check=False
        )
        if call.returncode:
            told = call.stderr.strip().splitlines() or ["systemd says nothing"]
            raise FailedError(f"systemctl {action} {' '.join(names)}: {told[0]}")


def _show(name: str, *properties: str) -> dict[str, str]:
    command = ["systemctl", "show", f"--property={','.join(properties)}", name]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)


def _instances(pattern: str) -> set[str]:
    command = ["systemctl", "list-units", "--all", "--plain", "--no-legend", pattern]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    files = ["systemctl", "list-unit-files", "--plain", "--no-legend", pattern]
    enabled = subprocess.run(files, capture_output=True, text=True, check=False).stdout
    found = {line.split()[0] for line in (listed + enabled).splitlines() if line.strip()}
    return {name for name in found if not re.search(r"@\.(service|socket)$", name)}


def _is_stale(name: str) -> bool:
    """Return whether *name* runs, but not as its unit says now."""
    found = _show(name, "ActiveState", "MainPID", "Environment")
    if found.get("ActiveState") not in ("active", "reloading") or found.get("MainPID", "0") == "0":
        return False
    wanted = re.search(rf"{FINGERPRINT}=(\S+)", found.get("Environment", ""))
    try:
        running = Path("/proc", found["MainPID"], "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return wanted is not None and os.fsencode(f"{FINGERPRINT}={wanted[1]}") not in running


def _is_active(name: str) -> bool:
    return _show(name, "ActiveState").get("ActiveState") in ("active", "activating", "reloading")


def _is_enabled(name: str) -> bool:
    return _show(name, "UnitFileState").get("UnitFileState") == "enabled"


def _require_steady(names: list[str]) -> None:
    """Return when every service has run for a moment as one process; FailedError tells what another one says."""
    deadline = time.monotonic() + START_SECONDS
    before: dict[str, str] = {}
    while before != (now := {name: _running(name) for name in names}) or "" in now.values():
        if failed := [name for name in names if not now[name] and _restarts(name) > MOST_RESTARTS]:
            raise FailedError(f"{failed[0]} does not start: {_last_line(failed[0])}")
        if time.monotonic() > deadline:
            name = next((name for name in names if not now[name] or before.get(name) != now[name]), names[0])
            raise FailedError(f"{name} does not start: {_last_line(name)}")
        before = now
        time.sleep(STEADY_SECONDS)


def _running(name: str) -> str:
    """Return the number of the service's process, or an empty text where none runs."""
    found = _show(name, "ActiveState", "SubState", "MainPID")
    runs = found.get("ActiveState") == "active" and found.get("SubState") == "running"
    return found["MainPID"] if runs else ""


def _restarts(name: str) -> int:
    return int(_show(name, "NRestarts").get("NRestarts") or 0)


def _last_line(name: str) -> str:
    command = ["journalctl", "--unit", name, "--lines", "20", "--output", "cat", "--quiet"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().splitlines()
    of_systemd = re.compile(rf"{re.escape(name)}: |Started |Stopped |Starting |Failed to start")
    own = [line for line in told if not of_systemd.match(line)]
    return (own or told or ["its journal says nothing"])[-1][:300]


def _end_superfluous(units: Units, workers: list[str], launchers: list[str]) -> None:
    wanted = {f"aerodrome-launcher@{tenant}.{kind}" for tenant in launchers for kind in ("service", "socket")}
    patterns = ("aerodrome-worker@*.service", "aerodrome-launcher@*.socket", "aerodrome-launcher@*.service")
    for pattern in patterns:
        gone = sorted(_instances(pattern) - wanted - set(workers))
        units.act("stop", *(name for name in gone if _is_active(name)))
        units.act("disable", *(name for name in gone if _is_enabled(name)))


def _run(units: Units, workers: list[str], launchers: list[str], new_login: bool) -> None:
    services = [f"aerodrome-launcher@{tenant}.service" for tenant in launchers]
    sockets = [f"aerodrome-launcher@{tenant}.socket" for tenant in launchers]
    units.act("enable", *(name for name in (*sockets, AGENT, TIMER, *workers) if not _is_enabled(name)))
    stale = [name for name in services if _is_stale(name)]
    # A launcher's jobs end with it: no worker may have one.
    units.act("stop", *(name for name in workers if _is_active(name) and (stale or _is_stale(name))))
    units.act("stop", *stale)
    if _is_active(AGENT) and (new_login or _is_stale(AGENT)):
        units.act("restart", AGENT)
    idle = [name for name in (*sockets, AGENT, TIMER) if not _is_active(name)]
    units.act("start", *idle)
    started = [name for name in workers if not DRAINED.exists() and not _is_active(name)]
    stopped = any(line.startswith("stop ") for line in units.done)
    units.act("start", *(workers if units.looking and stopped else started))
    if units.done and not units.looking:
        _require_steady([AGENT, *([] if DRAINED.exists() else workers)])


def main() -> None:
    """Do what the parameters say."""
    names = {"type": "list", "elements": "str", "required": True}
    specification = {"workers": names, "launchers": names, "agent": {"type": "bool", "default": False}}
    module = AnsibleModule(argument_spec=specification, supports_check_mode=True)
    units = Units(module.check_mode)
    try:
        # Units on the disk may have changed in a run that was interrupted before systemd read them.
        if not module.check_mode:
            subprocess.run(["systemctl", "daemon-reload"], check=True, capture_output=True)
        _end_superfluous(units, module.params["workers"], module.params["launchers"])
        _run(units, module.params["workers"], module.params["launchers"], module.params["agent"])
    except (FailedError, subprocess.CalledProcessError) as problem:
        remedy = "see `journalctl -u` of that unit on the host, mend it, then run the same command again"
        module.fail_json(msg=str(problem), remedy=remedy, done=units.done)
    module.exit_json(changed=bool(units.done), done=units.done)


if __name__ == "__main__":
    main()
