"""Settings of tasks and defaults that name what does not exist, or contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import Task, TaskSettings
from aerodrome.manifest.draft import Draft
from aerodrome.source.place import Path

RESERVED_TAG = "tenant:"
# Airflow's own, where a manifest says nothing.
_RETRY_DELAY = timedelta(minutes=5)


def check_settings(draft: Draft) -> None:
    """Report unknown queues and pools and retry settings that contradict each other."""
    for path, settings in _levels(draft):
        _check_queue(draft, path, settings)
        _check_pool(draft, path, settings)
    _check_retries(draft, ("defaults",), draft.model.defaults, draft.model.defaults)
    for index, task in draft.tasks:
        if task.model_fields_set & {"retry_delay", "max_retry_delay", "retry_exponential_backoff"}:
            _check_retries(draft, ("tasks", index), task, draft.model.defaults)


def queue_of(draft: Draft, task: Task) -> str | None:
    """Return the queue of *task*, or None where tenant.yaml would tell and is broken."""
    said = task.queue or draft.model.defaults.queue
    return said or (draft.around.tenant.queues[0] if draft.around.tenant else None)


def check_texts(draft: Draft) -> None:
    """Report texts that Airflow would take for something else."""
    doc = draft.model.doc_md
    if doc is not None and doc.endswith(".md"):
        remedy = "Airflow would open a file of that name: end the text with a line feed or a full stop"
        draft.report.at(("doc_md",), "must not end with '.md'", remedy)
    for index, tag in enumerate(draft.model.tags):
        if tag.startswith(RESERVED_TAG):
            draft.report.at(
                ("tags", index), f"'{RESERVED_TAG}' is the platform's", "it adds the tenant's tag by itself"
            )
        elif tag in draft.model.tags[:index]:
            draft.report.at(("tags", index), f"the tag '{tag}' is named twice")


def _levels(draft: Draft) -> Iterator[tuple[Path, TaskSettings]]:
    yield ("defaults",), draft.model.defaults
    yield from ((("tasks", index), task) for index, task in draft.tasks)


def _check_queue(draft: Draft, path: Path, settings: TaskSettings) -> None:
    tenant, known = draft.around.tenant, draft.around.environment.queues
    queue = settings.queue
    if queue is None or (tenant is not None and queue in tenant.queues):
        return
    if queue not in known:
        allowed = tenant.queues if tenant else known
        draft.report.at((*path, "queue"), f"unknown queue '{queue}'", did_you_mean(queue, allowed))
    elif tenant is not None:
        remedy = f"this tenant has: {', '.join(tenant.queues)}"
        draft.report.at((*path, "queue"), f"tenant.yaml does not name the queue '{queue}'", remedy)


def _check_pool(draft: Draft, path: Path, settings: TaskSettings) -> None:
    tenant = draft.around.tenant
    if tenant is None or settings.pool is None or settings.pool in tenant.pools:
        return
    remedy = (
        did_you_mean(settings.pool, tenant.pools)
        if tenant.pools
        else "tenant.yaml names no pools; leave pool out"
    )
    draft.report.at((*path, "pool"), f"unknown pool '{settings.pool}'", remedy)


def _check_retries(draft: Draft, path: Path, settings: TaskSettings, defaults: TaskSettings) -> None:
    delay = settings.retry_delay or defaults.retry_delay or _RETRY_DELAY
    longest = settings.max_retry_delay or defaults.max_retry_delay
    backoff = settings.retry_exponential_backoff
    backoff = defaults.retry_exponential_backoff if backoff is None else backoff
    if settings.max_retry_delay is not None and not backoff:
        remedy = "write retry_exponential_backoff: true"
        draft.report.at((*path, "max_retry_delay"), "has no effect without growing delays", remedy)
    elif longest is not None and longest < delay:
        key = "max_retry_delay" if settings.max_retry_delay is not None else "retry_delay"
        draft.report.at((*path, key), "max_retry_delay is shorter than retry_delay")
