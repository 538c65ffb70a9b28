"""The newest deploy that a cluster has on record."""

from __future__ import annotations

from pathlib import Path

from aerodrome.environment import load_environment
from aerodrome.kubernetes.connection import connect
from aerodrome.kubernetes.record import Record
from aerodrome.plan import LastDeploy


def last_deploy_of_cluster(root: Path, name: str) -> LastDeploy | None:
    """Return the newest deploy to the cluster of environment *name* that ended well; None where none is on record."""
    environment = load_environment(root, name)
    entries = Record(connect(root, environment).cluster, environment.cluster.namespace).entries()
    if not entries:
        return None
    newest = entries[-1]
    return LastDeploy(newest.commit, newest.when, newest.who, newest.number)
