"""Options of airflow.cfg of Celery workers, here and on hosts, and of who else speaks to the broker. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.render.airflow_text import Sections

# A message that a worker took is its own for a week: longer than any task may run.
VISIBILITY_TIMEOUT = 7 * 24 * 3600
XCOM_BACKEND = "aerodrome_airflow.xcom.backend.TenantXCom"


def celery(broker: Mapping[str, str]) -> Sections:
    """Return what scheduler and workers share; *broker*: the options that say where broker and results are."""
    return {
        "celery": {
            **broker,
            "celery_config_options": "aerodrome_airflow.celery_config.CELERY_CONFIG",
            "worker_enable_remote_control": "False",
            "worker_prefetch_multiplier": "1",
            "operation_timeout": "10",
            "task_publish_max_retries": "10",
        },
        "celery_broker_transport_options": {"visibility_timeout": str(VISIBILITY_TIMEOUT)},
    }


def worker(queue: str, slots: int, launcher_socket: str, host: str | None = None) -> Sections:
    """Return what is the own of the worker of *queue*, here or on *host*."""
    unacked, index = names.unacked_keys(queue, host)
    return {
        "celery": {"worker_concurrency": str(slots)},
        "celery_broker_transport_options": {
            "unacked_key": unacked,
            "unacked_index_key": index,
            "client_name": f"worker-{queue}",
        },
        "aerodrome": {"launcher_socket": launcher_socket, "queue": queue},
    }


def secrets_backend(socket: str) -> Sections:
    """Return the settings of a process whose tasks ask the secrets agent that listens on *socket*."""
    return {
        "workers": {
            "secrets_backend": "aerodrome_airflow.secrets.TenantSecretsBackend",
            "secrets_backend_kwargs": json.dumps({"socket": socket}),
        },
        # The process that writes a trigger's log makes no backend, which would see to it.
        "logging": {"secret_mask_adapter": "aerodrome_airflow.secrets.forms.forms"},
    }


def results(environment: Environment, place: Mapping[str, str]) -> Sections:
    """Return what a process that stores or follows large results is told; *place*: the options of where they are."""
    wanted = environment.results
    return {
        "core": {"xcom_backend": XCOM_BACKEND},
        "aerodrome": {
            **place,
            "xcom_inline_bytes": str(wanted.inline),
            "xcom_largest_bytes": str(wanted.largest),
            "xcom_sealed_tenants": " ".join(wanted.encrypted_tenants),
        },
    }


def bucket_of_results(environment: Environment, agent_socket: str) -> dict[str, str] | None:
    """Return where large results are in S3, lent out by the agent on *agent_socket*; None where they are not there."""
    s3 = environment.results.s3
    if s3 is None:
        return None
    return {
        "xcom_store": f"s3://{s3.bucket}/{s3.prefix}",
        "xcom_s3_region": s3.region,
        "xcom_s3_endpoint": s3.endpoint or "",
        "xcom_agent_socket": agent_socket,
    }
