"""Stopping and removing a deployment."""

from __future__ import annotations

import shutil

from aerodrome.local import accounts, leftovers, state, supervision
from aerodrome.local.state import Layout
from aerodrome.plan import Progress


def down(layout: Layout, progress: Progress) -> None:
    """Stop every process and keep all data."""
    if not state.exists(layout):
        progress("nothing is deployed here")
        return
    progress("stopping all processes")
    supervision.shut_down(layout)


def destroy(layout: Layout, progress: Progress) -> None:
    """Stop every process and remove all data, secrets and the operating system users of this deployment."""
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
        for user in accounts.release(accounts.used_by(layout.name), layout.name):
            progress(f"removed the operating system user {user}")
