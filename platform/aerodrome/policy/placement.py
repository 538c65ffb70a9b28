"""What runs a task: a Celery worker, or on Kubernetes a pod of the tenant."""

from __future__ import annotations

from dataclasses import dataclass

from aerodrome import names
from aerodrome.policy.limits import Limits

POD_TEMPLATE = "pod_template_file"
"""The key of Airflow's `executor_config` that names the file of a pod."""


@dataclass(frozen=True)
class Placement:
    """Airflow's `executor` of a task and the file that its pod is made from."""

    executor: str | None = None
    pod_template: str | None = None

    def __str__(self) -> str:
        return f"a pod of {self.pod_template}" if self.pod_template else self.executor or "a Celery worker"


WORKER = Placement()
"""A Celery worker."""


def placement(limits: Limits, queue: str, *, launches: bool) -> Placement:
    """Return what runs a task on *queue*; *launches*: it reaches the tenant's code or files.

    Workers in the cluster are shared by tenants and isolate nobody, so what launches goes to the tenant's own pod.
    """
    known = limits.queues.get(queue)
    if not launches or known is None or known.pods_of is None:
        return WORKER
    return Placement("KubernetesExecutor", names.pod_template(limits.tenant, known.pods_of))
