"""Move bytes between a job's process and the client, and end the process tree when one side is done."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from aerodrome_airflow.launcher import processes, protocol
from aerodrome_airflow.launcher.cgroups import JobGroup
from aerodrome_airflow.launcher.child import Child
from aerodrome_airflow.launcher.clock import Clock, Deadlines
from aerodrome_airflow.launcher.config import Limits, Output
from aerodrome_airflow.launcher.written import Written

# Output that waits for the client; the job's writes block beyond it.
HIGH_WATER = 256 * 1024
TROUBLE_LIMIT = 4096
# After the whole tree is dead its pipes hold at most this much longer.
DRAIN_SECONDS = 2.0

Handler = Callable[[int], None]


class Stream:
    """What a job writes to one of its descriptors, until its end."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        self.descriptor = descriptor
        self.is_open = True
        self._take = take

    def read(self, _: int) -> None:
        """Hand on what is there; an empty piece says that nothing more comes."""
        with contextlib.suppress(BlockingIOError):
            received = os.read(self.descriptor, protocol.PIECE)
            self._take(received)
            if not received:
                self.is_open = False
                os.close(self.descriptor)


class Collected:
    """Bytes up to a limit; what comes after it is thrown away."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.content = b""
        self.too_long = False

    def take(self, received: bytes) -> None:
        """Keep *received* as far as there is room."""
        self.too_long = self.too_long or len(self.content) + len(received) > self._limit
        if not self.too_long:
            self.content += received


@dataclass(frozen=True)
class Session:
    """A client's connection, what it has sent, and the descriptor that tells of signals to the keeper."""

    connection: socket.socket
    frames: protocol.Frames
    wakeup: int


@dataclass(frozen=True)
class Run:
    """A job's first process, the cgroup with all of them, and what they may take."""

    child: Child
    group: JobGroup
    limits: Limits
    output: Output = field(default_factory=Output)


class Pump:
    """The life of one job, from its start until nothing of it is left and the client knows its end."""

    def __init__(self, session: Session, run: Run, deadlines: Deadlines) -> None:
        self._connection, self._frames, self._wakeup = session.connection, session.frames, session.wakeup
        self._child, self._grace, self._clock = run.child, deadlines.grace, Clock(deadlines)
        self._group, self._limits, self._alarm = run.group, run.limits, run.group.alarm()
        self._over_memory = False
        self._refused_processes = 0
        self._outbox = bytearray()
        self._client_gone = False
        self._status: int | None = None
        self._stopped: str | None = None
        self._deadline = 0.0
        self._swept = False
        self._left_behind = 0
        self._lines, self._written = protocol.Lines(), Written(run.output)
        self._last_line = b""
        self._result = Collected(protocol.RESULT_LIMIT + 1024)
        self._trouble = Collected(TROUBLE_LIMIT)
        self._streams = list(self._open_streams())
        self._inbox = bytearray()
        self._input: int | None = run.child.input
        self._input_complete = False

    def send_to_job(self, content: bytes, *, complete: bool) -> None:
        """Queue *content* for the job; *complete* says that nothing follows."""
        self._inbox += content
        self._input_complete = self._input_complete or complete
        self._write_input(0)

    def run(self) -> None:
        """Return when nothing of the job is left and the client has been told, or is gone."""
        self._handle_frames(b"")
        while not self._swept:
            self._turn(self._patience())
            self._look_after_processes()
        while self._streams and not self._client_gone and self._turn(self._drain_patience()):
            pass
        self._queue(protocol.RESULT, b"" if self._result.too_long else self._result.content)
        self._queue(protocol.EXIT, json.dumps(self._exit()).encode())
        while self._outbox and not self._client_gone:
            self._turn(None)

    # One round of waiting for and handling what is ready.

    def _turn(self, patience: float | None) -> bool:
        handlers: dict[int, Handler] = {}
        poll = select.poll()
        waits_for_client = not self._waits_for_job()
        for descriptor, mask, handler in self._interests():
            handlers[descriptor] = handler
            poll.register(descriptor, mask)
        ready = poll.poll(None if patience is None else patience * 1000)
        others = (self._connection.fileno(), self._wakeup, self._alarm)
        if waits_for_client or any(descriptor not in others for descriptor, _ in ready):
            self._clock.moved()
        for descriptor, events in ready:
            handlers[descriptor](events)
        self._streams = [stream for stream in self._streams if stream.is_open]
        return bool(ready)

    def _waits_for_job(self) -> bool:
        """Return whether it is the job's turn: the client takes what comes and has sent what is needed."""
        return len(self._outbox) < HIGH_WATER and (bool(self._inbox) or self._input_complete)

    def _interests(self) -> Iterator[tuple[int, int, Handler]]:
        yield self._wakeup, select.POLLIN, self._read_wakeup
        if self._alarm is not None:
            yield self._alarm, select.POLLIN, self._hear_alarm
        if not self._client_gone:
            yield self._connection.fileno(), self._client_mask(), self._serve_client
        if len(self._outbox) < HIGH_WATER:
            yield from ((stream.descriptor, select.POLLIN, stream.read) for stream in self._streams)
        if self._input is not None and (self._inbox or self._input_complete):
            yield self._input, select.POLLOUT, self._write_input

    def _client_mask(self) -> int:
        reading = select.POLLIN if len(self._inbox) < HIGH_WATER else 0
        return reading | (select.POLLOUT if self._outbox else 0)

    # The client.

    def _serve_client(self, events: int) -> None:
        try:
            if events & select.POLLOUT:
                del self._outbox[: self._connection.send(self._outbox[: protocol.PIECE])]
            if events & ~select.POLLOUT:
                self._receive()
        except BlockingIOError:
            return
        except OSError:
            self._lose_client()

    def _receive(self) -> None:
        received = self._connection.recv(protocol.PIECE)
        if received:
            self._handle_frames(received)
        else:
            self._lose_client()

    def _handle_frames(self, received: bytes) -> None:
        try:
            for letter, content in self._frames.feed(received):
                self._handle_frame(letter, content)
        except protocol.ProtocolError:
            self._lose_client()

    def _handle_frame(self, letter: bytes, content: bytes) -> None:
        if letter == protocol.CANCEL:
            self._stop("it was cancelled")
        elif letter in (protocol.CONTENT, protocol.CONTENT_ENDS):
            self.send_to_job(content, complete=letter == protocol.CONTENT_ENDS)
        else:
            raise protocol.ProtocolError(f"unexpected frame {letter!r}")

    def _lose_client(self) -> None:
        self._client_gone = True
        self._outbox.clear()
        self._stop("the worker is gone")

    def _queue(self, letter: bytes, content: bytes) -> None:
        if not self._client_gone:
            self._outbox += protocol.frame(letter, content)

    # The job's descriptors.

    def _open_streams(self) -> Iterator[Stream]:
        yield Stream(self._child.output, self._take_output)
        yield Stream(self._child.result, self._result.take)
        yield Stream(self._child.trouble, self._trouble.take)
        if self._child.data is not None:
            yield Stream(self._child.data, self._take_data)

    def _take_output(self, received: bytes) -> None:
        if self._written.too_much:
            return
        for line in self._lines.feed(received) if received else self._lines.flush():
            if not self._written.takes(line):
                self._stop("it printed too much")
                return
            self._queue(protocol.OUTPUT, line)
            self._last_line = line

    def _take_data(self, received: bytes) -> None:
        if received:
            self._queue(protocol.DATA, received)

    def _write_input(self, _: int) -> None:
        if self._input is None:
            return
        try:
            del self._inbox[: os.write(self._input, self._inbox)]
        except BlockingIOError:
            return
        except OSError:
            self._inbox.clear()
            self._input_complete = True
        if self._input_complete and not self._inbox:
            os.close(self._input)
            self._input = None

    # The job's processes.

    def _read_wakeup(self, _: int) -> None:
        if signal.SIGTERM in os.read(self._wakeup, 512):
            self._stop("the launcher was stopped")
            # Nobody waits for a client that does not read when the launcher ends.
            self._client_gone = self._client_gone or self._swept

    def _hear_alarm(self, _: int) -> None:
        assert self._alarm is not None
        os.eventfd_read(self._alarm)
        if not self._swept and self._group.short_of_memory():
            # As a group of version 2 does: half of a job waits for ever for the half that the kernel has ended.
            self._over_memory = True
            self._sweep()

    def _stop(self, reason: str) -> None:
        if self._stopped is None and not self._swept:
            self._stopped = reason
            self._deadline = time.monotonic() + self._grace
            processes.signal_all(processes.descendants(os.getpid()), signal.SIGTERM)

    def _patience(self) -> float | None:
        return self._clock.left() if self._stopped is None else 0.05

    def _drain_patience(self) -> float | None:
        # A slow client is waited for; a descriptor that the job gave away, and that never ends, is not.
        return None if len(self._outbox) >= HIGH_WATER else DRAIN_SECONDS

    def _look_after_processes(self) -> None:
        self._note(dict(processes.reap()))
        if self._stopped is None:
            if self._status is not None:
                self._sweep()
            elif reason := self._clock.overdue():
                self._stop(reason)
        elif time.monotonic() > self._deadline or not processes.descendants(os.getpid()):
            self._sweep()

    def _sweep(self) -> None:
        if self._stopped is None:
            self._note(dict(processes.reap()))
            self._left_behind = 0 if self._over_memory else len(processes.descendants(os.getpid()))
        self._group.kill()
        reached = self._group.reached()
        self._over_memory, self._refused_processes = self._over_memory or reached.memory, reached.processes
        ended, _ = processes.kill_descendants()
        self._note(ended)
        self._swept = True

    def _note(self, ended: dict[int, int]) -> None:
        self._status = ended.get(self._child.pid, self._status)

    def reached(self) -> dict[str, object]:
        """Return the limits that the job has reached: of memory in bytes, of processes and how many it was refused.

        Of output in bytes and in lines.
        """
        found: dict[str, object] = {"memory": self._limits.memory_bytes} if self._over_memory else {}
        if self._written.too_much:
            found["output"] = [self._written.most.output_bytes, self._written.most.output_lines]
        if self._refused_processes:
            found["processes"] = [self._limits.processes, self._refused_processes]
        return found

    def _exit(self) -> dict[str, object]:
        code = None if self._status is None else os.waitstatus_to_exitcode(self._status)
        return {
            "code": code,
            "stopped": self._stopped,
            "refused": self._trouble.content.decode(errors="backslashreplace") or None,
            "result_too_long": self._result.too_long,
            "left_behind": self._left_behind,
            "reached": self.reached(),
            "last_line": self._last_line.decode(errors="backslashreplace"),
        }
