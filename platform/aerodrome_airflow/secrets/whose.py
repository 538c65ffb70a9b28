"""Which tenant's task asks: from what Airflow itself runs in this process, never from what is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from aerodrome import names

_ONLY: list[str] = []


class NobodyError(Exception):
    """No task of a tenant asks; the text says what asks instead."""


def this_process_runs(dag_id: str) -> None:
    """Tell that this process runs *dag_id* and no other DAG to its end: a run without a scheduler."""
    _ONLY[:] = [dag_id]


def asking_tenant() -> str:
    """Return the tenant whose task, or trigger, is running here and now; NobodyError where none is."""
    found = {*_ONLY, *_of_task_process(), *_of_context()}
    if not found:
        raise NobodyError("only a running task of a tenant reads connections and variables")
    if len(found) > 1:
        raise NobodyError(f"tasks of several DAGs would ask at once: {', '.join(sorted(found))}")
    return _tenant(found.pop())


def _tenant(dag_id: str) -> str:
    try:
        tenant = names.tenant_of(dag_id)
    except ValueError:
        tenant = names.GLOBAL
    # What all tenants share is nobody's to ask as.
    if tenant == names.GLOBAL:
        raise NobodyError(f"the DAG '{dag_id}' belongs to no tenant")
    return tenant


def _of_task_process() -> Iterator[str]:
    """Yield what Airflow noted before it loaded the task, or in a triggerer before it ran the trigger.

    The only note that is there in callbacks too; each trigger has its own, as it has its own log.
    """
    from structlog.contextvars import get_contextvars

    noted = get_contextvars()
    if noted.get("ti_id") and noted.get("dag_id"):
        yield str(noted["dag_id"])


def _of_context() -> Iterator[str]:
    """Yield what the task's own context says: other threads of the task see it as well."""
    from airflow.sdk import get_current_context

    try:
        context = get_current_context()
    except RuntimeError:
        return
    yield str(context["ti"].dag_id)
