"""What a person sees who runs a DAG once: the lines of each task behind its name, and how it ended."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any, NoReturn

import pluggy
from aerodrome.terminal import visible

TASK_FAILED = "Task failed with exception"
_hook = pluggy.HookimplMarker("airflow")


def say(text: str) -> None:
    """Print *text* at once; what would command the terminal is shown and not obeyed."""
    # Lines of tasks come from the tenant's code and its data.
    sys.stdout.write(f"{visible(text)}\n")
    sys.stdout.flush()


class Screen:
    """Hears from Airflow which task runs; its lines are shown behind its name."""

    def __init__(self) -> None:
        self.task = ""
        self._since = time.monotonic()
        self._ended: set[str] = set()

    def line(self, text: str) -> None:
        """Show *text* as written by the task that runs now."""
        prefix = f"{self.task} | " if self.task else ""
        for part in text.splitlines() or [""]:
            say(prefix + part)

    def end(self, task_id: str, map_index: int, state: str, took: str = "") -> None:
        """Show how a task ended, once."""
        label = _label(task_id, map_index)
        if label not in self._ended:
            self._ended.add(label)
            say(f"{label}: {state}{took}")

    @_hook
    def on_task_instance_running(self, task_instance: Any) -> None:
        """Take lines for those of this task from now on."""
        self.task = _label(task_instance.task_id, task_instance.map_index)
        # Not the instance's start: before its first task the process starts an API server for itself.
        self._since = time.monotonic()

    @_hook
    def on_task_instance_success(self, task_instance: Any) -> None:
        """Show the end of the task."""
        self._end(task_instance, "success")

    @_hook
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        """Show the end of the task."""
        self._end(task_instance, "skipped")

    @_hook
    def on_task_instance_failed(self, task_instance: Any) -> None:
        """Show the end of the task."""
        self._end(task_instance, "failed")

    def _end(self, instance: Any, state: str) -> None:
        self.task = ""
        self.end(instance.task_id, instance.map_index, state, f" ({time.monotonic() - self._since:.1f} s)")


def _label(task_id: str, map_index: int | None) -> str:
    return task_id if map_index is None or map_index < 0 else f"{task_id}[{map_index}]"


def show_only_tasks(screen: Screen) -> None:
    """Send everything that is logged to *screen*, and let it hear which task runs."""
    import structlog
    from airflow.sdk.listener import get_listener_manager

    get_listener_manager().add_listener(screen)  # type: ignore[no-untyped-call]
    before = structlog.get_config()["processors"][:-1]
    structlog.configure(processors=[*before, _Last(screen)])
    root = logging.getLogger()
    root.handlers[:] = [_Handler(screen)]


class _Last:
    """The end of structlog's chain."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def __call__(self, _logger: Any, level: str, event: MutableMapping[str, Any]) -> NoReturn:
        import structlog

        error = event.get("exc_info")
        _show(self._screen, level, str(event["event"]), sys.exc_info()[1] if error is True else error)
        raise structlog.DropEvent


class _Handler(logging.Handler):
    """The end of the standard library's chain."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        _show(self._screen, record.levelname.lower(), record.getMessage(), record.exc_info)


def _show(screen: Screen, level: str, text: str, error: Any) -> None:
    grave = level in ("error", "exception", "critical")
    if not screen.task and not grave:
        # Airflow's own, between tasks.
        return
    cause = error[1] if isinstance(error, tuple) else error
    if isinstance(cause, BaseException):
        told = f"{type(cause).__name__}: {cause}".removesuffix(": ")
        text = told if text == TASK_FAILED else f"{text}: {told}"
    screen.line(f"{level}: {text}" if level == "warning" else text)
