"""airflow.cfg of each Airflow process: one file each, and in it only the secrets that this process needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from aerodrome import names
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import login
from aerodrome.local.stores.broker import BrokerUser, broker_url, scheduler_user, zone_user
from aerodrome.render import airflow_options
from aerodrome.render.airflow_options import Sections

LOG_TEMPLATE = (
    "queue={{ ti.queue }}/dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/"
    "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}"
    "attempt={{ try_number|default(ti.try_number) }}.log"
)
# A message that a worker took is its own for a week: longer than any task may run.
VISIBILITY_TIMEOUT = 7 * 24 * 3600
BUNDLE = "tenants"
XCOM_BACKEND = "aerodrome_airflow.xcom.backend.TenantXCom"


def api_server(platform: Platform) -> str:
    """Return airflow.cfg of the API server."""
    own: Sections = {
        "api": {
            "host": "127.0.0.1",
            "port": str(platform.ports.api_server),
            "workers": "1",
            "secret_key": platform.credentials.get(secret.AIRFLOW_SESSION),
            "base_url": platform.api_url,
            "expose_config": "False",
            "instance_name": f"Aerodrome {platform.environment.name}",
        },
        # Who lost a role still has it for so many seconds.
        "fab": {"cache_ttl": "10"},
    }
    return config_text(
        _common(platform, "api-server"),
        _database(platform),
        _tokens(platform),
        own,
        login.options(platform),
        airflow_options.central_channel(platform.environment),
    )


def scheduler(platform: Platform) -> str:
    """Return airflow.cfg of the scheduler, which also migrates the database and sets up roles."""
    slots = sum(queue.slots for queue in platform.environment.queues.values())
    return config_text(
        _common(platform, "scheduler"),
        _database(platform),
        _tokens(platform),
        _celery(platform, scheduler_user(platform)),
        # Tasks beyond the slots wait in the broker, where a worker that falls free finds them at once.
        {"core": {"parallelism": str(max(16, 2 * slots))}, "celery": {"sync_parallelism": "1"}},
    )


def dag_processor(platform: Platform) -> str:
    """Return airflow.cfg of the DAG processor."""
    return config_text(_common(platform, "dag-processor"), _database(platform))


def results_collector(platform: Platform) -> str:
    """Return airflow.cfg of the collector of large results."""
    results = _results(platform, names.COLLECTOR)
    return config_text(_common(platform, "results-collector"), _database(platform), results)


def roles(platform: Platform) -> str:
    """Return airflow.cfg of what lets roles follow the directory: it writes FAB's tables and signs nothing."""
    channel = airflow_options.central_channel(platform.environment)
    return config_text(_common(platform, "roles"), _database(platform), channel)


def triggerer(platform: Platform) -> str:
    """Return airflow.cfg of the triggerer, which acts for the one zone that has a triggerer."""
    zone = next(iter(platform.triggerer_zones), None)
    launcher = {"launcher_socket": str(platform.layout.launcher_socket(zone))} if zone else {}
    return config_text(
        _common(platform, "triggerer"),
        _database(platform),
        # Without a zone of its own it acts for nobody, and sees nobody's secrets.
        secrets_backend(platform.layout.secrets_socket(zone)) if zone else {},
        {"aerodrome": launcher},
        _results(platform, zone),
    )


def worker(platform: Platform, queue: str) -> str:
    """Return airflow.cfg of the workers of *queue*: no database, no signing key, no Fernet key."""
    process = f"worker-{queue}"
    zone = platform.environment.queues[queue].zone
    own: Sections = {
        "celery": {"worker_concurrency": str(platform.environment.queues[queue].slots)},
        "celery_broker_transport_options": {
            "unacked_key": f"unacked.{queue}",
            "unacked_index_key": f"unacked_index.{queue}",
            "client_name": process,
        },
        "aerodrome": {"launcher_socket": str(platform.layout.launcher_socket(zone)), "queue": queue},
    }
    return config_text(
        _common(platform, process),
        _celery(platform, zone_user(platform, zone)),
        secrets_backend(platform.layout.secrets_socket(zone)),
        _results(platform, zone),
        own,
    )


# The same for every process of every platform.
_FIXED: Sections = {
    "scheduler": {
        "task_instance_heartbeat_timeout": "60",
        "orphaned_tasks_check_interval": "60",
        "parsing_cleanup_interval": "30",
        "catchup_by_default": "False",
        "enable_health_check": "False",
    },
    "triggerer": {"capacity": "200"},
    "metrics": {"statsd_on": "False", "otel_on": "False"},
}


def _common(platform: Platform, process: str) -> Sections:
    here: Sections = {
        "core": _core(platform, process),
        "logging": _logging(platform, process),
        "dag_processor": _dag_processing(platform, process),
        "aerodrome": {
            "enforce_policy": str(platform.enforce_policy),
            "alert_folder": str(platform.layout.alerts),
            # What `{{ tenant.data }}` becomes in a task that runs here.
            "data_folder": str(platform.layout.homes / "{tenant}" / "data"),
        },
    }
    return _merged(airflow_options.everywhere(platform.environment), _FIXED, here)


def _core(platform: Platform, process: str) -> dict[str, str]:
    return {
        "executor": "CeleryExecutor",
        "execution_api_server_url": f"{platform.api_url}/execution/",
        "hostname_callable": "socket.gethostname",
        "plugins_folder": str(platform.layout.process_config(process) / "plugins"),
        "dags_folder": str(platform.layout.process_config(process) / "dags"),
        # Without a database there is nothing to decrypt; an empty key keeps Airflow from asking for one.
        "fernet_key": "",
    }


def _logging(platform: Platform, process: str) -> dict[str, str]:
    return {
        "base_log_folder": str(platform.layout.task_logs),
        "dag_processor_child_process_log_directory": str(platform.layout.logs / "dags"),
        "log_filename_template": LOG_TEMPLATE,
        "colored_console_log": "False",
        # Set-group-id and no rights for others: a zone's logs are read by the zone and the API server.
        "file_task_handler_new_folder_permissions": "0o2770",
        "file_task_handler_new_file_permissions": "0o660",
        "celery_logging_level": "WARNING" if process.startswith("worker") else "INFO",
        "uvicorn_logging_level": "WARNING",
    }


def _dag_processing(platform: Platform, process: str) -> dict[str, str]:
    bundle = {
        "name": BUNDLE,
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {"repo_url": str(platform.layout.bundle), "tracking_ref": "main", "refresh_interval": 5},
    }
    return {
        "dag_bundle_config_list": json.dumps([bundle]),
        "dag_bundle_storage_path": str(platform.layout.state / "bundles" / process),
        "bundle_refresh_check_interval": "5",
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


def _results(platform: Platform, zone: str | None) -> Sections:
    # Not of the API server and the scheduler: they show and count references, and follow none.
    wanted = platform.environment.results
    return {
        "core": {"xcom_backend": XCOM_BACKEND},
        "aerodrome": {
            **_place_of_results(platform, zone),
            "xcom_inline_bytes": str(wanted.inline),
            "xcom_largest_bytes": str(wanted.largest),
            "xcom_sealed_tenants": " ".join(wanted.encrypted_tenants),
        },
    }


def _place_of_results(platform: Platform, zone: str | None) -> dict[str, str]:
    """Return where results are, and in S3 the agent that lends the roles of *zone*, if there is one."""
    s3 = platform.environment.results.s3
    if s3 is None:
        return {"xcom_store": str(platform.layout.results)}
    return {
        "xcom_store": f"s3://{s3.bucket}/{s3.prefix}",
        "xcom_s3_region": s3.region,
        "xcom_s3_endpoint": s3.endpoint or "",
        "xcom_agent_socket": str(platform.layout.secrets_socket(zone)) if zone else "",
    }


def _database(platform: Platform) -> Sections:
    password = platform.credentials.get(secret.POSTGRES_AIRFLOW)
    place = f"airflow:{password}@127.0.0.1:{platform.ports.postgres}/airflow"
    return {
        "database": {
            "sql_alchemy_conn": f"postgresql+psycopg://{place}",
            "sql_alchemy_conn_async": f"postgresql+asyncpg://{place}",
        },
        "core": {"fernet_key": platform.credentials.fernet_key()},
    }


def _tokens(platform: Platform) -> Sections:
    return {"api_auth": {"jwt_secret": platform.credentials.jwt_secret(), "jwt_issuer": "aerodrome"}}


def _celery(platform: Platform, user: BrokerUser) -> Sections:
    url = broker_url(platform, user)
    return {
        "celery": {
            "broker_url": url,
            "result_backend": url,
            "celery_config_options": "aerodrome_airflow.celery_config.CELERY_CONFIG",
            "worker_enable_remote_control": "False",
            "worker_prefetch_multiplier": "1",
            "operation_timeout": "10",
            "task_publish_max_retries": "10",
        },
        "celery_broker_transport_options": {"visibility_timeout": str(VISIBILITY_TIMEOUT)},
    }


def secrets_backend(socket: Path) -> Sections:
    """Return the settings of a process whose tasks ask the secrets agent that listens on *socket*."""
    return {
        "workers": {
            "secrets_backend": "aerodrome_airflow.secrets.TenantSecretsBackend",
            "secrets_backend_kwargs": json.dumps({"socket": str(socket)}),
        },
        # The process that writes a trigger's log makes no backend, which would see to it.
        "logging": {"secret_mask_adapter": "aerodrome_airflow.secrets.forms.forms"},
    }


def config_text(*parts: Mapping[str, Mapping[str, str]]) -> str:
    """Return airflow.cfg with the sections of all *parts*; of an option that several have, the last counts."""
    blocks = [
        "\n".join(
            [
                f"[{section}]",
                *(f"{key} = {value.replace('%', '%%')}" for key, value in sorted(options.items())),
            ]
        )
        for section, options in sorted(_merged(*parts).items())
    ]
    return "\n\n".join(blocks) + "\n"


def _merged(*parts: Mapping[str, Mapping[str, str]]) -> Sections:
    merged: Sections = {}
    for part in parts:
        for section, options in part.items():
            merged.setdefault(section, {}).update(options)
    return merged
