"""The chart's values that follow from environment.yaml and the tenants: what tasks find in the cluster."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aerodrome import names
from aerodrome.addresses import host_and_port
from aerodrome.aws_settings import ZONE, AwsSettings
from aerodrome.environment import Environment
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.manifest.tenant import Limits
from aerodrome.policy import offers
from aerodrome.quantities import format_memory
from aerodrome.render import airflow_options, host_logs, login, pods_logs
from aerodrome.render.longest_tasks import LEAST, longest_tasks
from aerodrome.render.pods_roles import role_of_pods
from aerodrome.store_settings import SsmSettings

Values = dict[str, Any]
Images = Mapping[str, Mapping[str, str]]
"""Tenant → repository and digest of the image that holds its code."""
PROCESSES = 256
"""Processes and threads of one job."""
# What a pod takes beside its tenant's container: tasks, secrets and launcher of the chart's `tenancy`, rounded up.
POD_CPU = 1.25
POD_MEMORY = 2**30 + 256 * 2**20
LOGS_MEMORY = 256 * 2**20
"""Of what sends the pod's logs, where they are sent."""
SPARE_PODS = 2
"""Pods that end while the next ones start count too."""
# The cluster refuses a pod while others of its tenant still end, and any pod while its API server is away; Airflow
# would fail the task at once. A round of the scheduler is one attempt: so many take longer than a pod takes to end, and
# less than the ten minutes after which a task is queued anew, so that one whose pod can never be made fails.
POD_ATTEMPTS = 500
HOST_USERS = "aerodrome-host-users"
"""The Secret with the broker's users of hosts, which whoever lets them in keeps."""
HEARTBEAT_FILE = "/tmp/worker-heartbeat"  # noqa: S108 - of the pod alone
# Celery's ping starts another Airflow each time, which takes four seconds of a core; a worker that hears of its broker
# no more sends no heartbeats either.
# An API server that has just begun, beside a deploy's other pods, may take more than five seconds for each of its first
# answers: five attempts of so long, and the task that asks would fail.
_WORKERS = {
    "workers": {"execution_api_timeout": "20"},
    "celery": {"celery_config_options": "aerodrome_airflow.celery_pods.CELERY_CONFIG"},
    "aerodrome": {"heartbeat_file": HEARTBEAT_FILE},
    "kubernetes_executor": {"task_publish_max_retries": str(POD_ATTEMPTS)},
}
_LIVELY = ["sh", "-c", f'test -n "$(find {HEARTBEAT_FILE} -mmin -2)"']
_LOCAL_SETTINGS = "from aerodrome_airflow.database import create_async_metadata_engine\n"


def chart_values(
    tenants: Iterable[LoadedTenant],
    environment: Environment,
    images: Images,
    store_authority: str = "",
    logs_authority: str = "",
) -> Values:
    """Return the chart's values that environment.yaml and the tenants decide.

    The authorities are PEM texts of who signed the certificates of the stores, where that is no public one.
    Each zone in the cluster has Celery workers of its own, and there are no others; tenants without such a zone have
    no namespace. What stands in neither file (networks, node pools, broker users, the platform's database, sizes of
    its own containers) is the business of environments/<env>/values.yaml.
    """
    found = sorted(tenants, key=lambda tenant: tenant.name)
    made = {tenant.name: _tenant(tenant, environment, images.get(tenant.name)) for tenant in found}
    longest = longest_tasks(found, environment)
    return {
        "executor": airflow_options.EXECUTORS,
        "config": _config(environment),
        "airflowLocalSettings": _LOCAL_SETTINGS,
        "workers": {
            "enableDefault": False,
            "terminationGracePeriodSeconds": max(longest.values(), default=LEAST),
            "celery": {"livenessProbe": {"command": _LIVELY}},
            **_kept_logs(environment),
        },
        # A deploy makes the first administrator, whose password nobody chose, and no other.
        "createUserJob": {"enabled": False},
        "dagProcessor": {"args": ["python", "-m", "aerodrome_airflow.dag_processor"]},
        "deploymentPolicy": {"longestTask": {"queues": longest}},
        "zoneWorkers": {"zones": _zone_workers(environment)},
        "tenancy": _tenancy(environment, store_authority, logs_authority),
        "tenants": {name: values for name, values in made.items() if values["zones"]},
        "platform": {**_collector(environment), **_login(environment), **_backup(environment)},
        **_entrance(environment),
        **_api_server(environment),
    }


def zones_with_pods(tenant: LoadedTenant, environment: Environment) -> tuple[str, ...]:
    """Return the zones in which *tenant* has pods, sorted: those that placement names in its DAGs."""
    queues = offers.queues(tenant.model.queues, environment).values()
    return tuple(sorted({queue.pods_of for queue in queues if queue.pods_of is not None}))


def _config(environment: Environment) -> Values:
    parts = (
        airflow_options.everywhere(environment),
        airflow_options.central_channel(environment),
        airflow_options.dags_from(environment.bundle),
        airflow_options.idle_dags(environment),
        _shown_logs(environment),
        _WORKERS,
        login.sessions(environment.login),
        *_decided(environment),
        *_patience(environment),
    )
    return {
        section: {key: _literal(text) for part in parts for key, text in part.get(section, {}).items()}
        for section in sorted({section for part in parts for section in part})
    }


def _literal(text: str) -> str:
    """Return an option as the chart's values have it: % begins a reference in airflow.cfg, {{ one of Helm's."""
    return text.replace("%", "%%").replace("{{", '{{ "{{" }}')


def _shown_logs(environment: Environment) -> airflow_options.Sections:
    """Return where the API server finds the logs of hosts and of pods."""
    places = [
        place for place in (host_logs.reader(environment, "", ""), pods_logs.reader(environment)) if place
    ]
    if not places:
        return {}
    said = places[0] if len(places) == 1 else places
    return {"aerodrome": {"log_store": json.dumps(said, sort_keys=True)}}


def _kept_logs(environment: Environment) -> Values:
    """Return for how many days workers keep logs that are sent, for they are looked through every few seconds."""
    return {} if environment.logs.kind == "none" else {"logGroomerSidecar": {"retentionDays": 1}}


def _patience(environment: Environment) -> tuple[airflow_options.Sections, ...]:
    """Return what a scheduler and an API server do for workers that may be away."""
    if environment.hosts is None:
        return ()
    return airflow_options.waiting(environment), airflow_options.tokens(environment)


def _decided(environment: Environment) -> tuple[airflow_options.Sections, ...]:
    """Return what makes the platform's login decide; without a directory or provider FAB's own does."""
    return () if environment.login.kind == "database" else (login.deciding(environment.login),)


def _zone_workers(environment: Environment) -> Values:
    zones = {queue.zone for queue in environment.queues.values() if environment.in_cluster(queue.zone)}
    return {zone: _workers_of(zone, environment) for zone in sorted(zones)}


def _workers_of(zone: str, environment: Environment) -> Values:
    queues = {name: queue for name, queue in sorted(environment.queues.items()) if queue.zone == zone}
    slots = str(sum(queue.slots for queue in queues.values()))
    env = [{"name": "AIRFLOW__CELERY__WORKER_CONCURRENCY", "value": slots}]
    role = pods_logs.role_of(environment, zone)
    return {"queues": list(queues), "workers": {"env": env}, **({"logsRole": role} if role else {})}


def _tenancy(environment: Environment, store_authority: str, logs_authority: str) -> Values:
    ports, logs = _ports(environment), pods_logs.values(environment, logs_authority)
    return {
        "environment": environment.name,
        "secrets": _secrets(environment, store_authority),
        "results": _results(environment),
        **({"logs": logs} if logs else {}),
        **({"networkPolicy": ports} if ports else {}),
    }


def _ports(environment: Environment) -> Values:
    ssm, logs = environment.secrets.ssm, pods_logs.port(environment)
    # The port of AWS's endpoints; Vault's is that of its servers, which its address need not tell.
    secrets = {"secretsStore": {"port": 443}} if ssm and not ssm.endpoint else {}
    return {**secrets, **({"logsStore": {"port": logs}} if logs else {})}


def _secrets(environment: Environment, authority: str) -> Values:
    settings = environment.secrets
    if settings.store == "none":
        return {"store": "none"}
    ages = {"freshSeconds": settings.fresh_seconds, "staleSeconds": settings.stale_seconds}
    if settings.ssm is not None:
        return {"store": "ssm", "ssm": _parameters(settings.ssm), **ages}
    vault = {
        "address": settings.vault.url,
        "kubernetesMount": settings.vault.kubernetes_mount,
        "audience": names.SECRETS_AUDIENCE,
        **({"caCertificate": authority} if authority else {}),
    }
    return {"store": "vault", "vault": vault, **ages}


def _parameters(ssm: SsmSettings) -> Values:
    roles = {tenant: list(listed) for tenant, listed in sorted(ssm.connection_roles.items())}
    listed = {"connectionRoles": roles} if roles else {}
    return {**_aws(ssm), "prefix": ssm.prefix, **listed}


def _results(environment: Environment) -> Values:
    settings = environment.results
    sizes = {
        "inlineBytes": settings.inline,
        "largestBytes": settings.largest,
        "encryptedTenants": list(settings.encrypted_tenants),
    }
    if settings.s3 is None:
        return {"store": "database", **sizes}
    s3 = {**_aws(settings.s3), "bucket": settings.s3.bucket, "prefix": settings.s3.prefix}
    return {"store": "s3", "s3": s3, **sizes}


def _aws(settings: AwsSettings) -> Values:
    return {**_account(settings), "agentRole": settings.agent(ZONE)}


def _account(settings: AwsSettings) -> Values:
    endpoint = {"endpoint": settings.endpoint} if settings.endpoint else {}
    return {
        "region": settings.region,
        "account": settings.account,
        "partition": settings.partition,
        **endpoint,
    }


def _collector(environment: Environment) -> Values:
    s3 = environment.results.s3
    if s3 is None:
        return {}
    agent = {**_account(s3), "role": s3.agent(names.COLLECTOR)}
    return {"resultsCollector": {"enabled": True, "agent": agent}}


def _backup(environment: Environment) -> Values:
    """Return what the job that dumps the database is told; a deploy that needs one switches it on."""
    dump = environment.backup.dump if environment.backup else None
    if dump is None:
        return {}
    secret = {"databaseSecretName": dump.connection_secret} if dump.connection_secret else {}
    seconds = int(dump.longest.total_seconds())
    given = {"claim": dump.claim, "image": dump.image_parts, "longestSeconds": seconds, **secret}
    return {"databaseBackup": given}


def _login(environment: Environment) -> Values:
    settings = environment.login
    if settings.kind == "database":
        return {}
    found: Values = {"login": {"settingsSecretName": login.SECRET_OF_API_SERVER}}
    if settings.has_directory and settings.directory is not None:
        where = {"networkPolicy": {"directory": {"port": _port(settings.directory.url)}}}
        found["roles"] = {"enabled": True, "settingsSecretName": login.SECRET_OF_ROLES, **where}
    return found


def _entrance(environment: Environment) -> Values:
    """Return the way in for hosts; nothing where the environment says of none where they come from."""
    hosts = environment.hosts
    if hosts is None or not hosts.networks:
        return {}
    addresses = hosts.addresses()
    broker, api = (host_and_port(each)[1] for each in (addresses.broker, addresses.execution_api))
    return {
        "hybrid": {
            "enabled": True,
            "networks": list(hosts.networks),
            "tlsSecretName": hosts.certificate,
            "broker": {"port": broker, "usersSecretName": HOST_USERS},
            "executionApi": {"port": api},
        }
    }


def _api_server(environment: Environment) -> Values:
    """Return by which account the API server reads logs: the role for that trusts it by its name."""
    if environment.logs.kind == "none":
        return {}
    return {"apiServer": {"serviceAccount": {"name": names.api_server_account(environment.cluster.release)}}}


def _port(directory: str) -> int:
    address = urlsplit(directory)
    return address.port or {"ldap": 389, "ldaps": 636}[address.scheme]


def _tenant(tenant: LoadedTenant, environment: Environment, image: Mapping[str, str] | None) -> Values:
    limits = tenant.model.limits
    return {
        **({"image": dict(sorted(image.items()))} if image else {}),
        "limits": {"cpu": limits.cpu, "memory": format_memory(limits.memory), "processes": PROCESSES},
        "quota": _quota(limits, sends_logs=environment.logs.kind != "none"),
        "zones": {
            zone: _zone(tenant.name, zone, environment) for zone in zones_with_pods(tenant, environment)
        },
    }


def _zone(tenant: str, zone: str, environment: Environment) -> Values:
    roles = {
        "iamRole": role_of_pods(environment, tenant, zone),
        "logsRole": pods_logs.role_of(environment, zone, tenant),
    }
    return {key: role for key, role in roles.items() if role}


def _quota(limits: Limits, *, sends_logs: bool) -> Values:
    """Return what a tenant's pods take together, those included whose tasks are over."""
    # While the store of logs is away a pod ends up to a minute after its task, whose slot is another one's by then.
    pods = limits.parallelism * (2 if sends_logs else 1) + SPARE_PODS
    own = POD_MEMORY + (LOGS_MEMORY if sends_logs else 0)
    cpu, memory = math.ceil(pods * (limits.cpu + POD_CPU)), pods * (limits.memory + own)
    size = f"{math.ceil(memory / 2**20)}Mi"
    return {
        "pods": str(pods),
        "requests.cpu": str(cpu),
        "requests.memory": size,
        "limits.memory": size,
        "persistentvolumeclaims": "2",
        "services": "0",
    }
