"""Ansible module: compare a host with the stamp of its last setup, or write the stamp."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.aerodrome_managed import again, differences, look
from ansible.module_utils.aerodrome_stamp import UNFINISHED, UnfitError, read, require_ours
from ansible.module_utils.aerodrome_tasks import DRAINED, UNIT, busy, tasks, worker_units

DOCUMENTATION = r"""
module: aerodrome_state
short_description: Compare a host with the stamp of its last setup, or write the stamp
description:
  - With I(action=compare) nothing is changed; a host that cannot be worked on fails - clock, disk, of another platform.
  - With I(action=write) the stamp records the digests that were applied and how everything managed looks now.
author: Aerodrome
options:
  action: {description: What to do., type: str, choices: [compare, write], default: compare}
  environment: {description: The environment that the host is of., type: str, required: true}
  host: {description: The host's name in the inventory., type: str, default: ""}
  zone: {description: The trust zone of its workers., type: str, default: ""}
  digest: {description: Digest of the desired state., type: str, required: true}
  parts: {description: Digest of each part of it., type: dict, default: {}}
  unfinished:
    description: Parts that could not be brought about; marked where the stamp had them before, else left out.
    type: list
    elements: str
    default: []
  managed: {description: What is recorded and compared later., type: list, elements: dict, default: []}
  now: {description: Time of the controller in seconds since 1970; 0 compares no clock., type: float, default: 0}
  room: {description: Folder and the MiB that must be free there before anything is installed., type: dict, default: {}}
  path: {description: Where the stamp is., type: path, default: /etc/aerodrome/state.json}
"""
RETURN = r"""
same: {description: The host is as its stamp and the digest say., type: bool, returned: compare}
"""
ARGUMENTS: dict[str, Any] = {
    "action": {"choices": ["compare", "write"], "default": "compare"},
    "environment": {"required": True},
    "host": {"default": ""},
    "zone": {"default": ""},
    "digest": {"required": True},
    "parts": {"type": "dict", "default": {}},
    "unfinished": {"type": "list", "elements": "str", "default": []},
    "managed": {"type": "list", "elements": "dict", "default": []},
    "now": {"type": "float", "default": 0.0},
    "room": {"type": "dict", "default": {}},
    "path": {"type": "path", "default": "/etc/aerodrome/state.json"},
}
WHOSE = ("environment", "host", "zone")
NOT_DONE = "unfinished"
LOGIN = Path("/etc/aerodrome/secrets/secret_id")
# Looking takes its time on the way here, so a host may seem to be ahead; none can seem to be behind.
_BEHIND, _AHEAD = 10, 30


def main() -> None:
    """Do what the task asks for."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        done = write(module) if module.params["action"] == "write" else compare(module.params)
    except UnfitError as problem:
        module.fail_json(msg=str(problem), remedy=problem.remedy)
    except (OSError, ValueError) as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**done)


def compare(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return how the host stands to its stamp; raises where it cannot be worked on."""
    require_clock(wanted["now"])
    stamp = read(Path(wanted["path"]))
    require_ours(stamp, wanted["environment"], wanted["host"])
    require_zone(stamp, wanted)
    drift = list(drifted(stamp.get("managed", {})))
    same = stamp.get("digest") == wanted["digest"] and not drift
    if not same:
        require_room(wanted["room"])
    units = worker_units()
    return {
        "changed": False,
        "same": same,
        "stamp": {key: stamp[key] for key in ("environment", "digest", "parts", "applied") if key in stamp},
        "drift": drift,
        "drained": DRAINED.exists(),
        "login": LOGIN.is_file() and LOGIN.stat().st_size > 0,
        "busy": busy(units),
        "units": units,
        "tasks": tasks(),
    }


def drifted(recorded: dict[str, dict[str, dict[str, str]]]) -> Iterator[str]:
    """Yield one line for each thing that is not as it was recorded; a drained host's workers are to rest."""
    now = again(recorded)
    for name, found in now.get("units", {}).items():
        if name.startswith(UNIT) and "active" in found and DRAINED.exists():
            found["active"] = recorded["units"][name].get("active", "")
    return differences(recorded, now)


def write(module: AnsibleModule) -> dict[str, Any]:
    """Write the stamp, and return whether it says anything new."""
    wanted = module.params
    path, before = Path(wanted["path"]), read(Path(wanted["path"]))
    stamp = {
        **{key: wanted[key] for key in WHOSE},
        "digest": NOT_DONE if wanted["unfinished"] else wanted["digest"],
        "parts": finished(wanted["parts"], before.get("parts") or {}, wanted["unfinished"]),
        "managed": look(wanted["managed"]),
    }
    changed = {key: value for key, value in before.items() if key != "applied"} != stamp
    if changed and not module.check_mode:
        applied = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        put(path, json.dumps({**stamp, "applied": applied}, sort_keys=True, indent=1))
    if not module.check_mode:
        UNFINISHED.unlink(missing_ok=True)
    return {"changed": changed}


def finished(parts: dict[str, str], before: dict[str, str], unfinished: list[str]) -> dict[str, str]:
    """Return *parts* without the *unfinished* ones, which are marked where the host had them *before*."""
    done = {name: digest for name, digest in parts.items() if name not in unfinished}
    return {**done, **{name: NOT_DONE for name in unfinished if name in before}}


def put(path: Path, text: str) -> None:
    """Put *text* at *path*, for root alone: the old stamp or the new one, never half of one."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".state.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(path)


def require_clock(controller: float) -> None:
    """Raise UnfitError where this host's clock is not the controller's."""
    ahead = time.time() - controller
    if controller and not -_BEHIND <= ahead <= _AHEAD:
        side = "ahead of" if ahead > 0 else "behind"
        raise UnfitError(
            f"its clock is {abs(ahead):.0f} s {side} this machine's",
            "set it (timedatectl; hosts.clock.servers names time servers), or set this machine's",
        )


def require_zone(stamp: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Raise UnfitError where this machine was set up for other people's tasks."""
    before = stamp.get("zone", wanted["zone"])
    if before != wanted["zone"]:
        raise UnfitError(
            f"it was set up for the zone '{before}', whose users, files and logins are still there",
            f"make remove ENV={wanted['environment']} LIMIT={wanted['host']}, then make workers",
        )


def require_room(room: dict[str, Any]) -> None:
    """Raise UnfitError where a disk has not the free space that an installation needs."""
    for folder, least in sorted(room.items()):
        there = next(path for path in (Path(folder), *Path(folder).parents) if path.exists())
        free = shutil.disk_usage(there).free // 2**20
        if free < int(least):
            raise UnfitError(
                f"its disk is full: {free} MiB are free at {folder}, {least} MiB are needed",
                "make room there (df -h; du -xsh /var/log), then run the same command again",
            )


if __name__ == "__main__":
    main()
