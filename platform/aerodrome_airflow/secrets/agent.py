"""The secrets agent: one process per zone that alone can log in to the stores.

python -m aerodrome_airflow.secrets.agent --config agent.json
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import logging
import os
import pwd
import resource
import signal
import socket
import sys
from pathlib import Path

from aerodrome_airflow.json_settings import SettingsError
from aerodrome_airflow.launcher import listening
from aerodrome_airflow.secrets.clock import Clock, since_boot
from aerodrome_airflow.secrets.config import Config, load
from aerodrome_airflow.secrets.desks import Desks, Stores
from aerodrome_airflow.secrets.server import Server

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
BACKLOG = 256
ENDING = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger("secrets")


def harden() -> None:
    """Keep what this process reads out of core dumps, and from others of its user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_DUMPABLE, 0), (_PR_SET_NO_NEW_PRIVS, 1)):
        if libc.prctl(option, value, 0, 0, 0):
            raise listening.CannotStartError(f"prctl({option}): {os.strerror(ctypes.get_errno())}")


def listen(config: Config) -> socket.socket:
    """Return the listening socket, after removing one that an earlier agent left."""
    return listening.listen(config.socket, BACKLOG, config.user, config.socket_group)


def become(user: str | None) -> None:
    """Go on as *user*, who cannot read the files with the login."""
    if user is None or os.geteuid() != 0:
        return
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)


def allowed(config: Config) -> frozenset[int]:
    """Return the numbers of the users that may ask; one that does not exist asks nothing."""
    if config.allowed_users is None:
        return frozenset({os.geteuid()})
    found = set()
    for name in config.allowed_users:
        with contextlib.suppress(KeyError):
            found.add(pwd.getpwnam(name).pw_uid)
    return frozenset(found)


async def serve(config: Config, stores: Stores, listener: socket.socket) -> None:
    """Answer until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    log.info("serving zone '%s' on %s", config.zone, config.socket)
    await serve_until(ended, config, stores, listener, since_boot)


async def serve_until(
    ended: asyncio.Event, config: Config, stores: Stores, listener: socket.socket, clock: Clock
) -> None:
    """Answer until *ended* is set."""
    desks = Desks(stores, config.ages, clock)
    try:
        await Server(desks.answer, allowed(config), config.tenants).serve(listener, ended)
    finally:
        await stores.close()


def run(path: Path) -> None:
    """Serve with the configuration in *path* until told to stop."""
    harden()
    config = load(path)
    lock = listening.claim(config.socket, "agent")
    # While the files that it needs can still be read.
    stores = config.open_stores(since_boot)
    # Whoever sees the socket may ask the agent to end: that waits until it can do so in order.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    listener = listen(config)
    become(config.user)
    # A change of user makes a process dumpable again on some machines.
    harden()
    try:
        asyncio.run(serve(config, stores, listener))
    finally:
        with contextlib.suppress(OSError):
            config.socket.unlink()
        os.close(lock)


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code of the agent."""
    parser = argparse.ArgumentParser(prog="agent", description="Reads secrets for the workers of one zone.")
    parser.add_argument("--config", type=Path, required=True, help="agent.json")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s secrets[%(process)d] %(message)s"
    )
    # What it asks for, and whom, line by line.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        run(options.config)
    except (listening.CannotStartError, SettingsError, OSError, KeyError) as problem:
        log.error("cannot start: %s", problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
