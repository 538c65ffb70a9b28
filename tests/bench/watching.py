"""What the processes that run tenants' tasks hold while something happens: the worker of a queue and its launcher."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import supervision

PAUSE = 0.2
LAUNCHER = "aerodrome_airflow.launcher"


@dataclass
class Memory:
    """Megabytes at most, so far: of all processes together, shared pages counted once; and of the API server."""

    worker: float = 0.0
    api_server: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def watch(self, platform: Platform) -> None:
        """Look again and again until the end."""
        known = supervision.client(platform.layout).processes()
        worker, launcher, api = (
            psutil.Process(int(known[name].pid))
            for name in ("worker-default", "launcher-default", "api-server")
        )
        while not self._ended.wait(PAUSE):
            own = [*_tree(worker), *(one for one in _tree(launcher) if _is_launcher(one))]
            self.worker = max(self.worker, _megabytes(own))
            self.api_server = max(self.api_server, _megabytes(_tree(api)))

    def end(self) -> None:
        """Look no more."""
        self._ended.set()


@contextmanager
def watched(platform: Platform) -> Iterator[Memory]:
    """Yield what is held until the block ends."""
    memory = Memory()
    thread = threading.Thread(target=memory.watch, args=(platform,), daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        memory.end()
        thread.join()


def log_end(file: Path, size: int = 20_000) -> str:
    """Return the last *size* bytes of a log, which may be too long to be read as a whole."""
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - size))
        return log.read().decode(errors="replace")


def _tree(root: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [root, *root.children(recursive=True)]
    return []


def _is_launcher(process: psutil.Process) -> bool:
    """Return whether it is the launcher's own code; what a job runs is limited by the tenant's cgroup."""
    with suppress(psutil.Error):
        return any(LAUNCHER in part for part in process.cmdline())
    return False


def _megabytes(found: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in found:
        with suppress(psutil.Error):
            total += process.memory_full_info().pss / 1e6
    return total
