"""Task logs as the API server reads them: from the shared folder or the remote store, never from a host by its name.

Airflow asks, for each running task that somebody looks at, whoever listens on the log port of the host that the task
has reported. Workers serve no logs here: it could only be somebody else.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.configuration import conf
from airflow.utils.log.file_task_handler import FileTaskHandler

TASK_LOGGER = "airflow.task"


class SharedLogs(FileTaskHandler):
    """Reads what is in the folder or the store."""

    def _read_from_logs_server(self, ti: Any, worker_log_rel_path: str) -> tuple[list[str], list[Any]]:
        return [], []


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
