"""The worker's side of the launcher: run one job, hear its lines, get its result."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from aerodrome import names

from aerodrome_airflow.launcher import protocol
from aerodrome_airflow.launcher.jobs import Job, encode
from aerodrome_airflow.results import MarkedError, refuse_marks

OnLine = Callable[[str], None]
Answer = dict[str, Any]

# How often a waiting client looks whether its own parent still lives.
LOOK_SECONDS = 2.0
# A cancelled job has a grace of its own; a later attempt must not run beside what is left of it.
END_SECONDS = 15.0
_FORM = re.compile(r"[a-z0-9.+-]{0,40}")

__all__ = ["Job", "Launch", "LauncherError", "TenantCodeError", "launch"]


class LauncherError(Exception):
    """The job could not be run, or was ended from outside."""


class TenantCodeError(Exception):
    """The tenant's code failed; its traceback is in the log."""


def launch(job: Job, on_line: OnLine, *, path: Path | None = None) -> Any:
    """Return the result of *job*, after handing each line that it writes to *on_line*."""
    return Launch(path).run(job, on_line)


def configured_path(tenant: str) -> Path:
    """Return the socket of the launcher of *tenant*, as Airflow's configuration names it.

    A host has a launcher for each tenant: there the setting holds `{tenant}`.
    """
    from airflow.sdk.configuration import conf

    if not names.is_tenant(tenant):
        raise LauncherError(f"{tenant!r} is no tenant")
    return Path(conf.get("aerodrome", "launcher_socket").replace("{tenant}", tenant))


class Launch:
    """One job. Leaving it in any way, by an exception too, ends the job's whole process tree."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._answer: Answer = {}
        self._result = b""
        self.form: str | None = None
        """What the result is where it came as a stream: "arrow", "csv", "bytes"; known at its end."""

    def run(self, job: Job, on_line: OnLine, *, content: bytes | None = None) -> Any:
        """Return the result of *job*; *content* is what a job of kind write puts into its file."""
        for _ in self._pieces(job, on_line, None if content is None else [content]):
            pass
        return self._value(job)

    def read(
        self, job: Job, on_line: OnLine, content: Iterable[bytes] | None = None
    ) -> Generator[bytes, None, Any]:
        """Yield what *job* reads or streams, and return its result; an error at the end where it broke off.

        *content* is that of the streams among the arguments of a job of kind call.
        """
        yield from self._pieces(job, on_line, content)
        return self._value(job)

    def cancel(self) -> None:
        """Ask for the end of the job; safe in a signal handler, and where nothing runs."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(protocol.frame(protocol.CANCEL), socket.MSG_DONTWAIT)

    def _pieces(
        self, job: Job, on_line: OnLine, content: Iterable[bytes] | None
    ) -> Generator[bytes, None, None]:
        request = encode(job)
        if len(request) > protocol.JOB_LIMIT:
            raise LauncherError(
                f"arguments and environment have {len(request):,} bytes; {protocol.JOB_LIMIT:,} at most"
            )
        with self._connected(self._path or configured_path(job.tenant)):
            self._send(request, content)
            for letter, received in self._frames():
                if letter == protocol.OUTPUT:
                    on_line(received.decode(errors="backslashreplace"))
                elif letter == protocol.DATA:
                    yield received
                else:
                    self._note(letter, received)
        self._tell_end(on_line)

    @contextlib.contextmanager
    def _connected(self, path: Path) -> Iterator[None]:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _connect(self._socket, path)
            yield
        finally:
            self._end(self._socket)
            self._socket = None

    def _send(self, request: bytes, content: Iterable[bytes] | None) -> None:
        goes_on = self._sent(protocol.frame(protocol.JOB, request))
        for piece in content or ():
            for start in range(0, len(piece), protocol.PIECE):
                part = protocol.frame(protocol.CONTENT, piece[start : start + protocol.PIECE])
                goes_on = goes_on and self._sent(part)
            if not goes_on:
                return
        if content is not None:
            self._sent(protocol.frame(protocol.CONTENT_ENDS))

    def _sent(self, frame: bytes) -> bool:
        assert self._socket is not None
        try:
            self._socket.sendall(frame)
        except (BrokenPipeError, ConnectionResetError):
            # A refusal may close the connection before all is sent; the reason is read afterwards.
            return False
        return True

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        assert self._socket is not None
        frames, parent = protocol.Frames(protocol.RESULT_LIMIT * 2), os.getppid()
        self._socket.settimeout(LOOK_SECONDS)
        while not self._answer:
            received = self._receive(parent)
            yield from frames.feed(received)

    def _receive(self, parent: int) -> bytes:
        assert self._socket is not None
        while True:
            try:
                received = self._socket.recv(protocol.PIECE)
            except TimeoutError:
                # A task whose supervisor was killed can report to nobody.
                if os.getppid() != parent:
                    raise LauncherError("the worker of this task is gone") from None
                continue
            except OSError as problem:
                raise LauncherError(f"the launcher broke off: {problem.strerror}") from problem
            if not received:
                raise LauncherError("the launcher broke off the job: it was stopped or killed")
            return received

    def _note(self, letter: bytes, received: bytes) -> None:
        if letter == protocol.RESULT:
            self._result = received
        elif letter == protocol.EXIT:
            self._answer = json.loads(received)

    def _end(self, connection: socket.socket) -> None:
        if not self._answer:
            self.cancel()
            self._wait_for_end(connection)
        connection.close()

    def _wait_for_end(self, connection: socket.socket) -> None:
        deadline = time.monotonic() + END_SECONDS
        frames = protocol.Frames(protocol.RESULT_LIMIT * 2)
        connection.settimeout(END_SECONDS)
        with contextlib.suppress(OSError, protocol.ProtocolError):
            while (received := connection.recv(protocol.PIECE)) and time.monotonic() < deadline:
                if any(letter == protocol.EXIT for letter, _ in frames.feed(received)):
                    return

    # What the answer means.

    def _tell_end(self, on_line: OnLine) -> None:
        if number := self._answer.get("left_behind"):
            on_line(f"processes that still ran after the end of the task, and were ended: {number}")
        if text := _refused_processes(self._answer):
            on_line(text)

    def _value(self, job: Job) -> Any:
        answer = self._answer
        if answer.get("refused"):
            raise LauncherError(answer["refused"])
        if most := answer.get("reached", {}).get("output"):
            raise TenantCodeError(_over_output(*most))
        if answer.get("stopped"):
            raise LauncherError(f"the task's process was ended: {answer['stopped']}")
        if limit := answer.get("reached", {}).get("memory"):
            raise TenantCodeError(_over_memory(limit, job.tenant))
        if job.kind in ("bash", "spark"):
            return {"exit_code": _exit_code(answer, job), "last_line": answer["last_line"]}
        if answer["result_too_long"]:
            raise TenantCodeError(f"the result has more than {protocol.RESULT_LIMIT:,} bytes of JSON")
        parsed = self._parsed_result()
        # The tenant's own process says it.
        form = parsed.get("stream")
        self.form = form if isinstance(form, str) and _FORM.fullmatch(form) else None
        return _outcome(parsed, answer, job)

    def _parsed_result(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self._result) if self._result else {}
        except (ValueError, RecursionError) as problem:
            raise TenantCodeError(f"the result is not JSON: {problem}") from None
        return parsed if isinstance(parsed, dict) else {}


def _connect(connection: socket.socket, path: Path) -> None:
    try:
        connection.connect(str(path))
    except OSError as problem:
        raise LauncherError(f"the launcher does not answer at {path}: {problem.strerror}") from problem


def _outcome(parsed: dict[str, Any], answer: Answer, job: Job) -> Any:
    if "value" in parsed:
        return _plain(parsed["value"])
    if "failure" in parsed and job.kind != "call":
        raise LauncherError(str(parsed["failure"]))
    if parsed.get("memory"):
        raise TenantCodeError("the function needed more memory than the tenant's `limits.memory` allows")
    text = parsed.get("error") or parsed.get("failure") or _no_result(answer, job)
    raise TenantCodeError("; ".join(part for part in (str(text), _refused_processes(answer)) if part))


def _no_result(answer: Answer, job: Job) -> str:
    return f"the process ended without a result, with exit code {_exit_code(answer, job)}"


def _over_memory(limit: int, tenant: str) -> str:
    return (
        f"killed: used more than its limit of {limit / 2**20:g} MiB, all of its processes together: "
        f"raise limits.memory in tenants/{tenant}/tenant.yaml, or work on less at a time"
    )


def _over_output(size: int, lines: int) -> str:
    return (
        f"ended: printed more than {size / 2**20:g} MiB or {lines:,} lines, which all go to the task's log: "
        "write to a file or a table, or print less"
    )


def _refused_processes(answer: Answer) -> str:
    if not (found := answer.get("reached", {}).get("processes")):
        return ""
    most, number = found
    return f"the task reached its limit of {most} processes and threads: {number} more were refused"


def _plain(value: Any) -> Any:
    try:
        refuse_marks(value)
    except MarkedError as problem:
        raise TenantCodeError(str(problem)) from None
    return value


def _exit_code(answer: Answer, job: Job) -> int:
    code = answer["code"]
    if code is None:
        raise LauncherError("the process did not end")
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        raise TenantCodeError(f"the process of {job.kind} was killed by {name}{_hint(-code)}")
    return int(code)


def _hint(number: int) -> str:
    out_of_memory = (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)
    return "; it may have reached the tenant's `limits.memory`" if number in out_of_memory else ""
