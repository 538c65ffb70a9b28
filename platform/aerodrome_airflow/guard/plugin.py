"""Airflow's plugin that puts the guard before the API server."""

from __future__ import annotations

from typing import Any

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from aerodrome_airflow.guard.middleware import ExecutionGuard

SECTION, SWITCH = "aerodrome", "execution_guard"
MIDDLEWARE = {"name": "aerodrome execution guard", "middleware": ExecutionGuard}


class GuardPlugin(AirflowPlugin):
    """Offers the guard as a middleware before all routes, unless it is switched off."""

    name = "aerodrome_execution_guard"

    def __init__(self) -> None:
        super().__init__()
        self.fastapi_root_middlewares: list[Any] = [MIDDLEWARE] if switched_on() else []


def switched_on() -> bool:
    """Return whether the configuration wants the guard; without a word about it, it does."""
    return bool(conf.getboolean(SECTION, SWITCH, fallback=True))


def require_guard() -> None:
    """Do nothing where the guard is installed or switched off; AirflowConfigException elsewhere."""
    from airflow import plugins_manager
    from airflow.exceptions import AirflowConfigException

    if not switched_on():
        return
    # Airflow logs a plugin that cannot be imported and goes on without it.
    _, installed = plugins_manager.get_fastapi_plugins()
    if not any(found.get("middleware") is ExecutionGuard for found in installed):
        raise AirflowConfigException(
            "the guard before the execution API is not installed: "
            "without it every task reaches the connections, variables and runs of every tenant"
        )
