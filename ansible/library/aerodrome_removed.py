"""Ansible module: take the platform off a host, its users and data included."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: aerodrome_removed
short_description: Take the platform off a host
description:
  - Kills its units, and deletes its unit files, folders and the users that the host's stamp names.
  - Packages of the distribution, the clock's settings and the firewall's rules stay.
author: Aerodrome
options:
  path: {description: Where the stamp is., type: path, default: /etc/aerodrome/state.json}
"""
RETURN = r"""
removed: {description: What was deleted., type: list, returned: always}
"""
UNIT_FILES = Path("/etc/systemd/system")
PREFIX = "aerodrome-"
# The stamp goes last: what an interruption has left is found again by the next try.
FOLDERS = ("/opt/aerodrome", "/var/lib/aerodrome", "/var/log/aerodrome", "/run/aerodrome", "/etc/aerodrome")


def main() -> None:
    """Remove everything."""
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "default": "/etc/aerodrome/state.json"}},
        supports_check_mode=True,
    )
    recorded = _recorded(Path(module.params["path"]))
    users = _users(recorded)
    units, files = _units(), _files(recorded)
    folders = [path for name in FOLDERS if (path := Path(name)).exists()]
    found = [*units, *map(str, files), *users, *map(str, folders)]
    if not module.check_mode:
        _remove(module, units, files, users, folders)
    module.exit_json(changed=bool(found), removed=found)


def _remove(module: Any, units: list[str], files: list[Path], users: list[str], folders: list[Path]) -> None:
    if units:
        _run("systemctl", "disable", *units)
        # A worker's stop waits for its tasks: these are ended now.
        _run("systemctl", "kill", "--kill-whom=all", "--signal=SIGKILL", *units)
        _run("systemctl", "stop", *units)
    for file in files:
        shutil.rmtree(file) if file.is_dir() and not file.is_symlink() else file.unlink()
    _run("systemctl", "daemon-reload")
    # A unit that was killed is remembered as failed, without a file.
    _run("systemctl", "reset-failed", f"{PREFIX}*")
    failed = [text for user in users if (text := _run("userdel", user))]
    if failed:
        module.fail_json(msg="; ".join(failed))
    for folder in folders:
        shutil.rmtree(folder)


def _recorded(stamp: Path) -> dict[str, Any]:
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))["managed"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _users(recorded: dict[str, Any]) -> list[str]:
    """Return the platform's users that are still here; nobody else's name begins as theirs do."""
    known = {line.partition(":")[0] for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines()}
    return sorted(
        name for name in recorded.get("users", {}) if name in known and name.startswith((PREFIX, "_"))
    )


def _files(recorded: dict[str, Any]) -> list[Path]:
    """Return the platform's files outside of its folders: units, and what bears its name elsewhere below /etc."""
    named = [Path(path) for path in recorded.get("files", {}) if "aerodrome" in Path(path).name]
    return sorted({*UNIT_FILES.glob(f"{PREFIX}*"), *(path for path in named if path.is_file())})


def _units() -> list[str]:
    command = ["systemctl", "list-units", "--all", "--plain", "--no-legend", f"{PREFIX}*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return sorted(line.split()[0] for line in done.stdout.splitlines() if line.split())


def _run(*command: str) -> str:
    """Return what went wrong, or nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{' '.join(command)}: {done.stderr.strip()}"


if __name__ == "__main__":
    main()
