"""What was published last on this machine: the nearest to a record of deploys that ENV=local has."""

from __future__ import annotations

from pathlib import Path

from aerodrome import bundle
from aerodrome.local.release.preparation import deployed_layout
from aerodrome.plan import LastDeploy


def last_publish(root: Path, name: str) -> LastDeploy | None:
    """Return the newest publish of the environment *name*, None where nothing was published."""
    repository = deployed_layout(root, name).bundle
    found = bundle.history(repository, 1) if repository.is_dir() else ()
    return LastDeploy(found[0].source, found[0].when.isoformat(timespec="seconds")) if found else None
