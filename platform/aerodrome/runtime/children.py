"""Programs that run for a command: each with a keeper, so that nothing which they start outlives the command."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from aerodrome.errors import AerodromeError

_TICK = 0.2
# What a pipe holds at most, and so all that a dead program can have left in it.
_PIPE = 2**16
# Longer than a keeper waits for what hangs in the kernel.
_KEEPER_SECONDS = 20.0
# The keeper is the launcher's; of both packages it needs the standard library alone.
_SOURCE = str(Path(__file__).resolve().parents[2])
_KEEPER = "import sys; sys.path.insert(0, sys.argv.pop(1)); from aerodrome_airflow.launcher import kept; kept.main()"


class EndedError(AerodromeError):
    """The command is being ended: nothing new is started for it."""


@dataclass(frozen=True)
class Account:
    """Numbers of the user that a program runs as."""

    uid: int
    gid: int


@dataclass(eq=False)
class Children:
    """The programs that run now. One thread may end those of all others."""

    _live: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _ended: bool = False

    @contextmanager
    def running(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str],
        account: Account | None = None,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Give the started program, as *account* where one is given; all that it has started ends with the block.

        Also what has left its session: a keeper adopts it. The keeper is what is given; it ends as the program does.
        """
        process = self._start(command, folder, environment, account)
        try:
            yield process
        finally:
            _end(process)
            if process.stdout:
                process.stdout.close()
            with self._lock:
                self._live.discard(process)

    def _start(
        self,
        command: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str],
        account: Account | None,
    ) -> subprocess.Popen[bytes]:
        # Within the lock: what `end` does not see yet is never started.
        with self._lock:
            self.require_wanted()
            process = subprocess.Popen(
                [*_keeper(account), *_startable(command)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
            self._live.add(process)
            return process

    def require_wanted(self) -> None:
        """Raise EndedError where `end` was called."""
        if self._ended:
            raise EndedError("interrupted")

    def end(self) -> None:
        """Kill every program with all that it has started, and start none any more."""
        with self._lock:
            self._ended = True
            for process in self._live:
                kill(process)


def kill(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    """Tell the keeper *process* to kill all it keeps; SIGINT it hands on to the program."""
    with suppress(ProcessLookupError):
        process.send_signal(number)


def _end(process: subprocess.Popen[bytes]) -> None:
    kill(process)
    try:
        process.wait(_KEEPER_SECONDS)
    except subprocess.TimeoutExpired:
        # Without a user of its own, a program can stop its keeper.
        process.kill()
        process.wait()


def _keeper(account: Account | None) -> list[str]:
    who = f"{account.uid}:{account.gid}" if account else "-"
    return [sys.executable, "-I", "-S", "-c", _KEEPER, _SOURCE, str(os.getpid()), who]


def _startable(command: Sequence[str | Path]) -> Sequence[str | Path]:
    if not Path(command[0]).is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(command[0]))
    return command


def lines(
    process: subprocess.Popen[bytes], seconds: float, watch: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Yield what *process* prints, line by line, until it ends; TimeoutError after *seconds*.

    *watch* is called every moment meanwhile. A program left behind may hold the pipe open: nobody waits for that.
    """
    rest = b""
    for chunk in _chunks(process, time.monotonic() + seconds, watch):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace").rstrip("\r") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


def _chunks(process: subprocess.Popen[bytes], deadline: float, watch: Callable[[], None]) -> Iterator[bytes]:
    while True:
        watch()
        ended = process.poll() is not None
        chunk = _read(process, 0 if ended else _TICK)
        if chunk:
            yield chunk
        if ended:
            return
        if chunk == b"":
            _await(process, deadline)
        if time.monotonic() > deadline:
            raise TimeoutError


def _read(process: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    """Return what can be read now, an empty text at the end of the pipe, or None where nothing came."""
    assert process.stdout is not None
    poll = select.poll()
    poll.register(process.stdout, select.POLLIN)
    return os.read(process.stdout.fileno(), _PIPE) if poll.poll(seconds * 1000) else None


def _await(process: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
