"""The launcher: one process per zone, or per tenant of a host, that starts tenants' code as the tenants' own users.

python server.py --config launcher.json

Started by systemd for a socket unit it serves that unit's socket, and leaves it for the next one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import pwd
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from aerodrome_airflow.launcher import (
    activation,
    cgroups,
    keeper,
    limiting,
    listening,
    processes,
    protocol,
    slots,
)
from aerodrome_airflow.launcher.config import Config, ConfigError, load

_CREDENTIALS = struct.Struct("3i")
SHUTDOWN_SECONDS = 5.0
BACKLOG = 128
# How long, and how often, killed processes that have not ended are looked after before others have their turn.
STRAY_SECONDS = 0.02
STRAY_PAUSE = 0.2

log = logging.getLogger("launcher")


class CurrentConfig:
    """The configuration as its file says now; a file that cannot be used leaves the last one in force."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self._config = load(path)

    def get(self) -> Config:
        """Return the configuration, read again where the file has changed."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self._reload()
        return self._config

    def _reload(self) -> None:
        try:
            self._config = load(self._path)
            log.info("read %s again", self._path)
        except ConfigError as problem:
            log.error("keep the last configuration: %s", problem)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size


@dataclass
class Server:
    """The listening socket and the keepers of the jobs that run."""

    current: CurrentConfig
    listener: socket.socket
    lock: int
    wakeup: int
    groups: cgroups.Groups
    slots: int = field(default_factory=slots.make)
    keepers: set[int] = field(default_factory=set)
    stopping: bool = False
    strays: bool = False
    strangers: set[int] = field(default_factory=set)

    def serve(self) -> None:
        """Accept jobs until SIGTERM or SIGINT; then end all of them."""
        processes.adopt_orphans()
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        poll.register(self.wakeup, select.POLLIN)
        while not self.stopping:
            for descriptor, _ in poll.poll(STRAY_PAUSE * 1000 if self.strays else None):
                if descriptor == self.wakeup:
                    self._read_wakeup()
                else:
                    self._accept()
            if self.strays:
                self._reap()
        self._end_jobs()

    def _read_wakeup(self) -> None:
        numbers = os.read(self.wakeup, 512)
        self.stopping = signal.SIGTERM in numbers or signal.SIGINT in numbers
        self._reap()

    def _reap(self) -> None:
        killed = self._killed_keepers()
        deadline = time.monotonic() + STRAY_SECONDS
        # No sleep: a process that forks and ends at once must not win the race. But one that hangs in the kernel
        # must not keep every other tenant waiting: the next turn goes on.
        while self._kill_strays() and time.monotonic() < deadline:
            os.sched_yield()
            killed += self._killed_keepers()
        patience = self.current.get().patience.removal
        for pid in killed:
            log.error("keeper %d was killed", pid)
            self._fork(lambda pid=pid: keeper.clear_up_after(pid, patience, self.groups))  # type: ignore[misc]

    def _killed_keepers(self) -> list[int]:
        ended = {pid: status for pid, status in processes.reap() if pid in self.keepers}
        self.keepers.difference_update(ended)
        return [pid for pid, status in ended.items() if status != 0]

    def _kill_strays(self) -> bool:
        """Kill what a killed keeper's job had detached, which this process has adopted; False: there is nothing."""
        strays = processes.children(os.getpid()) - self.keepers
        for stray in strays:
            processes.signal_all([*processes.descendants(stray), stray], signal.SIGKILL)
        self.strays = bool(strays)
        return self.strays

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError as problem:
            log.error("cannot accept: %s", problem)
            return
        with connection:
            config, server = self.current.get(), keeper.Server(os.getpid(), self.slots, self.groups)
            # Who may not ask costs no process and no slot.
            if reason := self._refusal(connection, config):
                refuse_at_once(connection, reason)
            else:
                self._fork(lambda: self._serve_one(connection, config, server))

    def _serve_one(self, connection: socket.socket, config: Config, server: keeper.Server) -> None:
        try:
            keeper.keep(connection, config, server)
        except BaseException as problem:
            keeper.refuse(connection, f"the launcher failed: {type(problem).__name__}: {problem}")
            raise

    def _fork(self, work: Callable[[], None]) -> None:
        try:
            pid = os.fork()
        except OSError as problem:
            log.error("cannot start a process: %s", problem)
            return
        if pid == 0:
            self._become(work)
        self.keepers.add(pid)

    def _become(self, work: Callable[[], None]) -> NoReturn:
        code = 1
        try:
            self.listener.close()
            os.close(self.lock)
            work()
            code = 0
        except BaseException:
            log.exception("a process of the launcher failed")
        finally:
            os._exit(code)

    def _refusal(self, connection: socket.socket, config: Config) -> str | None:
        pid, uid, _ = _CREDENTIALS.unpack(
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        if uid not in _allowed(config):
            reason = f"user {uid} of process {pid} may not start jobs here"
            # Once: whoever knocks without end must not fill the log.
            log.log(logging.DEBUG if uid in self.strangers else logging.WARNING, "refused: %s", reason)
            self.strangers.add(uid)
            return reason
        if len(self.keepers) >= config.max_jobs:
            log.error("refused: %d jobs run already", config.max_jobs)
            return f"{config.max_jobs} jobs run already"
        return None

    def _end_jobs(self) -> None:
        log.info("ending %d jobs", len(self.keepers))
        processes.signal_all(self.keepers, signal.SIGTERM)
        deadline = time.monotonic() + self.current.get().patience.grace + SHUTDOWN_SECONDS
        while self.keepers and time.monotonic() < deadline:
            time.sleep(0.02)
            self._reap()
        processes.kill_descendants()


def _allowed(config: Config) -> set[int]:
    if config.allowed_users is None:
        return {os.geteuid()}
    found = set()
    for name in config.allowed_users:
        with contextlib.suppress(KeyError):
            found.add(pwd.getpwnam(name).pw_uid)
    return found


def refuse_at_once(connection: socket.socket, reason: str) -> None:
    """Tell the client that there is no job, without waiting for it to listen."""
    connection.setblocking(False)
    with contextlib.suppress(OSError):
        connection.send(protocol.frame(protocol.EXIT, json.dumps({"refused": reason}).encode()))


def run(path: Path) -> None:
    """Serve with the configuration in *path* until told to stop."""
    current = CurrentConfig(path)
    config = current.get()
    wakeup = processes.wake_on_signals()
    lock = listening.claim(config.socket, "launcher")
    groups = limiting.groups(config)
    try:
        limiting.write(groups, config.socket)
        with _listener(config) as listener:
            log.info("serving %s for %d tenants", config.socket, len(config.tenants))
            limiting.say(groups)
            Server(current, listener, lock, wakeup, groups).serve()
    finally:
        groups.close()


@contextlib.contextmanager
def _listener(config: Config) -> Iterator[socket.socket]:
    # Whoever connects while systemd starts the launcher again waits in the socket, which stays.
    if given := activation.handed_over(config.socket):
        with given:
            yield given
        return
    with listening.listen(config.socket, BACKLOG, group=config.socket_group) as listener:
        try:
            yield listener
        finally:
            config.socket.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code of the launcher."""
    parser = argparse.ArgumentParser(
        prog="launcher", description="Starts tenants' code as the tenants' users."
    )
    parser.add_argument("--config", type=Path, required=True, help="launcher.json")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s launcher[%(process)d] %(message)s"
    )
    try:
        run(options.config)
    except (listening.CannotStartError, ConfigError, OSError, KeyError) as problem:
        log.error("cannot start: %s", problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
