"""Which half of the program an environment belongs to: this machine, or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aerodrome.plan import LastDeploy, Planned
    from aerodrome.progress import Progress
    from aerodrome.targets.host_commands import Hosts


def in_cluster(root: Path, env: str) -> bool:
    """Return whether the environment is of kind kubernetes."""
    from aerodrome.environment import load_environment

    return load_environment(root, env).kind == "kubernetes"


def planned(root: Path, env: str, say: Progress, *, to_apply: bool = False) -> Planned:
    """Return what a deploy of the environment would change now; changes nothing.

    UserError where the plan is *to_apply* and could not be, because files are in no commit.
    """
    if in_cluster(root, env):
        from aerodrome.kubernetes.deploy import plan_cluster

        return plan_cluster(root, env, say, to_apply=to_apply)
    from aerodrome.local.release.deploy import plan_local

    return plan_local(root, env, say)


def last_deploy(root: Path, env: str) -> LastDeploy | None:
    """Return the newest deploy that is on record, None where there is none."""
    if in_cluster(root, env):
        from aerodrome.kubernetes.last_deploy import last_deploy_of_cluster

        return last_deploy_of_cluster(root, env)
    from aerodrome.local.release.last_deploy import last_publish

    return last_publish(root, env)


def hosts_of(root: Path, env: str, limit: str, sudo_password: str, verbosity: int) -> Hosts:
    """Return the hosts of the environment that *limit* names, as the commands of operations work on them."""
    if in_cluster(root, env):
        from aerodrome.kubernetes import hosts as of_cluster

        return of_cluster.hosts_of(root, env, limit, sudo_password, verbosity)
    from aerodrome.local.release import hosts

    return hosts.hosts_of(root, env, limit, sudo_password, verbosity)


def may_have_let_in(root: Path, env: str) -> bool:
    """Return whether hosts may have credentials of the environment; UserError for none."""
    if in_cluster(root, env):
        # Who was let in is asked of the cluster, whatever is here.
        return True
    from aerodrome.local.release import hosts

    return hosts.may_have_let_in(root, env)


def shut_out(root: Path, env: str, names: str) -> tuple[str, ...]:
    """Revoke the credentials of hosts that the inventory need not name; return what was done, a sentence each."""
    if in_cluster(root, env):
        from aerodrome.kubernetes import hosts as of_cluster

        return of_cluster.shut_out(root, env, names)
    from aerodrome.local.release import hosts

    return hosts.shut_out(root, env, names)
