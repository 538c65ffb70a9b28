"""The process that imports: started with nothing of ours in its environment, ended when it hangs."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aerodrome.errors import AerodromeError
from aerodrome.source.report import readable

START_LIMIT = 120.0
_TRACE_LIMIT = 2.0
_DEATH_LIMIT = 2.0
_MODULE = "aerodrome_airflow.check_child"

_CONFIG = """\
[core]
# All that a DAG may name; nothing is executed here.
executor = CeleryExecutor,KubernetesExecutor
load_examples = False
plugins_folder = {home}/plugins
dags_folder = {home}/dags
# The time limit is the parent's: it holds for code that no signal interrupts.
dagbag_import_timeout = 0
dagbag_import_error_traceback_depth = 100
[database]
sql_alchemy_conn = sqlite:////{home}/unused.db
[logging]
base_log_folder = {home}/logs
[aerodrome]
enforce_policy = True
"""


class StuckError(Exception):
    """The child did not answer in time, or died; *trace* is where it was, if it could still say."""

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.trace = trace


class Importer:
    """Imports files one after another in a child process, which is replaced when a file kills it."""

    def __init__(self, folder: Path, memory_limit: int) -> None:
        self._home = folder / "airflow"
        self._trace = folder / "trace"
        self._errors = folder / "errors"
        self._memory_limit = memory_limit
        self._process: subprocess.Popen[bytes] | None = None
        self._home.mkdir(parents=True)
        (self._home / "airflow.cfg").write_text(_CONFIG.format(home=self._home))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def load(self, path: Path, dag_id: str, time_limit: float) -> tuple[str, str]:
        """Return error and trace, both empty where the file defines *dag_id*; raises StuckError."""
        process = self._process or self._start()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps({"path": str(path), "dag_id": dag_id}).encode() + b"\n")
            process.stdin.flush()
        try:
            answer = self._answer(time_limit)
        except StuckError:
            self._end()
            raise
        # The error quotes the file, and goes to somebody's terminal.
        return "\n".join(readable(line) for line in answer["error"].splitlines()), answer["trace"]

    def _start(self) -> subprocess.Popen[bytes]:
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", _MODULE, str(self._trace), str(self._memory_limit)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=self._environment(),
                cwd=self._home,
                start_new_session=True,
            )
        try:
            self._answer(START_LIMIT)
        except StuckError as stuck:
            self._end()
            last = self._errors.read_text(errors="replace").strip().splitlines()[-1:]
            raise AerodromeError(
                f"Airflow could not be imported for the check: {' '.join(last) or stuck}"
            ) from None
        return self._process

    def _environment(self) -> dict[str, str]:
        home = str(self._home)
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "HOME": home,
            "AIRFLOW_HOME": home,
            "TMPDIR": home,
        }

    def _answer(self, time_limit: float) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = _read_line(self._process.stdout.fileno(), time_limit)
        if line is None:
            raise StuckError(f"it did not end within {time_limit:g} s", self._where())
        if not line.endswith(b"\n"):
            raise StuckError(f"the process that imported it {self._how_it_left()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _how_it_left(self) -> str:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return f"died ({self._process.wait(_DEATH_LIMIT)})"
        return "gave no answer and went on"

    def _where(self) -> str:
        """Return the child's stack, which it writes on a signal even while C code runs."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGUSR1)
        until = time.monotonic() + _TRACE_LIMIT
        while time.monotonic() < until:
            time.sleep(0.05)
            text = self._trace.read_text(errors="replace") if self._trace.exists() else ""
            if "<module>" in text:
                return text
        return ""

    def _end(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
        self._process = None


def _read_line(descriptor: int, time_limit: float) -> bytes | None:
    """Return a line, what came before the end of the stream, or None when the time is over."""
    until = time.monotonic() + time_limit
    content = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while not content.endswith(b"\n"):
            if not selector.select(max(0.0, until - time.monotonic())):
                return None
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            content += piece
    return content
