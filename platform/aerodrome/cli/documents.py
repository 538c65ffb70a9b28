"""What `--json` prints: the same facts as for people, under names that stay."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aerodrome.environment_difference.compare import Compared
    from aerodrome.kubernetes.status.whole import ClusterStatus
    from aerodrome.local.release.deploy import Status
    from aerodrome.plan import Drift, Planned

Document = dict[str, Any]


def plan(planned: Planned) -> Document:
    """Return the changes in the order they would be made, orphans, who stays as deployed, all mistakes, and notes."""
    return {
        "environment": planned.plan.environment,
        "digest": planned.plan.digest,
        "commit": planned.plan.commit,
        "desired": dict(planned.plan.desired),
        "changes": [asdict(change) for change in planned.plan.changes],
        "orphans": [asdict(orphan) for orphan in sorted(planned.plan.orphans)],
        "staying": list(planned.plan.staying),
        "problems": [asdict(problem) for problem in planned.problems],
        "notes": list(planned.notes),
    }


def drift(found: Drift) -> Document:
    """Return the plan's document, what was deployed last, and whether what differs is by hand (null: nobody knows)."""
    return {
        **plan(found.planned),
        "deployed": asdict(found.deployed) if found.deployed else None,
        "differs": found.differs,
        "by_hand": found.by_hand,
        "verdict": found.verdict,
    }


def status(environment: str, found: Status) -> Document:
    """Return processes (memory in bytes, uptime in seconds), DAGs with their newest run, addresses and notes."""
    return {
        "environment": environment,
        "healthy": found.healthy,
        "processes": [asdict(process) for process in found.processes],
        "dags": [asdict(dag) for dag in found.dags],
        "addresses": dict(found.addresses),
        "notes": list(found.warnings),
    }


def cluster_status(found: ClusterStatus) -> Document:
    """Return all that the screen shows, lists in full; null: of that nobody tells."""
    hosts = found.inventory.hosts if found.inventory else None
    return {
        "environment": found.environment.name,
        "healthy": found.healthy,
        "wrong": list(found.wrong),
        "components": [asdict(one) for one in found.components],
        "airflow": asdict(found.airflow) if found.airflow else None,
        "hosts": None if hosts is None else [asdict(host) for host in hosts],
        "hosts_away": None if found.away is None else list(found.away),
        "deploys": None if found.deploys is None else [asdict(entry) for entry in found.deploys],
        "contacts": dict(found.contacts),
    }


def difference(found: Compared) -> Document:
    """Return each value that is not the same in both environments, null where it is not there, and notes."""
    return asdict(found)
