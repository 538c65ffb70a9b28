"""Task logs as the API server reads them: from the shared folder and the store of hosts' logs, never from a host.

Airflow asks, for each running task that somebody looks at, whoever listens on the log port of the host that the task
has reported. Workers serve no logs here: it could only be somebody else.
"""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.state import State

from aerodrome_airflow.logs.place import opened
from aerodrome_airflow.logs.shown import Shown

TASK_LOGGER = "airflow.task"


class SharedLogs(FileTaskHandler):
    """Reads what is in the folder and in the store."""

    def _read_from_logs_server(self, ti: Any, worker_log_rel_path: str) -> tuple[list[str], list[Any]]:
        return [], []

    def _read_remote_logs(self, ti: Any, try_number: int, metadata: Any = None) -> Any:
        shown = of_hosts()
        if shown is None:
            return super()._read_remote_logs(ti, try_number, metadata)
        relative = self._render_filename(ti, try_number)
        sources, streams = shown.read(str(ti.queue), relative)
        if not streams or ti.state in State.unfinished:
            return sources, streams
        # Airflow leaves the folder out where a finished task has logs elsewhere; a triggerer's part is in it.
        more, local = self._read_from_local(Path(self.local_base, relative))
        return [*sources, *more], [*streams, *local]


@lru_cache(1)
def of_hosts() -> Shown | None:
    """Return the logs of hosts as `[aerodrome] log_store` says, or None where no host has any."""
    said = json.loads(conf.get("aerodrome", "log_store", fallback="") or "{}")
    if not said:
        return None
    zones: dict[str, str] = said["zones"]
    stores = {
        zone: opened({**said["store"], "base": said["store"]["base"] + zone + "/"}) for zone in zones.values()
    }
    return Shown(stores, zones)


def install() -> None:
    """Have this process read task logs so, unless its configuration names a reader of another kind."""
    name, logger = conf.get("logging", "task_log_reader"), logging.getLogger(TASK_LOGGER)
    readers = [handler for handler in logger.handlers if handler.name == name]
    if any(type(reader) is not FileTaskHandler for reader in readers):
        return
    for reader in readers:
        logger.removeHandler(reader)
    made = SharedLogs(conf.get("logging", "base_log_folder"))
    made.name = name
    logger.addHandler(made)
