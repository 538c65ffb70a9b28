"""A child process that parses several DAG files of one tenant, and what became of each of them."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any, Self

import attrs
import structlog
from airflow.dag_processing.processor import (
    DagFileParseRequest,
    DagFileParsingResult,
    DagFileProcessorProcess,
    ToDagProcessor,
    ToManager,
    _parse_file,
)
from pydantic import TypeAdapter

from aerodrome_airflow.launcher import processes

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

# What a file's own child processes hold open is waited for no longer than this.
LINGER_SECONDS = 1.0
# What a process prints is read in pieces of 4 KiB. A line costs the manager more than its text costs the file.
PRINTED_PIECES = 64


def parse_files(files: Sequence[str], parent: int) -> None:
    """Parse *files* in this child of *parent* and send one result each, as soon as it is there."""
    processes.die_with(parent, signal.SIGKILL)
    # As in Airflow's own child: DAG code has no access to the database.
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "client"
    from airflow.sdk.execution_time import comms, task_runner

    channel = comms.CommsDecoder[ToDagProcessor, ToManager](
        body_decoder=TypeAdapter[ToDagProcessor](ToDagProcessor)
    )
    request: Any = channel._get_response()
    task_runner.SUPERVISOR_COMMS = channel  # type: ignore[assignment]
    own = os.getpid()
    for file in files:
        result = _parse(request.model_copy(update={"file": file}))
        if os.getpid() != own:
            # The file forked, and this is its child: there is one reader of the files, and one writer.
            os._exit(0)
        if result is not None:
            channel.send(result)


def _parse(request: DagFileParseRequest) -> DagFileParsingResult | None:
    try:
        return _parse_file(request, structlog.get_logger(logger_name="task"))
    except BaseException:
        # What Airflow lets through, such as KeyboardInterrupt, would end the other files' process too.
        place = str(Path(request.file).relative_to(request.bundle_path))
        return failure(request.file, place, traceback.format_exc())


def failure(file: str, place: str, text: str) -> DagFileParsingResult:
    """Return the result of a *file* that brings nothing but an import error; *place* is its path in the bundle."""
    return DagFileParsingResult(fileloc=file, serialized_dags=[], import_errors={place: text})


def stamp(file: str | Path) -> int | None:
    """Return what changes when *file* does; None where there is none."""
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return None


@attrs.define(kw_only=True)
class FolderProcess(DagFileProcessorProcess):
    """A child process that parses *files* of one tenant, or runs the callbacks of one file."""

    files: tuple[str, ...]
    turns: int
    """How often it may take the time of one file without a result: once for each callback."""
    results: dict[str, DagFileParsingResult] = attrs.field(factory=dict, init=False)
    stopped: bool = attrs.field(default=False, init=False)
    """It was ended from outside, and none of its files is to blame."""
    hung: bool = attrs.field(default=False, init=False)
    silence: float = attrs.field(default=0.0, init=False)
    """For how many seconds the manager has listened to the process since the last result."""
    _stamps: dict[str, int | None] = attrs.field(factory=dict, init=False)

    @classmethod
    def begin(cls, files: Sequence[str], **settings: Any) -> Self:
        """Return the running process."""
        stamps = {file: stamp(file) for file in files}
        target = functools.partial(parse_files, files, os.getpid())
        process = cls.start(
            path=files[0], files=tuple(files), target=target, new_process_group=True, **settings
        )
        process._stamps = stamps
        return process

    def _handle_request(self, msg: ToManager, log: FilteringBoundLogger, req_id: int) -> None:
        if isinstance(msg, DagFileParsingResult):
            self.results[msg.fileloc] = msg
            self.silence = 0.0
        super()._handle_request(msg, log, req_id)

    def _create_log_forwarder(self, *args: Any, **settings: Any) -> Any:
        forwarder: Any = super()._create_log_forwarder(*args, **settings)
        reader, on_close = forwarder
        return self._cut(reader), on_close

    def _cut(self, reader: Callable[[socket], bool]) -> Callable[[socket], bool]:
        pieces = itertools.count()

        def read(connection: socket) -> bool:
            if (number := next(pieces)) < PRINTED_PIECES:
                return reader(connection)
            if number == PRINTED_PIECES:
                self.process_log.warning("The files print too much: the rest is left out")
            return bool(connection.recv(_GREEDY))

        return read

    @property
    def suspect(self) -> str | None:
        """The file that the process was at when it ended, or None where it has gone through all of them."""
        return next((file for file in self.files if file not in self.results), None)

    def is_outdated(self, file: str) -> bool:
        """Return whether *file* has changed since the process began: what it brought may be either version."""
        return stamp(file) != self._stamps[file]

    @property
    def is_ready(self) -> bool:
        """Whether the process has ended and all that it said was read."""
        if self._check_subprocess_exit() is None:
            return False
        # A process that a file left behind holds the same sockets, for as long as it likes.
        assert self._process_exit_monotonic is not None
        return not self._open_sockets or time.monotonic() - self._process_exit_monotonic > LINGER_SECONDS

    def end_hung(self) -> None:
        """End a process that does not get on."""
        self.hung = True
        self._kill_group()

    def kill(self, signal_to_send: signal.Signals = signal.SIGKILL, *_: Any, **__: Any) -> None:
        """End the process, and what its files have started, at once: it holds nothing worth saving."""
        self.stopped = True
        self._kill_group()

    def close(self) -> None:
        """End what the process has left behind and release what it held."""
        if not self.logger_filehandle.closed:
            self._kill_group()
            super().close()  # type: ignore[no-untyped-call]

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def fate(self, limit: float) -> str:
        """Return why there is no result, as a sentence; *limit*: the seconds that a file may take."""
        if self.hung:
            return f"it was not read within {limit:g} seconds, and its process was ended"
        code = self._exit_code
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return (
                f"the process that read it was killed by {name}{_MEMORY if -code == signal.SIGKILL else ''}"
            )
        return f"the process that read it ended with exit code {code}"


_GREEDY = 1024 * 1024
_MEMORY = ", as a machine without memory left does"
