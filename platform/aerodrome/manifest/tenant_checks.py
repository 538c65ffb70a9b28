"""What is wrong with a tenant.yaml beyond its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aerodrome.environment import Environment
from aerodrome.errors import did_you_mean
from aerodrome.manifest.templates import PLATFORM_VALUES
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.quantities import format_duration, format_memory
from aerodrome.source.report import Report

_CEILINGS: dict[str, Callable[[Any], str]] = {
    "cpu": str,
    "memory": format_memory,
    "active_runs": str,
    "parallelism": str,
    "retries": str,
    "execution_timeout": format_duration,
}


def check_tenant(model: TenantManifest, environment: Environment, report: Report) -> None:
    """Report everything in *model* that the environment does not have or allow.

    What `dependencies` names is the virtual environment's: `aerodrome.runtime` tells what is wrong with it.
    """
    _check_queues(model, environment, report)
    _check_channels(model, environment, report)
    _check_limits(model, environment, report)
    _check_pools(below_ceiling(model, environment), report)
    _check_values(model, report)
    if model.python_dags:
        remedy = "write manifests; their Python belongs into src/ and is called by python.call"
        report.at(("python_dags",), "hand-written DAG files are not accepted yet; they will come", remedy)


def check_environments(data: object, environments: Iterable[str], report: Report) -> None:
    """Report differences for environments that do not exist."""
    said = data.get("environments") if isinstance(data, dict) else None
    for name in said if isinstance(said, dict) else ():
        if name not in environments:
            report.at_key(
                ("environments", name), f"unknown environment '{name}'", did_you_mean(name, environments)
            )


def _check_queues(model: TenantManifest, environment: Environment, report: Report) -> None:
    offered = [name for name, queue in environment.queues.items() if queue.tenants]
    for index, queue in enumerate(model.queues):
        if queue not in offered:
            what = "is the platform's own" if queue in environment.queues else "does not exist here"
            report.at(("queues", index), f"the queue '{queue}' {what}", did_you_mean(queue, offered))
        elif queue in model.queues[:index]:
            report.at(("queues", index), f"the queue '{queue}' is named twice")
    for name, connection in model.connections.items():
        for index, queue in enumerate(connection.queues or ()):
            if queue not in model.queues:
                path = ("connections", name, "queues", index)
                report.at(
                    path, f"'{queue}' is none of the tenant's queues", did_you_mean(queue, model.queues)
                )


def _check_channels(model: TenantManifest, environment: Environment, report: Report) -> None:
    for index, channel in enumerate(model.alert_channels):
        if channel not in environment.alert_channels:
            remedy = did_you_mean(channel, environment.alert_channels)
            report.at(("alert_channels", index), f"unknown alert channel '{channel}'", remedy)


def below_ceiling(model: TenantManifest, environment: Environment) -> TenantManifest:
    """Return *model* with the limits that it leaves to their defaults lowered to the environment's ceiling."""
    return _lowered(model, environment, _CEILINGS.keys() - model.limits.model_fields_set)


def all_below_ceiling(model: TenantManifest, environment: Environment) -> TenantManifest:
    """Return *model*, which was good once, with every limit lowered to the environment's ceiling of today."""
    return _lowered(model, environment, _CEILINGS)


def _lowered(model: TenantManifest, environment: Environment, limits: Iterable[str]) -> TenantManifest:
    lowered = {name: min(getattr(model.limits, name), getattr(environment.limits, name)) for name in limits}
    return model.model_copy(update={"limits": model.limits.model_copy(update=lowered)})


def _check_limits(model: TenantManifest, environment: Environment, report: Report) -> None:
    for name, written in _CEILINGS.items():
        ours, most = getattr(model.limits, name), getattr(environment.limits, name)
        if ours > most and name in model.limits.model_fields_set:
            message = f"{written(ours)} is over the environment's ceiling of {written(most)}"
            report.at(("limits", name), message, f"write {written(most)} or less")


def _check_pools(model: TenantManifest, report: Report) -> None:
    slots, parallelism = sum(model.pools.values()), model.limits.parallelism
    if slots >= parallelism:
        message = f"the pools take {slots} of {parallelism} slots; the tenant's own pool needs at least one"
        report.at(("pools",), message, f"raise limits.parallelism to {slots + 1} or lower the pools")


def _check_values(model: TenantManifest, report: Report) -> None:
    for name in sorted(PLATFORM_VALUES & model.values.keys()):
        report.at_key(("values", name), f"'{name}' is the platform's own value", "choose another name")
