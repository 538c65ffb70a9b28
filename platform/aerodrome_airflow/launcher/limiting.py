"""Whether a job's limits hold for all of its processes together: decided once, when the launcher starts, and told."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from aerodrome_airflow.launcher import cgroups
from aerodrome_airflow.launcher.config import Config

# What is left of each limit without cgroups.
WITHOUT = {
    "memory": "each process by itself, by rlimits",
    "pids": "all jobs of a tenant together, by rlimits",
    "cpu": "the number of processors, by affinity",
}

log = logging.getLogger("launcher")


def groups(config: Config) -> cgroups.Groups:
    """Return the cgroups that the launcher's jobs are put in."""
    if not config.cgroups:
        return cgroups.none("its configuration wants none")
    if os.geteuid() != 0:
        return cgroups.none("the launcher is not root")
    return cgroups.claim(cgroups.launcher_name(config.socket))


def told_in(socket: Path) -> Path:
    """Return the file beside *socket* that says which limits hold in what way, for `status`."""
    return socket.with_name(socket.name + ".limits")


def say(found: cgroups.Groups) -> None:
    """Write into the log how each limit is enforced."""
    for name, version in found.enforced.items():
        log.info("limit of %s: all processes of a job together, by cgroups of version %d", name, version)
    for name, reason in found.missing.items():
        log.warning("limit of %s: only %s: %s", name, WITHOUT[name], reason)


def write(found: cgroups.Groups, socket: Path) -> None:
    """Write the same beside *socket*."""
    said = json.dumps({"enforced": found.enforced, "missing": dict(found.missing)})
    draft = told_in(socket).with_suffix(".draft")
    draft.unlink(missing_ok=True)
    # Root writes it, perhaps into a folder of somebody else's.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
        file.write(said)
    draft.replace(told_in(socket))
