"""Options of airflow.cfg that hold for every process of an environment, wherever it runs. Pure."""

from __future__ import annotations

import json

from aerodrome.environment import Environment

Sections = dict[str, dict[str, str]]
# Matches no name: results of tasks are JSON, times and numbers, and never become objects of Airflow's own.
NO_CLASS = "-"


def everywhere(environment: Environment) -> Sections:
    """Return section → options of all processes: no secret among them, and nothing that is a place on a machine."""
    return {
        "core": {
            "auth_manager": "aerodrome_airflow.auth.manager.AerodromeFabAuthManager",
            "load_examples": "False",
            "dags_are_paused_at_creation": "False",
            "dagbag_import_timeout": "30",
            "test_connection": "Disabled",
            "allowed_deserialization_classes": NO_CLASS,
            "min_serialized_dag_update_interval": "0",
        },
        "operators": {"default_queue": environment.default_queue, "default_owner": "aerodrome"},
        "workers": {
            "min_heartbeat_interval": "2",
            "max_failed_heartbeats": "30",
            "missing_dag_retry_delay": "5",
        },
        "aerodrome": {"environment": environment.name},
    }


def central_channel(environment: Environment) -> Sections:
    """Return the alert channel of a process that tells what is no run's."""
    name = environment.central_alert_channel
    channel = {"name": name, **environment.alert_channels[name].model_dump()}
    return {"aerodrome": {"central_alert_channel": json.dumps(channel)}}
