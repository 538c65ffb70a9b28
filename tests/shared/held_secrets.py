"""Who may hold which of Airflow's secrets, with the reason, and who holds one all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

HOLDERS: dict[str, dict[str, str]] = {
    "metadata": {
        "api-server": "it answers for all who have no database what stands there",
        "scheduler": "it decides what runs by the database's rows",
        "dag-processor": "it writes what it has read of DAG files there",
        "triggerer": "it reads there which triggers are its own",
        "run-airflow-migrations": "it changes the database's tables",
        "create-user-job": "it writes the first user",
        "database-backup": "it reads all tables, once, before they are migrated",
        "database-cleanup": "it deletes old rows",
        "airflow-cleanup-pods": "Airflow's commands look at the database before they start",
        "roles": "it writes the tables of roles, as a user who may nothing else where one is named",
        "results-collector": "it reads the table of results, as a user who may nothing else where one is named",
    },
    "jwt-secret": {
        "api-server": "it checks the tokens of tasks, and signs those of people",
        "scheduler": "it signs the tokens of tasks",
    },
    "api-secret-key": {
        "api-server": "it signs sessions, and its questions for logs",
        "scheduler": "it serves logs of tasks that it runs itself to the API server alone",
        "triggerer": "it serves its logs to the API server alone",
    },
    "fernet-key": {
        "api-server": "it reads connections for tasks",
        "scheduler": "its executors may read connections",
        "dag-processor": "DAG files may read connections at parse time",
        "triggerer": "triggers read connections",
    },
}
"""Secret, without the release's name → component → why it needs it. Nobody else may hold it."""
VARIABLES = {
    "AIRFLOW__CORE__SQL_ALCHEMY_CONN": "metadata",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "metadata",
    "AIRFLOW_CONN_AIRFLOW_DB": "metadata",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwt-secret",
    "AIRFLOW__API__SECRET_KEY": "api-secret-key",
    "AIRFLOW__CORE__FERNET_KEY": "fernet-key",
}
"""Variable by which Airflow reads it → the secret, whatever its name."""


def held_without_need(component: str, spec: Mapping[str, Any]) -> list[str]:
    """Return container and secret of each secret in a pod of *component* that it has no reason to hold."""
    return [
        f"{component} {container}: {secret}"
        for container, secret in _held(spec)
        if component not in HOLDERS[secret]
    ]


def _held(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in [*(spec.get("initContainers") or ()), *spec["containers"]]:
        for variable in one.get("env") or ():
            if "valueFrom" in variable or variable.get("value"):
                yield from ((one["name"], secret) for secret in _of_variable(variable))
        for source in one.get("envFrom") or ():
            yield from ((one["name"], secret) for secret in _called(source.get("secretRef", {}).get("name")))
    for volume in spec.get("volumes") or ():
        sources = (volume, *volume.get("projected", {}).get("sources", ()))
        names = (each.get("secret", {}).get(key) for each in sources for key in ("secretName", "name"))
        yield from ((f"volume {volume['name']}", secret) for name in names for secret in _called(name))


def _of_variable(variable: Mapping[str, Any]) -> list[str]:
    name = re.sub(r"_(CMD|SECRET)$", "", variable["name"])
    by_name = [VARIABLES[name]] if name in VARIABLES else []
    return by_name or _called(variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name"))


def _called(name: str | None) -> list[str]:
    return [secret for secret in HOLDERS if (name or "").endswith(f"-{secret}")]
