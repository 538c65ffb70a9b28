"""The processes of ENV=local: what each runs, as whom, with which files, and how it is told to stop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aerodrome import names
from aerodrome.local.machine.interpreter import launcher_digest, runtime_digest, secrets_agent_digest
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import airflow_config, login, logs_of_hosts, zone_settings
from aerodrome.local.processes.process import Process
from aerodrome.local.stores import (
    broker,
    directory,
    entrance,
    entrance_tls,
    openbao,
    postgres,
    results_login,
    secrets_login,
)
from aerodrome.render.login import SETTINGS

STORES = ("postgres", "redis", "openbao")
ROLES = "roles"


def listening(platform: Platform) -> dict[str, dict[str, int]]:
    """Return process → its ports by their keys of `local.ports`: known before anything is installed."""
    ports = platform.ports
    own = {directory.NAME: {"directory": ports.directory}}
    return {
        **(own if platform.environment.login.runs_directory else {}),
        "postgres": {"postgres": ports.postgres},
        "redis": {"redis": ports.redis},
        "openbao": {"openbao": ports.openbao, "openbao_cluster": ports.openbao_cluster},
        "api-server": {"api_server": ports.api_server},
    }


def desired(platform: Platform) -> tuple[Process, ...]:
    """Return every process of *platform* in the order of their start."""
    code = runtime_digest(platform.layout.repository)
    launcher_code = launcher_digest(platform.layout.repository)
    agent_code = secrets_agent_digest(platform.layout.repository)
    return (
        _postgres(platform),
        _redis(platform),
        _openbao(platform),
        *([_directory(platform)] if platform.environment.login.runs_directory else []),
        *(_launcher(platform, zone, launcher_code) for zone in platform.served_here),
        *(_secrets_agent(platform, zone, agent_code) for zone in platform.served_here),
        *([_collectors_agent(platform, agent_code)] if results_login.in_bucket(platform) else []),
        _api_server(platform, code),
        _scheduler(platform, code),
        _dag_processor(platform, code),
        _triggerer(platform, code),
        _results_collector(platform, code),
        *([_roles(platform, code)] if platform.environment.login.has_directory else []),
        *(_worker(platform, queue, code) for queue in platform.queues_here),
        *(_entrance(platform) if platform.entrance else ()),
    )


def _postgres(platform: Platform) -> Process:
    folder = platform.layout.process_config("postgres")
    return Process(
        "postgres",
        (str(postgres.binaries(platform) / "postgres"), "-c", f"config_file={folder / 'postgresql.conf'}"),
        platform.accounts.postgres,
        postgres.data_folder(platform),
        {
            "postgresql.conf": postgres.configuration(platform),
            "pg_hba.conf": postgres.access_rules(),
            "pg_ident.conf": "",
        },
        {"LC_ALL": "C.UTF-8"},
        priority=10,
        stop_signal="INT",
        stop_seconds=20,
        umask="077",
        ports=listening(platform)["postgres"],
    )


def _redis(platform: Platform) -> Process:
    folder = platform.layout.process_config("redis")
    tls = entrance_tls.files(platform) if platform.entrance else {}
    return Process(
        "redis",
        (broker.program(platform), str(folder / "redis.conf")),
        platform.accounts.redis,
        platform.layout.data / "redis",
        {"redis.conf": broker.configuration(platform), "users.acl": broker.access_list(platform), **tls},
        priority=10,
        umask="077",
        ports=listening(platform)["redis"],
        reloaded=("users.acl", *tls),
    )


def _openbao(platform: Platform) -> Process:
    folder = platform.layout.process_config("openbao")
    return Process(
        "openbao",
        (str(openbao.program(platform)), "server", f"-config={folder / 'openbao.hcl'}"),
        platform.accounts.openbao,
        openbao.data_folder(platform),
        {"openbao.hcl": openbao.configuration(platform), "seal.key": openbao.seal_key_text(platform)},
        {"HOME": str(folder)},
        priority=10,
        stop_signal="INT",
        umask="077",
        ports=listening(platform)["openbao"],
    )


def _directory(platform: Platform) -> Process:
    return Process(
        directory.NAME,
        directory.command(platform),
        platform.accounts.directory,
        directory.data_folder(platform),
        directory.files(platform),
        priority=20,
        umask="077",
        ports=listening(platform)[directory.NAME],
    )


def _launcher(platform: Platform, zone: str, code: str) -> Process:
    name = f"launcher-{zone}"
    folder = platform.layout.process_config(name)
    program = (str(platform.layout.python), "-I", "-m", "aerodrome_airflow.launcher.server")
    return Process(
        name,
        (*program, "--config", str(folder / "launcher.json")),
        None,
        folder,
        {"launcher.json": json.dumps(zone_settings.launcher(platform, zone), indent=1, sort_keys=True)},
        priority=20,
        code=code,
        reloaded=("launcher.json",),
    )


def _secrets_agent(platform: Platform, zone: str, code: str) -> Process:
    login = {**secrets_login.files(platform, zone), **results_login.files(platform)}
    return _agent(platform, zone, zone_settings.secrets_agent(platform, zone), login, code)


def _collectors_agent(platform: Platform, code: str) -> Process:
    settings = zone_settings.collectors_agent(platform)
    return _agent(platform, names.COLLECTOR, settings, results_login.files(platform), code)


def _agent(
    platform: Platform, zone: str, settings: Mapping[str, Any], login: Mapping[str, str], code: str
) -> Process:
    name = f"secrets-{zone}"
    folder = platform.layout.process_config(name)
    program = (str(platform.layout.python), "-I", "-m", "aerodrome_airflow.secrets.agent")
    return Process(
        name,
        (*program, "--config", str(folder / "agent.json")),
        # Root's files and root's start: it goes on as the user who asks it, who cannot read the login.
        None,
        folder,
        {"agent.json": json.dumps(settings, indent=1, sort_keys=True), **login},
        priority=20,
        code=code,
    )


def _api_server(platform: Platform, code: str) -> Process:
    return _airflow(
        platform,
        "api-server",
        ("api-server",),
        airflow_config.api_server(platform),
        code,
        priority=30,
        files={**login.webserver_files(platform), **logs_of_hosts.files(platform)},
        ports=listening(platform)["api-server"],
        # Roles of groups: they are read at each login.
        reloaded=(SETTINGS,),
    )


def _scheduler(platform: Platform, code: str) -> Process:
    text = airflow_config.scheduler(platform)
    return _airflow(platform, "scheduler", ("scheduler",), text, code, priority=40)


def _dag_processor(platform: Platform, code: str) -> Process:
    text = airflow_config.dag_processor(platform)
    module = "aerodrome_airflow.dag_processor"
    return _airflow(platform, "dag-processor", (), text, code, priority=50, module=module)


def _triggerer(platform: Platform, code: str) -> Process:
    text = airflow_config.triggerer(platform)
    return _airflow(
        platform,
        "triggerer",
        ("triggerer", "--skip-serve-logs"),
        text,
        code,
        priority=60,
        umask="007",
    )


def _results_collector(platform: Platform, code: str) -> Process:
    return _airflow(
        platform,
        "results-collector",
        ("--every", "10"),
        airflow_config.results_collector(platform),
        code,
        priority=80,
        module="aerodrome_airflow.xcom.collector",
    )


def _roles(platform: Platform, code: str) -> Process:
    return _airflow(
        platform,
        ROLES,
        (),
        airflow_config.roles(platform),
        code,
        priority=80,
        files=login.files(platform, ROLES),
        module="aerodrome_airflow.roles.follow",
    )


def _entrance(platform: Platform) -> tuple[Process, Process]:
    user, folder = platform.accounts.entrance, platform.layout.process_config
    return (
        Process(
            entrance.NAME,
            entrance.command(platform, entrance.NAME),
            user,
            folder(entrance.NAME),
            entrance.files(platform),
            priority=90,
            umask="077",
            reloaded=(entrance.USERS, *entrance_tls.FILES),
        ),
        Process(
            entrance.BROKER,
            entrance.command(platform, entrance.BROKER),
            user,
            folder(entrance.BROKER),
            entrance.broker_files(platform),
            priority=90,
            umask="077",
        ),
    )


def _worker(platform: Platform, queue: str, code: str) -> Process:
    zone = platform.environment.queues[queue].zone
    return _airflow(
        platform,
        f"worker-{queue}",
        ("celery", "worker", "--queues", queue, "--skip-serve-logs", "--without-mingle", "--without-gossip"),
        airflow_config.worker(platform, queue),
        code,
        user=platform.accounts.worker(zone),
        priority=70,
        umask="007",
        stop_seconds=30,
    )


def _airflow(  # noqa: PLR0913
    platform: Platform,
    name: str,
    arguments: tuple[str, ...],
    config: str,
    code: str,
    *,
    priority: int,
    files: Mapping[str, str] | None = None,
    user: str | None = None,
    umask: str = "027",
    ports: Mapping[str, int] | None = None,
    stop_seconds: int = 10,
    module: str = "airflow",
    reloaded: tuple[str, ...] = (),
) -> Process:
    folder = platform.layout.process_config(name)
    return Process(
        name,
        (str(platform.layout.python), "-m", module, *arguments),
        user or platform.accounts.airflow,
        folder,
        {"airflow.cfg": config, **(files or {})},
        airflow_environment(platform, name, user),
        priority=priority,
        umask=umask,
        code=code,
        ports=ports or {},
        stop_seconds=stop_seconds,
        reloaded=reloaded,
    )


def airflow_environment(platform: Platform, process: str, user: str | None = None) -> dict[str, str]:
    """Return the environment of an Airflow process, of *user* or of Airflow's own: places, never a secret."""
    folder = str(platform.layout.process_config(process))
    return {
        "AIRFLOW_HOME": folder,
        "HOME": folder,
        "GIT_CONFIG_GLOBAL": str(platform.layout.git_config),
        "GIT_CONFIG_NOSYSTEM": "1",
        # The bundle asks for this connection before each task and writes an error where there is none.
        "AIRFLOW_CONN_GIT_DEFAULT": "git://",
        "PATH": f"{platform.layout.venv / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "TMPDIR": str(platform.layout.temporary_of(user or platform.accounts.airflow)),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
    }
