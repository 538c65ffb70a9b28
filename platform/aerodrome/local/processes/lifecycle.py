"""Stopping and removing a deployment."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil

from aerodrome.local.machine import accounts, left_jobs, leftovers, state
from aerodrome.local.machine.state import Layout
from aerodrome.local.processes import supervision
from aerodrome.progress import Progress

PATIENCE = 3
# A launcher ends its jobs: five seconds of grace for each, and five for what does not heed it.
LAUNCHER = "aerodrome_airflow.launcher.server"
LAUNCHER_PATIENCE = 12


def down(layout: Layout, progress: Progress) -> None:
    """Stop every process and keep all data."""
    if not state.exists(layout):
        progress("nothing is deployed here")
        return
    progress("stopping all processes")
    supervision.shut_down(layout)


def places(layout: Layout) -> tuple[Path, ...]:
    """Return the folders that :func:`destroy` deletes."""
    outside = () if layout.run.is_relative_to(layout.state) else (layout.run,)
    return tuple(path for path in (layout.state, *outside) if path.exists())


def destroy(layout: Layout, progress: Progress) -> None:
    """Stop every process and remove all data, secrets and the operating system users of this deployment.

    Safe to interrupt and repeat: what the rest is known by, the state folder and its mark, goes last.
    """
    if not layout.state.exists():
        progress("nothing is deployed here")
        return
    state.require_own(layout)
    _end_processes(layout, progress)
    # Until here somebody may change their mind.
    state.begin_destroy(layout)
    left_jobs.clear(layout)
    _remove_users(layout, progress)
    progress(f"removing {layout.state}")
    shutil.rmtree(layout.run, ignore_errors=True)
    link = layout.repository / ".aerodrome" / "local"
    if link.is_symlink() and link.resolve() == layout.state:
        link.unlink()
    state.remove(layout)


def _end_processes(layout: Layout, progress: Progress) -> None:
    # Nothing is kept, so nothing but the tenants' jobs needs the time to end well.
    progress("ending all processes")
    if supervision.client(layout).answers() and not leftovers.supervisor_alive(layout):
        supervision.shut_down(layout)
    leftovers.end(layout, PATIENCE, slow=_is_launcher, longer=LAUNCHER_PATIENCE - PATIENCE)


def _is_launcher(process: psutil.Process) -> bool:
    try:
        return LAUNCHER in process.cmdline()
    except psutil.Error:
        return False


def _remove_users(layout: Layout, progress: Progress) -> None:
    if layout.root:
        for user in accounts.release(accounts.used_by(layout.name), layout.name):
            progress(f"removed the operating system user {user}")
