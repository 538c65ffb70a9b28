"""Task logs of hosts: what the host sends, with what rights, and where the API server finds it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aerodrome import names
from aerodrome.addresses import host_and_port
from aerodrome.aws_settings import ZONE
from aerodrome.environment import Environment
from aerodrome.logs_settings import LogsBucket, LogsHdfs, LogsSettings
from aerodrome.render.airflow_text import Sections
from aerodrome.render.host_places import AGENT_SOCKET, CONFIG, SECRETS, STATE, TASK_LOGS

LEDGER = f"{STATE}/logs/sent.sqlite"
STATUS = "/run/aerodrome-logs/status.json"
AUTHORITY = f"{CONFIG}/logs-authority.pem"
LOGIN = f"{SECRETS}/logs.json"
_READER = "aerodrome-api"
"""Who reads logs in an HDFS without Kerberos."""


def variables(environment: Environment, zone: str, host: str) -> dict[str, Any]:
    """Return the variables of the role worker_logs for *host* of *zone*; the login is none of them."""
    logs = _settings(environment)
    return {
        "worker_logs_kind": logs.kind,
        "worker_logs_user": names.worker_user(zone),
        "worker_logs_config": _sender(environment, logs, zone, host),
        "worker_logs_unsent_days": logs.unsent_days,
    }


def agent(environment: Environment, zone: str) -> dict[str, Any]:
    """Return what agent.json of a host says of logs: what it lends to whoever sends them, where it lends anything."""
    s3 = _settings(environment).s3
    if s3 is None:
        return {}
    lent = {"role": s3.role.replace(ZONE, zone), "kms_key": s3.kms_key, "login_file": LOGIN}
    return {"logs": {**_of_zone(_bucket(s3, environment), zone, s3.authority), **lent}}


def airflow_options(queue: str) -> Sections:
    """Return what airflow.cfg of a host's worker of *queue* says of logs and signs of life."""
    return {
        "logging": {
            # Airflow's own way to send logs waits for the store at the end of each task, and sends once.
            "remote_logging": "False",
            "file_task_handler_new_folder_permissions": "0o2750",
            "file_task_handler_new_file_permissions": "0o640",
        },
        "aerodrome": {"heartbeat_file": f"{STATE}/worker/{queue}/heartbeat"},
    }


def reader(environment: Environment, login_file: str, authority_file: str) -> dict[str, Any]:
    """Return `[aerodrome] log_store` of an API server, or {} where no host's logs go anywhere.

    *login_file* and *authority_file* are places on its own machine; an empty text where it needs none.
    """
    if environment.hosts is None or environment.hosts.logs.kind == "none":
        return {}
    zones = {name: queue.zone for name, queue in sorted(environment.queues.items())}
    on_hosts = {name: zone for name, zone in zones.items() if environment.on_hosts(zone)}
    logs = environment.hosts.logs
    if logs.s3 is not None:
        place = {"kind": "s3", **_bucket(logs.s3, environment)}
    else:
        place = _hdfs(logs.hdfs, environment, _READER)
    more = {"ca_file": authority_file or None, **({"login_file": login_file} if login_file else {})}
    return {"store": {**place, **more}, "zones": on_hosts}


def shown(environment: Environment, login_file: str = "", authority_file: str = "") -> Sections:
    """Return what an API server is told of hosts' logs, as :func:`reader` says it; without a login file it reads with
    what its surroundings give it."""
    said = reader(environment, login_file, authority_file)
    return {"aerodrome": {"log_store": json.dumps(said, sort_keys=True)}} if said else {}


def reached(environment: Environment) -> Iterator[tuple[str, int, str]]:
    """Yield address, port and purpose of what a host that sends logs must reach and environment.yaml names."""
    logs = _settings(environment)
    if logs.s3 is not None:
        url = logs.s3.endpoint or f"https://s3.{logs.s3.region}.amazonaws.com"
        yield *host_and_port(url), "task logs"
        if logs.s3.endpoint is None:
            yield f"sts.{logs.s3.region}.amazonaws.com", 443, "roles for task logs"
    if logs.hdfs is not None:
        yield *host_and_port(logs.hdfs.url), "task logs"


def _settings(environment: Environment) -> LogsSettings:
    return environment.hosts.logs if environment.hosts is not None else LogsSettings()


def _sender(environment: Environment, logs: LogsSettings, zone: str, host: str) -> dict[str, Any]:
    return {
        "folder": TASK_LOGS,
        "ledger": LEDGER,
        "status": STATUS,
        "host": host,
        "kept_seconds": logs.kept_hours * 3600,
        "largest_bytes": logs.largest,
        "store": _place(environment, logs, zone),
    }


def _place(environment: Environment, logs: LogsSettings, zone: str) -> dict[str, Any]:
    if logs.s3 is not None:
        place = {"kind": "s3", **_bucket(logs.s3, environment), "agent_socket": AGENT_SOCKET}
        return _of_zone(place, zone, logs.s3.authority)
    if logs.hdfs is not None:
        return _of_zone(_hdfs(logs.hdfs, environment, names.worker_user(zone)), zone, logs.hdfs.authority)
    return {}


def _of_zone(place: dict[str, Any], zone: str, authority: object) -> dict[str, Any]:
    return {**place, "base": f"{place['base']}{zone}/", "ca_file": AUTHORITY if authority else None}


def _bucket(s3: LogsBucket, environment: Environment) -> dict[str, Any]:
    base = s3.base(environment.name)
    return {"bucket": s3.bucket, "base": base, "region": s3.region, "endpoint": s3.endpoint}


def _hdfs(hdfs: LogsHdfs | None, environment: Environment, user: str) -> dict[str, Any]:
    if hdfs is None:
        raise ValueError("logs of this kind go nowhere")
    base = f"{hdfs.folder}/{environment.name}/"
    return {"kind": "hdfs", "url": hdfs.url, "base": base, "user": user, "ticket": hdfs.ticket}
