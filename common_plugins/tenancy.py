"""What the catalogue's operators share: the tenant comes from the running DAG's id, not from a parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ClassVar

from aerodrome import names
from aerodrome_airflow import task_memory, task_timeout
from aerodrome_airflow.launcher.client import Job, Launch
from aerodrome_airflow.templating import PlainTextMixin
from airflow.sdk import BaseHook, Context, Variable

__all__ = ["CatalogueMixin", "Context", "LaunchingMixin"]


class CatalogueMixin(PlainTextMixin):
    """An operator of the catalogue; *uses* is the name that manifests know it by."""

    uses: ClassVar[str]
    custom_operator_name: ClassVar[str]
    """The name that Airflow's pages show."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.custom_operator_name = getattr(cls, "uses", "")
        if "execute" in vars(cls):
            cls.execute = _within_memory(vars(cls)["execute"])  # type: ignore[attr-defined]

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Context, *others: Any, **named: Any
    ) -> None:
        # The first that Airflow asks of a task's operator; of one that it made for one of several mapped tasks, too.
        if _runs_a_task(context):
            task_memory.confine()
            task_timeout.install()
        with task_memory.told():
            super()._do_render_template_fields(parent, template_fields, context, *others, **named)  # type: ignore[misc]


def _runs_a_task(context: Context) -> bool:
    """Return whether this process was started to run the task of *context*, and ends with it."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    return isinstance(context.get("ti"), RuntimeTaskInstance)


def _within_memory(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Return *execute* with a clear error where the memory is not enough."""

    @wraps(execute)
    def run(*args: Any, **kwargs: Any) -> Any:
        with task_memory.told():
            return execute(*args, **kwargs)

    return run


def tenant(context: Context) -> str:
    """Return the tenant whose DAG runs."""
    return names.tenant_of(context["ti"].dag_id)


def connection_id(context: Context, name: str) -> str:
    """Return Airflow's id of the connection that a manifest calls *name*."""
    return names.secret_key(tenant(context), name)


def connections(context: Context, wanted: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the connections that a manifest calls *wanted*, as JSON."""
    return {name: _as_json(BaseHook.get_connection(connection_id(context, name))) for name in wanted}


def variables(context: Context, wanted: Iterable[str]) -> dict[str, Any]:
    """Return the values of the variables that a manifest calls *wanted*."""
    return {name: Variable.get(names.secret_key(tenant(context), name)) for name in wanted}


def _as_json(connection: Any) -> dict[str, Any]:
    simple = ("conn_type", "host", "port", "login", "password", "schema")
    return {**{key: getattr(connection, key) for key in simple}, "extra": connection.extra_dejson}


class LaunchingMixin(CatalogueMixin):
    """An operator that works through the launcher; killing the task ends the job."""

    # Set while a job runs; on the class, so that no DAG file carries it.
    _launch: Launch | None = None

    def start_launch(self) -> Launch:
        """Return a new launch that `on_kill` will end."""
        self._launch = Launch()
        return self._launch

    def run_job(self, job: Job, content: bytes | None = None) -> Any:
        """Return the result of *job*; its lines go to the task's log."""
        return self.start_launch().run(job, self.log_line, content=content)

    def log_line(self, line: str) -> None:
        """Write one line of the job to the task's log."""
        self.log.info("%s", line)  # type: ignore[attr-defined]

    def on_kill(self) -> None:
        """End the job's whole process tree."""
        if self._launch is not None:
            self._launch.cancel()


def text_map(values: Mapping[str, Any]) -> dict[str, str]:
    """Return *values* as texts: a reference may have brought another type."""
    return {name: value if isinstance(value, str) else str(value) for name, value in values.items()}


def texts(value: Any) -> list[str]:
    """Return one text, or a list of them, as a list; nothing for an empty one."""
    if isinstance(value, str):
        return [value] if value else []
    return [str(item) for item in value or ()]
