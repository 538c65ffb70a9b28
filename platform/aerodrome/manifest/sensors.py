"""Sensors that wait where nobody can wait for them, or longer than their task may run."""

from __future__ import annotations

from datetime import timedelta

from aerodrome.manifest.dag import Task
from aerodrome.manifest.draft import Draft
from aerodrome.manifest.settings import execution_timeout_of, queue_of
from aerodrome.quantities import format_duration
from common_plugins.catalogue.base import CatalogueEntry


def check_sensors(draft: Draft) -> None:
    """Report sensors that defer without a triggerer, and waits that execution_timeout would cut short."""
    for index, task in draft.tasks:
        sensor = draft.parameters.get(task.id)
        if sensor is None or not sensor.sensor:
            continue
        if getattr(sensor, "mode", None) == "defer":
            _check_triggerer(draft, index, task)
        elif getattr(sensor, "mode", None) == "poke":
            _check_timeout(draft, index, task, sensor)


def _check_triggerer(draft: Draft, index: int, task: Task) -> None:
    queue, environment = queue_of(draft, task), draft.around.environment
    known = environment.queues.get(queue or "")
    if known is not None and not environment.zones[known.zone].triggerer:
        message = f"the zone of queue '{queue}' has no triggerer of its own"
        draft.report.at(("tasks", index, "with", "mode"), message, "write mode: reschedule or mode: poke")


def _check_timeout(draft: Draft, index: int, task: Task, sensor: CatalogueEntry) -> None:
    key, longest = _asks_for_its_timeout(sensor), execution_timeout_of(draft, index, task)
    wait, look = (timedelta(seconds=getattr(sensor, name)) for name in ("timeout", "poke_interval"))
    # A sensor gives up at its first look after the timeout.
    if key and longest is not None and wait + look > longest:
        limits = [format_duration(each) for each in (longest, wait, look)]
        message = (
            "execution_timeout ({}) fails the task before timeout ({}) and a last poke_interval ({}) are over"
        )
        remedy = "write a shorter timeout, a longer execution_timeout, or mode: reschedule"
        draft.report.at(("tasks", index, "with", key), message.format(*limits), remedy)


def _asks_for_its_timeout(sensor: CatalogueEntry) -> str:
    """Return the parameter by which *sensor* says that its own timeout is to end the wait, or ''."""
    # Left out, it comes to the same whichever limit ends the wait: the task fails.
    if "timeout" in sensor.model_fields_set:
        return "timeout"
    return "soft_fail" if getattr(sensor, "soft_fail", False) else ""
