"""DAGs whose tasks wait for workers on hosts: a deploy begins none of them before there is one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release.first_runs import FINAL
from aerodrome.progress import Progress


def without_waiting(
    platform: Platform, airflow: Airflow, published: Collection[str], say: Progress
) -> list[str]:
    """Return the *published* DAGs but for those that never ran and have a task on a queue that no live host serves."""
    queues = unserved(platform)
    waiting = _waiting(airflow, published, queues) if queues else {}
    for dag_id, missing in sorted(waiting.items()):
        say(
            f"{dag_id}: no host serves {', '.join(missing)} now: it is begun once one does, and not waited for"
        )
    return sorted(set(published) - waiting.keys())


def unserved(platform: Platform) -> frozenset[str]:
    """Return the queues whose workers run on hosts and of which none is connected to the broker."""
    outside = set(platform.environment.queues) - set(platform.queues_here)
    return frozenset(outside - broker_access(platform).served_by_hosts()) if outside else frozenset()


def told(platform: Platform) -> tuple[str, ...]:
    """Return a line for people about queues that no host serves now; nothing where the broker does not run."""
    queues = sorted(unserved(platform)) if broker_access(platform).answers() else ()
    if not queues:
        return ()
    return (
        f"No host serves {', '.join(queues)} now: tasks there wait. make workers ENV={platform.environment.name}",
    )


def _waiting(
    airflow: Airflow, published: Collection[str], queues: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    new = set(published) - airflow.newest_runs(published, FINAL).keys()
    needed = {dag_id: tuple(sorted(airflow.queues(dag_id) & set(queues))) for dag_id in new}
    return {dag_id: missing for dag_id, missing in needed.items() if missing}
