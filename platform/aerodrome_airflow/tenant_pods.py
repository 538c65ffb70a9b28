"""The pods in which tenants' code runs on Kubernetes."""

from __future__ import annotations

from typing import Any

from aerodrome import names

TASK_CONTAINER = "base"
"""The container that holds the task's token; Airflow names it so."""


def put_in_place(pod: Any) -> None:
    """Put *pod*, a `V1Pod` that Airflow made for a task, into the namespace of the task's tenant.

    ValueError where it was made from another tenant's template, or where the tenant's container could look into the
    one that holds the task's token. Airflow then fails the task.
    """
    dag_id = (pod.metadata.annotations or {}).get("dag_id", "")
    tenant = dag_id.partition(names.SEPARATOR)[0]
    made_for = (pod.metadata.labels or {}).get(names.TENANT_LABEL)
    if not tenant or made_for != tenant:
        raise ValueError(
            f"the pod for DAG {dag_id!r} was made for {f'tenant {made_for!r}' if made_for else 'no tenant'}: "
            f"its template must carry the label {names.TENANT_LABEL}"
        )
    if pod.spec.share_process_namespace or pod.spec.host_pid:
        raise ValueError(f"the pod for DAG {dag_id!r} shares processes: the task's token could be read")
    pod.metadata.namespace = names.namespace(tenant)
