"""Celery's configuration for scheduler and workers: Airflow's own, within what the broker's users may do."""

from __future__ import annotations

import importlib
import logging
from contextlib import suppress
from typing import Any

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG
from celery.signals import worker_init, worker_process_init  # type: ignore[import-untyped]
from kombu.transport.redis import Channel

from aerodrome_airflow import signs_of_life, task_memory

log = logging.getLogger(__name__)
signs_of_life.install()

CELERY_CONFIG: dict[str, Any] = {
    **DEFAULT_CELERY_CONFIG,
    "broker_transport": "aerodrome_airflow.broker:Transport",
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # Its task goes on while the broker is away, and says so to the execution API; whoever gets its message meanwhile is
    # told there that it runs already.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # A result is read by the scheduler within seconds.
    "result_expires": 24 * 3600,
    # Celery looks at what is stored before it stores, and by itself takes a connection that breaks then for the end of
    # the task: one that has not begun would not be run, and would have failed.
    "result_backend_always_retry": True,
    # A worker that was cut off when its task ended stores the result once the broker is back. Given up, the executor
    # would count the task among those that run, for good.
    "result_backend_transport_options": {
        **DEFAULT_CELERY_CONFIG["result_backend_transport_options"],
        "retry_policy": {"max_retries": 900, "interval_start": 0, "interval_step": 0.5, "interval_max": 2},
    },
}

# Every task's process imports these: the worker's first process does it once, and each task inherits them.
_PRELOADED = (
    "airflow.sdk.execution_time.task_runner",
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
    "airflow.providers.git.bundles.git",
    "airflow.providers.standard.operators.python",
    "aerodrome_airflow.secrets",
    "aerodrome_airflow.policy",
    "aerodrome_airflow.xcom.backend",
    # With it large results are searched for secrets.
    "numpy",
)


@worker_init.connect  # type: ignore[untyped-decorator]
def preload(**_: Any) -> None:
    """Import what every task needs; a module that does not import is the task's to report."""
    for module in _PRELOADED:
        with suppress(Exception):
            importlib.import_module(module)


@worker_init.connect  # type: ignore[untyped-decorator]
def have_patience(**_: Any) -> None:
    """Let tasks wait for a platform that is away for as long as the scheduler waits for them."""
    patience = importlib.import_module("aerodrome_airflow.patience")
    patience.install()


@worker_init.connect  # type: ignore[untyped-decorator]
def drop_stale_messages(**_: Any) -> None:
    """Have messages about tasks that are not to be started any more end without a result."""
    importlib.import_module("aerodrome_airflow.stale_messages").install()


@worker_init.connect  # type: ignore[untyped-decorator]
def send_whole_messages(**_: Any) -> None:
    """Have what tasks' processes tell the worker arrive in one piece."""
    importlib.import_module("aerodrome_airflow.whole_messages").install()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def go_first(**_: Any) -> None:
    """Have the processes of tasks end before the worker and the platform's others where memory runs out."""
    task_memory.go_first()


@worker_init.connect  # type: ignore[untyped-decorator]
def take_back_unfinished(sender: Any, **_: Any) -> None:
    """Put the messages that this queue's worker took and never finished back into its queue.

    A queue has one worker process here and bookkeeping of its own, so at its start nobody holds them. A task
    that still runs somewhere is not started twice: Airflow refuses the second start.
    """
    with sender.app.connection_for_read() as connection:
        channel = connection.default_channel
        if not isinstance(channel, Channel):
            return
        with channel.conn_or_acquire() as client:
            tags = [tag.decode() for tag in client.zrange(channel.unacked_index_key, 0, -1)]
        for tag in tags:
            channel.qos.restore_by_tag(tag)
        if tags:
            log.warning("took back %d messages of a worker that died", len(tags))
