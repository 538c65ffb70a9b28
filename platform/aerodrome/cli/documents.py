"""What `--json` prints: the same facts as for people, under names that stay."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aerodrome.local.release.deploy import Status
    from aerodrome.plan import Planned

Document = dict[str, Any]


def plan(planned: Planned) -> Document:
    """Return the changes in the order they would be made, the mistakes that keep DAGs out, and notes."""
    return {
        "environment": planned.plan.environment,
        "digest": planned.plan.digest,
        "commit": planned.plan.commit,
        "desired": dict(planned.plan.desired),
        "changes": [asdict(change) for change in planned.plan.changes],
        "problems": [asdict(problem) for problem in planned.problems],
        "notes": list(planned.notes),
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
