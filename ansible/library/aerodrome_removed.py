"""Ansible module: take the platform off a host, its users and data included."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.aerodrome_managed import recorded
from ansible.module_utils.aerodrome_stamp import PLACE, UNFINISHED, UnfitError, read, require_ours

DOCUMENTATION = r"""
module: aerodrome_removed
short_description: Take the platform off a host
description:
  - Kills its units, and deletes its unit files, folders, firewall table and users. They are known by the host's stamp
    and by their names, for a first setup that failed has left no stamp, and tenants may have left the host.
  - A unit of the distribution that it had settings for is stopped, which would serve every network without them.
  - A file system that is mounted in one of the folders is somebody's data - nothing is deleted until it is unmounted.
  - Packages of the distribution stay.
  - A machine whose stamp names another environment or host is left alone.
author: Aerodrome
options:
  environment: {description: The environment that the host is of., type: str, required: true}
  host: {description: The host's name in the inventory., type: str, required: true}
  path: {description: Where the stamp is., type: path, default: /etc/aerodrome/state.json}
"""
RETURN = r"""
removed: {description: What was deleted., type: list, returned: always}
"""
UNIT_FILES = Path("/etc/systemd/system")
PREFIX = "aerodrome-"
# Of a unit of the distribution, and where else below /etc its files bear its name.
DROP_IN = "*.d/aerodrome.conf"
ELSEWHERE = ("nftables.d", "sysctl.d", "tmpfiles.d", "systemd/journald.conf.d", "chrony/sources.d")
HOMES = Path("/var/lib/aerodrome/homes")
# The stamp goes last: what an interruption has left is found again by the next try.
FOLDERS = ("/opt/aerodrome", "/var/lib/aerodrome", "/var/log/aerodrome", "/run/aerodrome", "/etc/aerodrome")
AGAIN = "then run the same command again"
MOUNTS = Path("/proc/self/mountinfo")


def main() -> None:
    """Remove everything."""
    module = AnsibleModule(
        argument_spec={
            "environment": {"required": True},
            "host": {"required": True},
            "path": {"type": "path", "default": PLACE},
        },
        supports_check_mode=True,
    )
    try:
        removed = _removed(module.params, looking=module.check_mode)
    except UnfitError as problem:
        module.fail_json(msg=str(problem), remedy=problem.remedy)
    module.exit_json(changed=bool(removed), removed=removed)


def _removed(wanted: dict[str, Any], *, looking: bool) -> list[str]:
    """Return what was deleted, or would be where it is only *looking*; UnfitError where something is in the way."""
    path = Path(wanted["path"])
    require_ours(read(path), wanted["environment"], wanted["host"])
    stamp = recorded(path)
    users = _users(stamp)
    units, others, files = _units(), _others(), _files(stamp)
    folders = [path for name in FOLDERS if (path := Path(name)).exists()]
    if looking:
        require_own(folders)
    else:
        _remove(units, others, files, users, folders)
    return [*units, *others, *map(str, files), *users, *map(str, folders)]


def _remove(
    units: list[str], others: list[str], files: list[Path], users: list[str], folders: list[Path]
) -> None:
    _end(units)
    require_own(folders)
    for unit in others:
        _run("systemctl", "disable", "--now", unit)
    for file in files:
        shutil.rmtree(file) if file.is_dir() and not file.is_symlink() else file.unlink()
    _run("systemctl", "daemon-reload")
    # A unit that was killed is remembered as failed, without a file.
    _run("systemctl", "reset-failed", f"{PREFIX}*")
    # The table is the platform's; whatever else the host filters is not.
    if shutil.which("nft"):
        _run("nft", "delete", "table", "inet", "aerodrome")
    failed = [text for user in users if (text := _run("userdel", user))]
    if failed:
        raise UnfitError("; ".join(failed), AGAIN)
    for folder in folders:
        # What an automounter has mounted meanwhile, too.
        require_own([folder])
        shutil.rmtree(folder)


def _end(units: list[str]) -> None:
    if units:
        _run("systemctl", "disable", *units)
        # A worker's stop waits for its tasks: these are ended now.
        _run("systemctl", "kill", "--kill-whom=all", "--signal=SIGKILL", *units)
        _run("systemctl", "stop", *units)


def require_own(folders: list[Path]) -> None:
    """Raise UnfitError where one of *folders* is a link, or holds or is a file system that was mounted there."""
    for folder in folders:
        if folder.is_symlink():
            raise UnfitError(
                f"{folder} is a link to {folder.readlink()}, which was not deleted",
                f"delete there what is the platform's, then the link (rm {folder}), {AGAIN}",
            )
    # As the kernel tells it, who knows no links on the way there.
    real = [folder.resolve() for folder in folders]
    if found := [(where, what) for where, what in mounts() if any(_is_below(where, one) for one in real)]:
        # The innermost goes first.
        where = shlex.join(path for path, _ in sorted(found, reverse=True))
        told = ", ".join(f"{path} ({what})" for path, what in found)
        raise UnfitError(
            f"file systems are mounted in its folders, so that nothing was deleted: {told}",
            f"its units are ended; umount {where} on the host (and take them out of /etc/fstab), {AGAIN}",
        )


def mounts() -> list[tuple[str, str]]:
    """Return where something is mounted on this host, bound folders too, and of which type and source it is."""
    rows = (line.split(" ") for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines())
    return [(_plain(row[4]), " of ".join(map(_plain, row[row.index("-") + 1 :][:2]))) for row in rows]


def _plain(text: str) -> str:
    """Return *text* as it was before the kernel wrote blanks and backslashes in octal."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), text)


def _is_below(where: str, folder: Path) -> bool:
    return where == str(folder) or where.startswith(f"{folder}/")


def _users(stamp: dict[str, Any]) -> list[str]:
    """Return the platform's users that are still here; nobody else's name begins as theirs do."""
    known = {line.partition(":")[0] for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines()}
    tenants = {f"_{home.name}" for home in HOMES.glob("*")}
    platform = {name for name in known if name.startswith(PREFIX)}
    named = {name for name in stamp.get("users", {}) if name.startswith((PREFIX, "_"))}
    return sorted(known & (tenants | platform | named))


def _files(stamp: dict[str, Any]) -> list[Path]:
    """Return the platform's files outside of its folders: units, and what bears its name elsewhere below /etc."""
    named = [Path(path) for path in stamp.get("files", {}) if "aerodrome" in Path(path).name]
    found = [path for folder in ELSEWHERE for path in Path("/etc", folder).glob("*aerodrome*")]
    single = (path for path in (UNFINISHED, *named, *found, *_drop_ins()) if path.is_file())
    return sorted({*UNIT_FILES.glob(f"{PREFIX}*"), *single})


def _others() -> list[str]:
    """Return the units of the distribution that the platform has settings for."""
    return sorted(path.parent.name.removesuffix(".d") for path in _drop_ins())


def _drop_ins() -> list[Path]:
    return [path for path in UNIT_FILES.glob(DROP_IN) if not path.parent.name.startswith(PREFIX)]


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
