"""Task logs as the API server reads them: from the shared folder and the stores of logs, never from a host.

Airflow asks, for each running task that somebody looks at, whoever listens on the log port of the host that the task
has reported. Workers serve no logs here: it could only be somebody else. Nor is the cluster asked for what a pod prints
where the pod's logs are sent: the same lines would be there twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.state import State

from aerodrome_airflow.logs.place import LogStore, opened
from aerodrome_airflow.logs.shown import Shown

TASK_LOGGER = "airflow.task"


class SharedLogs(FileTaskHandler):
    """Reads what is in the folder and in the stores."""

    def _read_from_logs_server(self, ti: Any, worker_log_rel_path: str) -> tuple[list[str], list[Any]]:
        return [], []

    def _read_remote_logs(self, ti: Any, try_number: int, metadata: Any = None) -> Any:
        shown = sent()
        if shown is None:
            return super()._read_remote_logs(ti, try_number, metadata)
        relative = self._render_filename(ti, try_number)
        sources, streams = shown.read(str(ti.queue), relative)
        if not streams or ti.state in State.unfinished:
            return sources, streams
        # Airflow leaves the folder out where a finished task has logs elsewhere; a triggerer's part is in it.
        more, local = self._read_from_local(Path(self.local_base, relative))
        return [*sources, *more], [*streams, *local]

    def _get_executor_get_task_log(self, ti: Any) -> Callable[..., Any]:
        shown = sent()
        if shown is not None and shown.knows(str(ti.queue)):
            return lambda *_: ([], [])
        return super()._get_executor_get_task_log(ti)


@lru_cache(1)
def sent() -> Shown | None:
    """Return the logs that are sent, as `[aerodrome] log_store` says: one place or a list; None where none are."""
    said = json.loads(conf.get("aerodrome", "log_store", fallback="") or "[]")
    stores, zones = dict[str, LogStore](), dict[str, str]()
    for place in said if isinstance(said, list) else filter(None, [said]):
        zones |= place["zones"]
        stores |= _by_zone(place["store"], set(place["zones"].values()))
    return Shown(stores, zones) if zones else None


def _by_zone(store: dict[str, Any], zones: set[str]) -> Iterator[tuple[str, LogStore]]:
    for zone in zones:
        yield zone, opened({**store, "base": f"{store['base']}{zone}/"})


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
