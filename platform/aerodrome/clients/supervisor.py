"""The process supervisor's XML-RPC interface over its Unix socket (supervisor)."""

from __future__ import annotations

import time
import xmlrpc.client
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.options import make_namespec
from supervisor.xmlrpc import SupervisorTransport, UnixStreamHTTPConnection

from aerodrome.errors import AerodromeError

# Polling is what its interface offers; stopping always ends, by a kill after each process's own time.
PAUSE = 0.2
# Four times what the slowest process is given before it is killed.
STOP_SECONDS = 120


@dataclass(frozen=True)
class ProcessState:
    """One process: *state* in the supervisor's words, *since* in seconds since 1970, *pid* 0 if down."""

    name: str
    state: str
    pid: int
    since: int
    note: str


@dataclass(frozen=True)
class Supervisor:
    """A supervisor that listens on *socket* and is given *seconds* for each answer."""

    socket: Path
    seconds: float = 60

    def answers(self) -> bool:
        """Return whether a supervisor listens."""
        if not self.socket.exists():
            return False
        try:
            self._call("getState")
        except AerodromeError:
            return False
        return True

    def processes(self) -> dict[str, ProcessState]:
        """Return every known process by name."""
        found = self._call("getAllProcessInfo")
        return {
            row["name"]: ProcessState(
                row["name"], row["statename"], row["pid"], row["start"], row["spawnerr"] or row["description"]
            )
            for row in found
        }

    def reload(self) -> tuple[list[str], list[str], list[str]]:
        """Read the configuration file again; return the names that it adds, changes and removes."""
        added, changed, removed = self._call("reloadConfig")[0]
        return added, changed, removed

    def add(self, name: str) -> None:
        """Take a process of the configuration file under supervision, without starting it."""
        self._call("addProcessGroup", name)

    def remove(self, name: str) -> None:
        """Forget a process that is down."""
        self._call("removeProcessGroup", name)

    def start(self, name: str) -> None:
        """Start a process that is down; returns before it is up."""
        self._call("startProcess", make_namespec(name, name), False)

    def signal(self, name: str, signal: str) -> None:
        """Send a running process a *signal*, such as HUP."""
        self._call("signalProcess", make_namespec(name, name), signal)

    def stop(self, names: Iterable[str], seconds: float = STOP_SECONDS) -> None:
        """Stop processes all at the same time and return when they are down; AerodromeError names those that stay."""
        wanted = set(names)
        for name in sorted(wanted):
            with suppress(AerodromeError):
                self._call("stopProcess", make_namespec(name, name), False)
        end = time.monotonic() + seconds
        while up := sorted(s.name for s in self.processes().values() if s.name in wanted and s.pid):
            if time.monotonic() > end:
                raise AerodromeError(
                    f"{', '.join(up)} did not end within {seconds:.0f} s, though the supervisor was to kill them",
                    "a process that waits for a disk or a network file system cannot be killed: see to that first",
                )
            time.sleep(PAUSE)

    def shut_down(self) -> None:
        """Stop all processes and the supervisor; returns before they are down."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: Any) -> Any:
        with self._told():
            return getattr(self._proxy().supervisor, method)(*arguments)

    def _proxy(self) -> xmlrpc.client.ServerProxy:
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.socket}")
        transport._get_connection = lambda: _Connection(self.socket, self.seconds)
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except xmlrpc.client.Fault as fault:
            raise AerodromeError(f"the process supervisor refused: {fault.faultString}") from None
        except (OSError, xmlrpc.client.ProtocolError) as problem:
            raise AerodromeError(f"the process supervisor does not answer: {problem}") from None


class _Connection(UnixStreamHTTPConnection):  # type: ignore[misc]
    """A connection that waits for an answer no longer than it was told to."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost")
        self.socketfile = str(path)
        self.seconds = seconds

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.seconds)
