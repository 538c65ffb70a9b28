"""airflow.cfg of each Airflow process: one file each, and in it only the secrets that this process needs."""

from __future__ import annotations

from aerodrome import names
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import login, logs_of_hosts
from aerodrome.local.stores.broker import BrokerUser, broker_url, scheduler_user, zone_user
from aerodrome.render import airflow_options, airflow_worker
from aerodrome.render.airflow_text import Sections, config_text, merged


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
    }
    return config_text(
        _common(platform, "api-server"),
        _database(platform),
        _tokens(platform),
        own,
        login.options(platform),
        airflow_options.central_channel(platform.environment),
        logs_of_hosts.options(platform),
    )


def scheduler(platform: Platform) -> str:
    """Return airflow.cfg of the scheduler, which also migrates the database and sets up roles."""
    here = (platform.environment.queues[queue].slots for queue in platform.queues_here)
    slots = sum(here) + sum(sum(host.slots.values()) for host in platform.hosts)
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
    idle = airflow_options.idle_dags(platform.environment)
    return config_text(_common(platform, "dag-processor"), _database(platform), idle)


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
        airflow_worker.secrets_backend(str(platform.layout.secrets_socket(zone))) if zone else {},
        {"aerodrome": launcher},
        _results(platform, zone),
    )


def worker(platform: Platform, queue: str) -> str:
    """Return airflow.cfg of the workers of *queue*: no database, no signing key, no Fernet key."""
    process = f"worker-{queue}"
    wanted = platform.environment.queues[queue]
    launcher = str(platform.layout.launcher_socket(wanted.zone))
    return config_text(
        _common(platform, process),
        _celery(platform, zone_user(platform, wanted.zone)),
        airflow_worker.secrets_backend(str(platform.layout.secrets_socket(wanted.zone))),
        _results(platform, wanted.zone),
        airflow_worker.worker(queue, wanted.slots, launcher),
    )


def _common(platform: Platform, process: str) -> Sections:
    return airflow_options.process(
        platform.environment,
        _places(platform, process),
        enforce_policy=platform.enforce_policy,
        worker=process.startswith("worker"),
    )


def _places(platform: Platform, process: str) -> airflow_options.Places:
    layout = platform.layout
    return airflow_options.Places(
        home=str(layout.process_config(process)),
        api=f"{platform.api_url}/execution/",
        logs=str(layout.logs),
        task_logs=str(layout.task_logs),
        alerts=str(layout.alerts),
        data=str(layout.homes / "{tenant}" / "data"),
        bundle=str(layout.bundle),
        bundles=str(layout.state / "bundles" / process),
    )


def _results(platform: Platform, zone: str | None) -> Sections:
    # Not of the API server and the scheduler: they show and count references, and follow none.
    agent = str(platform.layout.secrets_socket(zone)) if zone else ""
    bucket = airflow_worker.bucket_of_results(platform.environment, agent)
    return airflow_worker.results(
        platform.environment, bucket or {"xcom_store": str(platform.layout.results)}
    )


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
    own = {"jwt_secret": platform.credentials.jwt_secret(), "jwt_issuer": "aerodrome"}
    return merged(airflow_options.tokens(platform.environment), {"api_auth": own})


def _celery(platform: Platform, user: BrokerUser) -> Sections:
    url = broker_url(platform, user)
    return airflow_worker.celery({"broker_url": url, "result_backend": url})
