"""What a careful operator would not install is refused: the line names the keys and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

Told = Callable[..., list[str]]
BUDGET = {"enabled": True, "config": {"minAvailable": 1}}
AT_HOME = {"enabled": True, "hosts": [{"name": "home.example.org"}], "path": "/"}


@dataclass(frozen=True)
class Wrong:
    """Values that are refused together, and of each line the beginning and the remedy."""

    values: dict[str, Any]
    lines: tuple[tuple[str, str], ...]


DATABASE = Wrong(
    {
        "pgbouncer.enabled": True,
        "data": {"metadataSecretName": "database", "metadataConnection": {"protocol": "mysql"}},
        "scheduler.podDisruptionBudget": BUDGET,
        "workers.hpa": {"enabled": True, "minReplicaCount": 9},
        "images.airflow.tag": "2.10.5-python3.11",
        "cleanup.schedule": "hourly",
        "logs.persistence.existingClaim": "logs",
        "ingress": {"apiServer": AT_HOME, "flower": AT_HOME, "statsd": {"enabled": True}},
        "statsd.enabled": False,
        "telemetry.rules": {"enabled": True, "disabled": ["AirflowQueueWait"], "matchers": " "},
        "config": {"core": {"executor": "LocalExecutor"}, "metrics": {"legacy_names_on": "False"}},
    },
    (
        ("postgresql.enabled: the database is given", "set postgresql.enabled: false"),
        (
            'pgbouncer.enabled: PgBouncer speaks to PostgreSQL alone, and data.metadataConnection.protocol is "mysql"',
            "off",
        ),
        (
            "pgbouncer.enabled: its configuration comes from data.metadataConnection",
            "pgbouncer.configSecretName",
        ),
        (
            "scheduler.podDisruptionBudget.config: has minAvailable and maxUnavailable",
            "set maxUnavailable: null",
        ),
        (
            "scheduler.podDisruptionBudget.config.minAvailable: of 1 pods 1 must stay",
            "have more scheduler.replicas",
        ),
        ("workers.hpa.minReplicaCount: 9 is more than maxReplicaCount, 5", "make it less"),
        (
            'airflowVersion: is 3.3.2 and the image\'s tag "2.10.5-python3.11"',
            "write the version that is in the image",
        ),
        ('cleanup.schedule: "hourly" is no time of cron\'s', "write five fields"),
        ("logs.persistence.existingClaim: has no effect", "set logs.persistence.enabled: true"),
        ("ingress.flower.enabled: Flower is not there", "set flower.enabled"),
        ("ingress.statsd.enabled: the StatsD exporter is not there", "set statsd.enabled"),
        ("ingress.apiServer and ingress.flower: both answer home.example.org/", "another host or path"),
        ("telemetry.rules.enabled: stands on metrics of the StatsD exporter", "set statsd.enabled: true"),
        ("telemetry.rules.enabled: tenants and queues are read from names", "take it out"),
        ("telemetry.rules.matchers: is empty", "write namespace="),
        ("telemetry.rules.disabled: there is no alert AirflowQueueWait;", "AirflowQueueWaits"),
        (
            'config.core.executor: is "LocalExecutor" and executor "CeleryExecutor"',
            "write it in executor alone",
        ),
    ),
)
EXECUTOR = Wrong(
    {
        "executor": "KubernetesExecutor",
        "flower.enabled": True,
        "workers": {"keda": {"enabled": True}, "celery": {"sets": [{"name": "a", "queue": "a"}]}},
        "postgresql.enabled": False,
        "dags.gitSync": {"enabled": True, "repo": "https://git.example.org/dags.git", "sshKeySecret": "key"},
        "telemetry": {"scrape": "podMonitor", "openTelemetry": {"metrics": True, "traces": True}},
    },
    (
        ('flower.enabled: the executor "KubernetesExecutor" has no Celery workers', "write CeleryExecutor"),
        (
            'workers.keda.enabled: the executor "KubernetesExecutor" has no Celery workers',
            "write CeleryExecutor",
        ),
        (
            'workers.celery.sets: the executor "KubernetesExecutor" has no Celery workers',
            "write CeleryExecutor",
        ),
        ("postgresql.enabled: false leaves Airflow without a database", "set data.metadataConnection"),
        ('dags.gitSync.repo: "https://git.example.org/dags.git" is no ssh address', "write the ssh address"),
        (
            "telemetry.openTelemetry.metrics and statsd.enabled: Airflow sends metrics one way",
            "switch one off",
        ),
        ("telemetry.openTelemetry.endpoint: is empty", "write the address of the collector"),
    ),
)
GIT = Wrong(
    {
        "dags.gitSync": {
            "enabled": True,
            "repo": "git@git.example.org:dags.git",
            "credentialsSecret": "token",
            "env": [{"name": "GITSYNC_GITHUB_APP_APPLICATION_ID", "value": "1"}],
        },
        "statsd.enabled": False,
        "telemetry": {"scrape": "serviceMonitor", "dashboard": {"enabled": True}},
        "airflowVersion": "3.1.0",
        "telemetry.openTelemetry": {"traces": True, "endpoint": "http://collector:4318"},
    },
    (
        (
            'dags.gitSync.credentialsSecret: "git@git.example.org:dags.git" is no https address',
            "write the https address",
        ),
        ("dags.gitSync.env and dags.gitSync.credentialsSecret: git-sync logs in one way", "keep one"),
        ("telemetry.dashboard.enabled: stands on metrics of the StatsD exporter", "set statsd.enabled: true"),
        ("telemetry.scrape: serviceMonitor finds nothing", "write none"),
        ("telemetry.openTelemetry: Airflow 3.1.0 does not read these settings", "config.traces"),
    ),
)
SERVER = {
    "user": "a",
    "pass": "b",
    "host": "c",
    "port": 1,
    "db": "d",
    "protocol": "postgresql",
    "sslmode": "disable",
}
CLAIM = {"metadata": {"name": "scratch"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
RULE = [{"match": "airflow.*", "name": "any"}]
PARTS = Wrong(
    {
        "postgresql.enabled": False,
        "data": {
            "metadataSecretName": "database",
            "metadataConnection": {"host": "database.example.org"},
            "resultBackendSecretName": "results",
            "resultBackendConnection": SERVER,
        },
        "ingress.web.enabled": True,
        "config.core.auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "config.logging.remote_logging": "True",
        "workers": {
            "enableDefault": False,
            "kerberosSidecar": {"enabled": True},
            "priorityClassName": "high",
        },
        "priorityClasses": [{"name": "high", "value": 1}],
        "apiServer": {"enabled": False, "apiServerConfig": "A = 1", "apiServerConfigConfigMapName": "a"},
        "flower": {"enabled": True, "username": "operations"},
        "registry": {
            "secretName": "registry",
            "connection": {"user": "a", "pass": "b", "host": "c", "email": "d"},
        },
        "imagePullSecrets": [{"name": "registry"}],
        "statsd": {"overrideMappings": RULE, "extraMappings": RULE},
    },
    (
        ("data.metadataSecretName and data.metadataConnection: two databases", "keep one of the two keys"),
        ("data.resultBackendConnection and data.resultBackendSecretName:", "keep one of the two keys"),
        ("registry.connection and registry.secretName:", "keep one of the two keys"),
        ("imagePullSecrets and registry: pods take the former", "name its secret in imagePullSecrets"),
        ("workers.enableDefault: false leaves the Celery executor without workers", "workers.celery.sets"),
        ("workers.kerberosSidecar.enabled: the pods have neither", "set kerberos.enabled: true"),
        ("workers.priorityClassName: priorityClasses makes r-high, not high", "write r-high"),
        ("apiServer.enabled: false leaves tasks without the API", "config.core.execution_api_server_url"),
        (
            "apiServer.apiServerConfig and apiServer.apiServerConfigConfigMapName:",
            "keep one of the two keys",
        ),
        ("ingress.web.enabled: Airflow 3.3.2 has no webserver", "write the section ingress.apiServer"),
        ("flower.username and flower.password: with one of them", "give both, or flower.secretName"),
        (
            "config.logging.remote_logging: logs are to leave the pods",
            "write config.logging.remote_base_log_folder",
        ),
        (
            "createUserJob.enabled: config.core.auth_manager SimpleAuthManager keeps no users",
            "set createUserJob.enabled: false",
        ),
        (
            "statsd.extraMappings: statsd.overrideMappings replaces all rules",
            "write them into statsd.overrideMappings",
        ),
    ),
)
POOL = Wrong(
    {
        "pgbouncer": {"enabled": True, "sslmode": "verify-full", "ssl": {"cert": "certificate"}},
        "workers": {"celery": {"persistence": {"enabled": False}}, "volumeClaimTemplates": [CLAIM]},
    },
    (
        ("pgbouncer.sslmode: verify-full checks a certificate against nothing", "pgbouncer.ssl.ca"),
        ("pgbouncer.ssl: a certificate and its key go together", "give both"),
        (
            "workers.volumeClaimTemplates: the workers r-worker are a Deployment",
            "set workers.celery.persistence.enabled: true",
        ),
    ),
)
ROUTES = Wrong(
    {
        "apiServer.httpRoute.enabled": True,
        "webserver.httpRoute": {"enabled": True, "parentRefs": [{"name": "a"}]},
    },
    (
        ("apiServer.httpRoute.parentRefs: is empty, so that no gateway serves the route", "name the gateway"),
        ("webserver.httpRoute.enabled: the webserver is not there", "switch the route off"),
    ),
)
EVERY = {
    "routes": ROUTES,
    "database": DATABASE,
    "executor": EXECUTOR,
    "git": GIT,
    "parts": PARTS,
    "pool": POOL,
}
CASES = [(wrong, *line) for wrong in EVERY.values() for line in wrong.lines]


@pytest.fixture(scope="module")
def lines(told: Told) -> Callable[[Wrong], list[str]]:
    """A call gives what is told of values, which are rendered once."""
    known: dict[int, list[str]] = {}

    def found(wrong: Wrong) -> list[str]:
        if id(wrong) not in known:
            known[id(wrong)] = told(**wrong.values)
        return known[id(wrong)]

    return found


@pytest.mark.parametrize(("wrong", "beginning", "remedy"), CASES, ids=[case[1] for case in CASES])
def test_it_is_told_with_its_remedy(
    lines: Callable[[Wrong], list[str]], wrong: Wrong, beginning: str, remedy: str
) -> None:
    """Once, among all that is wrong."""
    (line,) = [line for line in lines(wrong) if line.startswith(beginning)]
    assert remedy in line[len(beginning) :]


@pytest.mark.parametrize("wrong", EVERY.values(), ids=EVERY)
def test_nothing_else_is_told(lines: Callable[[Wrong], list[str]], wrong: Wrong) -> None:
    """A refusal of what is right would be a mistake of ours."""
    beginnings = tuple(beginning for beginning, _ in wrong.lines)
    assert [line for line in lines(wrong) if not line.startswith(beginnings)] == []


def test_the_official_chart_takes_what_we_refuse(taken: Callable[..., str]) -> None:
    """KEDA wins over the other autoscaler there, and a values file that works goes on to work."""
    values = {"fernetKey": "a", "fernetKeySecretName": "b", "unheardOf": 1}
    scalers = {"workers.keda.enabled": True, "workers.hpa.enabled": True}
    text = taken("--set=deploymentPolicy.profile=official", **values, **scalers)
    assert "kind: ScaledObject" in text and "kind: HorizontalPodAutoscaler" not in text


def test_the_fewest_workers_of_kubernetes_autoscaler_are_one(taken: Callable[..., str]) -> None:
    """A real API server refuses none, which is the key's default."""
    assert "minReplicas: 1" in taken(
        "--show-only=templates/workers/worker-hpa.yaml", **{"workers.hpa.enabled": True}
    )
    assert "minReplicas: 0" in taken(
        "--show-only=templates/workers/worker-hpa.yaml",
        **{"workers.hpa.enabled": True, "deploymentPolicy.profile": "official"},
    )
