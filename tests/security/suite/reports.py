"""What a task reports about itself, and what that does to others."""

from __future__ import annotations

from typing import Any

from suite.place import ATTACKER, Place
from suite.tasks import Request, run_of, token

END = "2026-01-02T00:00:00Z"


def heartbeat(host: str, task: str) -> Request:
    """Return the heartbeat of *task*, which runs on *host*."""
    return "PUT", f"/task-instances/{task}/heartbeat", {"hostname": host, "pid": 1}


def failed(task: str) -> Request:
    """Return the report that *task* has failed."""
    return "PATCH", f"/task-instances/{task}/state", {"state": "failed", "end_date": END}


def done(outlets: list[dict[str, Any]], events: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the report of a task that has succeeded."""
    return {"state": "success", "end_date": END, "task_outlets": outlets, "outlet_events": events or []}


def deferred(trigger: str, **arguments: Any) -> dict[str, Any]:
    """Return the report of a task that leaves its waiting to *trigger*."""
    return {"state": "deferred", "classpath": trigger, "trigger_kwargs": arguments, "next_method": "done"}


def taken(place: Place, reports: dict[str, dict[str, Any]]) -> str:
    """Return which of *reports* about the attacker's own task are taken."""
    return ", ".join(name for name, report in reports.items() if _is_taken(place, report))


def _is_taken(place: Place, report: dict[str, Any]) -> bool:
    mine = run_of(place, "alpha")
    restart(place)
    answer = place.api.task(token(place), "PATCH", f"/task-instances/{mine['task']}/state", json=report)
    restart(place)
    return bool(answer.is_success)


def restart(place: Place, tenant: str = ATTACKER) -> None:
    """Let the task of *tenant* run again, whatever it has reported."""
    change = (
        "UPDATE task_instance SET state = 'running', trigger_id = NULL WHERE dag_id = '{}.daily' RETURNING 1"
    )
    place.served.query(change.format(tenant))
