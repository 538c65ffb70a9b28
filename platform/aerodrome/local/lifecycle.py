"""Stopping and removing a deployment."""

from __future__ import annotations

import shutil

from aerodrome.local import accounts, leftovers, services, state, supervision
from aerodrome.local.difference import Progress
from aerodrome.local.platform import Platform


def down(platform: Platform, progress: Progress) -> None:
    """Stop every process and keep all data."""
    if not state.exists(platform.layout):
        progress("nothing is deployed here")
        return
    progress("stopping all processes")
    supervision.shut_down(platform.layout)


def destroy(platform: Platform, progress: Progress) -> None:
    """Stop every process and remove all data, secrets and the operating system users of this deployment."""
    layout = platform.layout
    if not layout.state.exists():
        progress("nothing is deployed here")
        return
    # Nothing is kept, so nothing needs the time to end well.
    progress("ending all processes")
    if supervision.client(layout).answers() and not leftovers.supervisor_alive(layout):
        supervision.shut_down(layout)
    leftovers.end(layout, patience=3)
    progress(f"removing {layout.state}")
    shutil.rmtree(layout.run, ignore_errors=True)
    shutil.rmtree(layout.state)
    link = layout.repository / ".aerodrome" / "local"
    if link.is_symlink() and not link.exists():
        link.unlink()
    if layout.root:
        name = services.deployment(platform)
        for user in accounts.release(accounts.used_by(name), name):
            progress(f"removed the operating system user {user}")
