"""How a host's managed files, units and users look, and what differs from how they looked."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

Look = dict[str, str]
"""What is compared of one thing: mode, owner, content, state …, each as text; empty where it is not there."""

KINDS = ("files", "present", "folders", "trees", "links", "units", "users")
_RUNNING = {"activating": "active", "reloading": "active"}


def recorded(stamp: Path) -> dict[str, dict[str, Look]]:
    """Return what the host's *stamp* says of how everything managed looked; empty where it cannot be read."""
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))["managed"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def look(managed: Iterable[dict[str, list[str]]]) -> dict[str, dict[str, Look]]:
    """Return kind → name → how it looks, for everything that *managed* names; a tree becomes its files."""
    wanted = _merged(managed)
    found: dict[str, dict[str, Look]] = {
        "files": {path: _file(path) for path in [*wanted["files"], *_below(wanted["trees"])]},
        "present": {path: _owned(path) for path in wanted["present"]},
        "folders": {path: _owned(path) for path in [*wanted["folders"], *wanted["trees"]]},
        "links": {path: _link(path) for path in wanted["links"]},
        "units": _units(wanted["units"]),
        "users": {name: _user(name) for name in wanted["users"]},
    }
    return {kind: dict(sorted(entries.items())) for kind, entries in found.items() if entries}


def again(recorded: dict[str, dict[str, Look]]) -> dict[str, dict[str, Look]]:
    """Return how everything that was recorded looks now."""
    return look([{kind: list(entries) for kind, entries in recorded.items() if kind in KINDS}])


def differences(recorded: dict[str, dict[str, Look]], now: dict[str, dict[str, Look]]) -> Iterator[str]:
    """Yield one line for each thing that looks otherwise than it was recorded."""
    for kind, entries in sorted(recorded.items()):
        for name, before in sorted(entries.items()):
            after = now.get(kind, {}).get(name, {})
            if before != after:
                yield f"{name} {_told(before, after)}"


def _told(before: Look, after: Look) -> str:
    if not after:
        return "is gone"
    if not before:
        return "was not there before"
    changed = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    return "; ".join(
        "has another content"
        if key == "sha256"
        else f"{key} is {after.get(key, 'nothing')}, was {before.get(key, 'nothing')}"
        for key in changed
    )


def _merged(managed: Iterable[dict[str, list[str]]]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for part in managed:
        for kind, names in part.items():
            if kind not in wanted:
                raise ValueError(f"managed: unknown kind '{kind}'; allowed: {', '.join(KINDS)}")
            wanted[kind] += names
    return wanted


def _below(trees: Iterable[str]) -> Iterator[str]:
    for tree in trees:
        for folder, _, names in os.walk(tree):
            yield from (str(Path(folder, name)) for name in names)


def _owned(path: str) -> Look:
    try:
        found = os.lstat(path)
    except OSError:
        return {}
    return {
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "owner": _named(pwd.getpwuid, found.st_uid),
        "group": _named(grp.getgrgid, found.st_gid),
        "type": stat.filemode(found.st_mode)[0],
    }


def _named(database: object, number: int) -> str:
    try:
        return str(database(number)[0])  # type: ignore[operator]
    except KeyError:
        return str(number)


def _file(path: str) -> Look:
    look = _owned(path)
    if look.get("type") != "-":
        return look
    return {**look, "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()}


def _link(path: str) -> Look:
    try:
        return {"target": str(Path(path).readlink())}
    except OSError:
        return {}


def _units(names: list[str]) -> dict[str, Look]:
    if not names:
        return {}
    properties = "--property=Id,LoadState,UnitFileState,ActiveState"
    done = subprocess.run(
        ["systemctl", "show", properties, *names], capture_output=True, text=True, check=False
    )
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in done.stdout.split("\n\n")]
    # Hosts may have a Python whose zip cannot be strict.
    return {name: _unit(block) for name, block in zip(names, blocks)}  # noqa: B905


def _unit(block: dict[str, str]) -> Look:
    if block.get("LoadState") != "loaded":
        return {}
    active = block.get("ActiveState", "")
    return {"enabled": block.get("UnitFileState", ""), "active": _RUNNING.get(active, active)}


def _user(name: str) -> Look:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return {}
    groups = sorted(group.gr_name for group in grp.getgrall() if name in group.gr_mem)
    return {
        "uid": str(entry.pw_uid),
        "gid": str(entry.pw_gid),
        "shell": entry.pw_shell,
        "groups": ",".join(groups),
    }
