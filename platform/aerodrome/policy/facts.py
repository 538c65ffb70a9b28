"""What the rules look at: one frozen set of facts, built from a manifest or from a parsed Airflow DAG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from aerodrome import names
from aerodrome.policy.placement import WORKER, Placement

if TYPE_CHECKING:
    from aerodrome.source.place import Path

ScheduleKind = Literal["manual", "time", "assets", "continuous"]

_SCOPES = {"connection": names.secret_key, "variable": names.secret_key, "dag": names.dag_id}

PLATFORM_FOLDER = "platform"
"""The folder of the bundle with the platform's own DAGs, which no rule judges: no tenant can be called so."""

UNREADABLE = "<not a plain name>"
"""Stands for a connection, variable or DAG that is no literal text: no limit allows it."""

ACCESS_LEVELS: dict[str, dict[str, tuple[str, ...]]] = {
    "viewer": {"DAGs": ("can_read",), "DAG Runs": ("can_read",)},
    "editor": {"DAGs": ("can_edit", "can_read"), "DAG Runs": ("can_create", "can_read")},
    "admin": {
        "DAGs": ("can_delete", "can_edit", "can_read"),
        "DAG Runs": ("can_create", "can_delete", "can_read"),
    },
}
"""Level of a role → Airflow resource → actions on one DAG."""


@dataclass(frozen=True)
class TaskFacts:
    """One task; connections, variables, DAGs, pools and assets have Airflow's names, with the prefix."""

    id: str
    uses: str
    operator: str
    owner: str
    queue: str
    pool: str
    pool_slots: int
    retries: int
    execution_timeout: float | None
    log_field: str | None
    connections: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    waits: str = ""
    runs_tenant_text: bool = False
    launches: bool = False
    placement: Placement = WORKER
    unmanaged: tuple[str, ...] = ()


@dataclass(frozen=True)
class DagFacts:
    """One DAG; *folder* is the tenant's folder that its file stands in."""

    dag_id: str
    folder: str
    tags: tuple[str, ...]
    access: tuple[tuple[str, str, str], ...]
    schedule: ScheduleKind
    scheduled_assets: tuple[str, ...]
    run_types: tuple[str, ...]
    max_active_runs: int
    max_active_tasks: int
    alert_channels: tuple[str, ...]
    unmanaged: tuple[str, ...]
    tasks: tuple[TaskFacts, ...]


@dataclass(frozen=True)
class Violation:
    """One rule that a DAG breaks; *path* leads to the value, with task ids in the place of list positions."""

    rule: str
    path: Path
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = ".".join(str(part) for part in self.path)
        return f"{place}: {self.message} ({self.rule})"


def scoped_names(tenant: str, kind: str, value: Any) -> tuple[str, ...]:
    """Return Airflow's names, sorted, of the things of *kind* that *value* names for *tenant*."""
    return tuple(sorted({_scoped(tenant, kind, text) for text in _texts(value)}))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield UNREADABLE


def _scoped(tenant: str, kind: str, text: str) -> str:
    try:
        return _SCOPES[kind](tenant, text)
    except ValueError:
        return UNREADABLE


def access_control(tenant: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return role → resource → actions that every DAG of *tenant* grants, and no other."""
    return {names.role(tenant, level): dict(rights) for level, rights in ACCESS_LEVELS.items()}


def access_facts(tenant: str) -> tuple[tuple[str, str, str], ...]:
    """Return `access_control` as sorted (role, resource, action)."""
    return tuple(
        sorted(
            (role, resource, action)
            for role, rights in access_control(tenant).items()
            for resource, actions in rights.items()
            for action in actions
        )
    )


def run_types(schedule: ScheduleKind, *, triggered: bool) -> tuple[str, ...]:
    """Return the kinds of runs that a DAG may have; *triggered*: a manifest of its tenant starts it."""
    by_schedule = {
        "manual": (),
        "time": ("scheduled", "backfill"),
        "continuous": ("scheduled",),
        "assets": ("asset_triggered",),
    }
    return tuple(sorted(("manual", *by_schedule[schedule], *(("operator_triggered",) if triggered else ()))))
