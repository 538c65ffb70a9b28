"""What workers, launchers and the secrets agent of a host are told: airflow.cfg, launcher.json, agent.json. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Host
from aerodrome.hosts_settings import HostsSettings
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render import airflow_options, airflow_worker, host_logs
from aerodrome.render.airflow_text import Sections, config_text
from aerodrome.render.host_places import (
    AGENT_SOCKET,
    AUTHORITY,
    CONFIG,
    LOGS,
    RUN,
    SECRETS,
    STATE,
    TASK_LOGS,
)

BROKER_URL = f"{SECRETS}/broker-url"
ROLE_ID, SECRET_ID = f"{SECRETS}/role_id", f"{SECRETS}/secret_id"
HADOOP = f"{CONFIG}/hadoop"
# As in role hadoop_client: of an archive, and of a package.
HADOOP_HOME, PACKAGED_HADOOP_HOME = "/opt/aerodrome/hadoop", "/usr/lib/hadoop"
# Processes and threads of one job; a tenant's limits say nothing about it.
PROCESSES = 256
# Of a request that failed: the network is back for so long at most until the next attempt.
_LONGEST_PAUSE = 15
_HEARTBEAT = 2
_FIRST_ATTEMPTS = 5


def airflow_cfg(environment: Environment, hosts: HostsSettings, host: Host, queue: str) -> str:
    """Return airflow.cfg of the worker of *queue* on *host*: it holds no secret, and names the file of one."""
    # Airflow takes every byte of the answer, and the end of a line would become a part of the address.
    read = f"awk 1 ORS= {BROKER_URL}"
    return config_text(
        airflow_options.process(environment, _places(hosts, queue), worker=True),
        airflow_worker.celery({"broker_url_cmd": read, "result_backend_cmd": read}),
        airflow_worker.secrets_backend(AGENT_SOCKET),
        _results(environment),
        airflow_worker.worker(queue, host.slots[queue], f"{RUN}/launcher/{{tenant}}.sock", host.name),
        _far(environment),
        host_logs.airflow_options(queue),
    )


def agent(
    environment: Environment, hosts: HostsSettings, host: Host, tenants: Iterable[str]
) -> dict[str, Any]:
    """Return agent.json: it mints tokens for *tenants* of the host's zone, for its workers' user alone."""
    user = names.worker_user(host.zone)
    store = {
        "kind": "vault",
        "url": hosts.addresses().secrets,
        "role_id_file": ROLE_ID,
        "secret_id_file": SECRET_ID,
        "ca_file": AUTHORITY,
    }
    return {
        "socket": AGENT_SOCKET,
        "socket_group": None,
        "user": user,
        "allowed_users": [user],
        "environment": environment.name,
        "zone": host.zone,
        "tenants": sorted(tenants),
        "store": store,
        "fresh_seconds": environment.secrets.fresh_seconds,
        "stale_seconds": environment.secrets.stale_seconds,
        **host_logs.agent(environment, host.zone),
    }


def launcher(
    host: Host, tenant: str, model: TenantManifest, surroundings: Mapping[str, str]
) -> dict[str, Any]:
    """Return launcher.json of *tenant*; its jobs find *surroundings* in their environment."""
    user = names.worker_user(host.zone)
    home = f"{STATE}/homes/{tenant}"
    own = {
        "user": names.os_user(tenant),
        "home": f"{home}/home",
        "data": f"{home}/data",
        "runtimes": f"{STATE}/runtimes/{tenant}",
        "environment": dict(surroundings),
        "limits": limits(model),
    }
    return {
        "socket": f"{RUN}/launcher/{tenant}.sock",
        "socket_group": user,
        "allowed_users": [user],
        "tenants": {tenant: own},
    }


def limits(model: TenantManifest) -> dict[str, Any]:
    """Return what one job of the tenant may take."""
    wanted = model.limits
    return {"memory_bytes": wanted.memory, "cpus": float(wanted.cpu), "processes": PROCESSES}


def _places(hosts: HostsSettings, queue: str) -> airflow_options.Places:
    addresses = hosts.addresses()
    return airflow_options.Places(
        home=f"{CONFIG}/worker/{queue}",
        api=addresses.execution_api,
        logs=LOGS,
        task_logs=TASK_LOGS,
        alerts=f"{LOGS}/alerts",
        data=f"{STATE}/homes/{{tenant}}/data",
        bundle=addresses.bundle,
        bundles=f"{STATE}/bundles/{queue}",
    )


def _results(environment: Environment) -> Sections:
    found = airflow_worker.results(environment, {"xcom_store": f"{STATE}/results"})
    # Nobody else reads a host's folders: what the database does not take fails its task, as in a cluster without S3.
    found["aerodrome"]["xcom_largest_bytes"] = str(environment.results.inline)
    return found


def _far(environment: Environment) -> Sections:
    """Return how a worker waits for a platform that it cannot reach, and a little less than the scheduler does."""
    seconds = airflow_options.silent_seconds(environment)
    patience = airflow_options.patience_seconds(environment.hosts) if environment.hosts else 0
    return {
        "aerodrome": {"patience": str(patience)},
        "api": {"ssl_ca_file": AUTHORITY, "client_use_public_certs": "False"},
        "workers": {
            "max_failed_heartbeats": str(math.ceil(seconds / _HEARTBEAT)),
            "execution_api_retries": str(_FIRST_ATTEMPTS + math.ceil(seconds / _LONGEST_PAUSE)),
            "execution_api_retry_wait_max": str(_LONGEST_PAUSE),
        },
    }
