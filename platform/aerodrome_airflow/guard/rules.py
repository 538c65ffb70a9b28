"""What a task may ask of the execution API: one small function per rule, each telling why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from aerodrome import names

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams


Phase = Literal["running", "cleaning up", "ended"]
"""running: also a task that waits for its turn, a trigger or a person, and goes on under the same number."""


@dataclass(frozen=True)
class Caller:
    """The task that a token belongs to; *tenant* is None for a task that is gone or is no tenant's."""

    task: UUID
    tenant: str | None
    phase: Phase = "running"


@dataclass(frozen=True)
class Call:
    """One request: who asks, what stands in its path and after its question mark."""

    caller: Caller
    path: Mapping[str, str]
    query: QueryParams


Rule = Callable[[Call], str]
"""Returns why the call is refused, or an empty text."""

OTHER_TENANT = "it belongs to another tenant"


def own_task(call: Call) -> str:
    """Allow what a task does to itself."""
    return "" if call.path["task_instance_id"] == str(call.caller.task) else "it is another task"


def dag_in_path(call: Call) -> str:
    """Allow DAGs of the task's tenant."""
    return _of_tenant(call, call.path["dag_id"])


def dag_in_query(call: Call) -> str:
    """Allow DAGs of the task's tenant; two names are one too many, because only one of them would be looked at."""
    return _only(call, ("dag_id",))


def asset_in_query(call: Call) -> str:
    """Allow assets of the task's tenant, by name or address, which are the same here."""
    return _only(call, ("name", "uri"))


def never(_call: Call) -> str:
    """Refuse what no task of this platform needs."""
    return "no task needs it here"


def stored_elsewhere(_call: Call) -> str:
    """Refuse connections and variables: they come from the secrets store, past this server."""
    return "connections and variables come from the secrets store"


def _only(call: Call, parameters: tuple[str, ...]) -> str:
    given = [call.query.getlist(name) for name in parameters]
    if any(len(values) > 1 for values in given):
        return "it names several"
    named = [values[0] for values in given if values and values[0]]
    if not named:
        return "it names none"
    return next((why for name in named if (why := _of_tenant(call, name))), "")


def _of_tenant(call: Call, name: str) -> str:
    return "" if owned(call.caller.tenant, name) else OTHER_TENANT


def owned(tenant: str | None, name: object) -> bool:
    """Return whether *name* is the scoped name of a thing of *tenant*."""
    try:
        return tenant is not None and isinstance(name, str) and names.tenant_of(name) == tenant
    except ValueError:
        return False
