"""Settings of tasks and defaults that name what does not exist, or contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import Task, TaskSettings
from aerodrome.manifest.draft import Draft
from aerodrome.source.place import Path

RESERVED_TAG = "tenant:"
FILE_OF_DOC = ".md"
# Airflow's own, where a manifest says nothing.
_RETRY_DELAY = timedelta(minutes=5)
_NEED_RETRIES = ("retry_delay", "retry_exponential_backoff", "max_retry_delay")


def check_settings(draft: Draft) -> None:
    """Report unknown queues and pools and retry settings without effect or against each other."""
    for path, settings in _levels(draft):
        _check_queue(draft, path, settings)
        _check_pool(draft, path, settings)
    defaults = draft.model.defaults
    retried = {index for index, task in draft.tasks if _is_retried(draft, index, task)}
    # A task that could not be read may be the one that is retried.
    all_read = len(draft.tasks) == len(draft.report.data["tasks"])
    _check_retries(draft, ("defaults",), defaults, bool(retried) or not all_read)
    for index, task in draft.tasks:
        _check_retries(draft, ("tasks", index), task, index in retried)


def queue_of(draft: Draft, task: Task) -> str | None:
    """Return the queue of *task*, or None where tenant.yaml would tell and is broken."""
    said = task.queue or draft.model.defaults.queue
    return said or (draft.around.tenant.queues[0] if draft.around.tenant else None)


def execution_timeout_of(draft: Draft, index: int, task: Task) -> timedelta | None:
    """Return how long one attempt of *task* may take, or None where what would tell it is broken."""
    said = task.execution_timeout or draft.model.defaults.execution_timeout
    if said is None and draft.around.tenant and not _is_broken(draft, index, task, "execution_timeout"):
        return draft.around.tenant.limits.execution_timeout
    return said


def check_texts(draft: Draft) -> None:
    """Report texts that Airflow would take for something else."""
    doc = draft.model.doc_md
    if doc is not None and doc.endswith(FILE_OF_DOC):
        remedy = "Airflow would open a file of that name: end the text with a line feed or a full stop"
        draft.report.at(("doc_md",), f"must not end with '{FILE_OF_DOC}'", remedy)
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


def _is_retried(draft: Draft, index: int, task: Task) -> bool:
    said = draft.model.defaults.retries if task.retries is None else task.retries
    return _is_broken(draft, index, task, "retries") if said is None else said > 0


def _is_broken(draft: Draft, index: int, task: Task, name: str) -> bool:
    """Return whether somebody set *name* for *task*, with a mistake that was told already."""
    data = draft.report.data
    levels = ((data["tasks"][index], task), (data.get("defaults"), draft.model.defaults))
    return any(
        isinstance(raw, dict) and raw.get(name) is not None and getattr(model, name) is None
        for raw, model in levels
    )


def _check_retries(draft: Draft, path: Path, settings: TaskSettings, retried: bool) -> None:
    if not retried:
        for key in _NEED_RETRIES:
            if getattr(settings, key) is not None:
                remedy = "write retries: 1 or more, or remove it"
                draft.report.at((*path, key), "has no effect without retries", remedy)
    elif any(getattr(settings, key) is not None for key in _NEED_RETRIES):
        _check_delays(draft, path, settings, draft.model.defaults)


def _check_delays(draft: Draft, path: Path, settings: TaskSettings, defaults: TaskSettings) -> None:
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
