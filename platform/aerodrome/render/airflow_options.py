"""Options of airflow.cfg that hold for every process of an environment, wherever it runs. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aerodrome.bundle_settings import BundleSettings
from aerodrome.environment import Environment
from aerodrome.hosts_settings import HostsSettings
from aerodrome.render.airflow_text import Sections, merged

__all__ = [
    "BUNDLE",
    "EXECUTORS",
    "LOG_TEMPLATE",
    "NO_CLASS",
    "Places",
    "Sections",
    "central_channel",
    "dags_from",
    "everywhere",
    "executors",
    "idle_dags",
    "process",
    "tokens",
    "waiting",
]

# Matches no name: results of tasks are JSON, times and numbers, and never become objects of Airflow's own.
NO_CLASS = "-"
LOG_TEMPLATE = (
    "queue={{ ti.queue }}/dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/"
    "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}"
    "attempt={{ try_number|default(ti.try_number) }}.log"
)
BUNDLE = "tenants"
EXECUTORS = "CeleryExecutor,KubernetesExecutor"
"""Of a cluster: workers' tasks, and those that have a pod of their own."""
# A task that was not heard of for so many seconds is taken for dead.
SILENT_SECONDS = 60
# The last heartbeat's attempt, with a look-up of the name that nobody answers, and three signals to the task.
_ENDING = 45
# For so many seconds after its end a token is taken all the same.
_LEEWAY = 30

_PARSING = {
    # Rendered files change only by a publish, which changes their times; one full pass an hour heals the rest.
    "file_parsing_sort_mode": "modified_time",
    "min_file_process_interval": "3600",
    "stale_dag_threshold": "7200",
    # For one file. Its import ends by core.dagbag_import_timeout, unless it swallows the exception.
    "dag_file_processor_timeout": "45",
    "dag_version_inflation_check_level": "off",
    "parsing_processes": "2",
    "print_stats_interval": "0",
    # Who checks versions out clears them away; nobody else has any.
    "stale_bundle_cleanup_interval": "3600",
}


@dataclass(frozen=True)
class Places:
    """Where one Airflow process finds things and puts them; *data* has `{tenant}` in it."""

    home: str
    api: str
    logs: str
    task_logs: str
    alerts: str
    data: str
    bundle: str
    bundles: str


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
        # Who may write and who finds a log goes by its queue, in the logs of hosts and in those of pods.
        "logging": {"log_filename_template": LOG_TEMPLATE},
        "workers": {
            "min_heartbeat_interval": "2",
            "max_failed_heartbeats": "30",
            "missing_dag_retry_delay": "5",
        },
        "aerodrome": {"environment": environment.name},
    }


def executors(environment: Environment) -> str:
    """Return the executors that tasks may name. A host, too, reads DAGs of which other tasks run in pods."""
    return EXECUTORS if environment.kind == "kubernetes" else "CeleryExecutor"


def central_channel(environment: Environment) -> Sections:
    """Return the alert channel of a process that tells what is no run's."""
    name = environment.central_alert_channel
    channel = {"name": name, **environment.alert_channels[name].model_dump()}
    return {"aerodrome": {"central_alert_channel": json.dumps(channel)}}


def idle_dags(environment: Environment) -> Sections:
    """Return after how many seconds without a run the DAG processor has a DAG's owners told."""
    return {"aerodrome": {"idle_after": str(int(environment.status.idle_after.total_seconds()))}}


def process(
    environment: Environment, places: Places, *, enforce_policy: bool = True, worker: bool
) -> Sections:
    """Return the options of one process of a machine, of ENV=local or a host with workers alone: no secret."""
    here: Sections = {
        "core": {**_core(places), "executor": executors(environment)},
        "logging": _logging(places, worker),
        "dag_processor": _dag_processing(places),
        "aerodrome": {
            "enforce_policy": str(enforce_policy),
            "alert_folder": places.alerts,
            # What `{{ tenant.data }}` becomes in a task that runs here.
            "data_folder": places.data,
        },
    }
    return merged(everywhere(environment), _fixed(environment), here)


def silent_seconds(environment: Environment) -> int:
    """Return after how many seconds of silence the scheduler takes a task for dead: a host has ended it by then."""
    return SILENT_SECONDS if environment.hosts is None else patience_seconds(environment.hosts) + _ENDING


def patience_seconds(hosts: HostsSettings) -> int:
    """Return for how many seconds a task on a host that reaches nothing goes on."""
    return int(hosts.cut_off.total_seconds())


def waiting(environment: Environment) -> Sections:
    """Return how long the scheduler of workers outside a cluster waits for them, and for tasks that wait for one."""
    return {
        "scheduler": {
            "task_instance_heartbeat_timeout": str(silent_seconds(environment)),
            # Every ten minutes a task that no worker has taken is queued anew, in case its message was lost. Airflow
            # would fail it the third time, though its queue is only busy, or its hosts are drained: after a week.
            "num_stuck_in_queued_retries": "1000",
            # Its message's token ends with the ten minutes, but for the leeway: a worker that took it later would be
            # refused, and the task fail.
            "task_queued_timeout_check_interval": "10",
        },
    }


def tokens(environment: Environment) -> Sections:
    """Return how long tokens of tasks are good, for those who make and check them."""
    return {
        "api_auth": {"jwt_leeway": str(_LEEWAY)},
        # Renewed when a fifth is left: whoever was away for as long as is allowed comes back with one that is good.
        "execution_api": {"jwt_expiration_time": str(max(600, 6 * silent_seconds(environment)))},
    }


def _fixed(environment: Environment) -> Sections:
    """Return what is the same for every process of every platform of machines."""
    own: Sections = {
        "scheduler": {
            "orphaned_tasks_check_interval": "60",
            "parsing_cleanup_interval": "30",
            "catchup_by_default": "False",
            "enable_health_check": "False",
        },
        "triggerer": {"capacity": "200"},
        "metrics": {"statsd_on": "False", "otel_on": "False"},
    }
    return merged(waiting(environment), own)


def _core(places: Places) -> dict[str, str]:
    return {
        "execution_api_server_url": places.api,
        "hostname_callable": "socket.gethostname",
        "plugins_folder": f"{places.home}/plugins",
        "dags_folder": f"{places.home}/dags",
        # Without a database there is nothing to decrypt; an empty key keeps Airflow from asking for one.
        "fernet_key": "",
    }


def _logging(places: Places, worker: bool) -> dict[str, str]:
    return {
        "base_log_folder": places.task_logs,
        "dag_processor_child_process_log_directory": f"{places.logs}/dags",
        "colored_console_log": "False",
        # Set-group-id and no rights for others: a zone's logs are read by the zone and the API server.
        "file_task_handler_new_folder_permissions": "0o2770",
        "file_task_handler_new_file_permissions": "0o660",
        "celery_logging_level": "WARNING" if worker else "INFO",
        "uvicorn_logging_level": "WARNING",
    }


def _dag_processing(places: Places) -> dict[str, str]:
    return {**_bundle(places.bundle, "", refresh=5), "dag_bundle_storage_path": places.bundles, **_PARSING}


def dags_from(bundle: BundleSettings | None) -> Sections:
    """Return where the processes of a cluster fetch DAGs from; nothing where the chart's own values say it."""
    if bundle is None:
        return {}
    return {"dag_processor": {**_bundle(bundle.for_pods, bundle.connection, refresh=15), **_PARSING}}


def _bundle(address: str, connection: str, *, refresh: int) -> dict[str, str]:
    known = {"git_conn_id": connection} if connection else {}
    kwargs = {"repo_url": address, "tracking_ref": "main", "refresh_interval": refresh, **known}
    bundle = {"name": BUNDLE, "classpath": "airflow.providers.git.bundles.git.GitDagBundle", "kwargs": kwargs}
    return {
        "dag_bundle_config_list": json.dumps([bundle]),
        "bundle_refresh_check_interval": str(refresh),
    }
