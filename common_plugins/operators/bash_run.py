"""`bash.run` in Airflow."""

from __future__ import annotations

from typing import Any

from aerodrome_airflow.launcher.client import Job
from airflow.providers.standard.hooks.subprocess import SubprocessResult
from airflow.providers.standard.operators.bash import BashOperator

from common_plugins.catalogue.bash_run import BashRun
from common_plugins.tenancy import Context, LaunchingMixin, tenant, text_map


class BashRunOperator(LaunchingMixin, BashOperator):
    """Run a shell script in the tenant's own process and user."""

    uses = BashRun.uses
    template_fields = BashRun.template_fields()

    def __init__(self, *, script: Any, env: Any = None, runtime: str | None = None, **kwargs: Any) -> None:
        super().__init__(bash_command="", env=env, **kwargs)
        self.script = script
        self.runtime = runtime
        self._tenant = ""

    def execute(self, context: Context) -> Any:
        """Return the last line that the script wrote."""
        self._tenant = tenant(context)
        self.bash_command = str(self.script)
        return super().execute(context)

    def get_env(self, context: Context) -> dict[str, str]:
        """Return what the task declares, and nothing of the worker's environment."""
        return text_map(self.env or {})

    def _run_inline_command(self, bash_path: str, env: dict[str, str]) -> SubprocessResult:
        job = Job(self._tenant, "bash", self.runtime, {"script": self.bash_command}, env)
        outcome = self.run_job(job)
        return SubprocessResult(exit_code=outcome["exit_code"], output=outcome["last_line"])
