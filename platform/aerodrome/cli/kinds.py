"""Which half of the program an environment belongs to: this machine, or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aerodrome.plan import LastDeploy, Planned
    from aerodrome.progress import Progress


def in_cluster(root: Path, env: str) -> bool:
    """Return whether the environment is of kind kubernetes."""
    from aerodrome.environment import load_environment

    return load_environment(root, env).kind == "kubernetes"


def planned(root: Path, env: str, say: Progress) -> Planned:
    """Return what a deploy of the environment would change now; changes nothing."""
    if in_cluster(root, env):
        from aerodrome.kubernetes.deploy import plan_cluster

        return plan_cluster(root, env, say)
    from aerodrome.local.release.deploy import plan_local

    return plan_local(root, env, say)


def last_deploy(root: Path, env: str) -> LastDeploy | None:
    """Return the newest deploy that is on record, None where there is none."""
    if in_cluster(root, env):
        from aerodrome.kubernetes.last_deploy import last_deploy_of_cluster

        return last_deploy_of_cluster(root, env)
    from aerodrome.local.release.last_deploy import last_publish

    return last_publish(root, env)
