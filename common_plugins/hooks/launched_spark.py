"""spark-submit in the tenant's own environment, process and user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
from airflow.sdk.exceptions import AirflowException

Run = Callable[[list[str], str, list[str]], int]
"""Takes spark-submit's options, the application and its arguments; returns the exit code."""

# Other tenants' code on the worker reaches what a driver listens at: without a secret it would do what they ask, and
# its pages would show them its data.
UNSEEN = {"spark.ui.enabled": "false"}
GUARDED = {**UNSEEN, "spark.authenticate": "true"}
ALONE = {**GUARDED, "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
# For these Spark makes a secret up and hands it on by itself.
_OWN_SECRET = ("local", "yarn", "k8s://")


class LaunchedSparkSubmitHook(SparkSubmitHook):
    """Builds the provider's command and hands it to *run* instead of starting it in the worker."""

    def __init__(self, *, conn_id: str | None, conf: dict[str, str], run: Run, **kwargs: Any) -> None:
        self._is_alone = conn_id is None
        super().__init__(conf=conf, conn_id=conn_id or "", **kwargs)
        self._conf = {**self._defaults(), **conf}
        self._run = run

    def _defaults(self) -> dict[str, str]:
        if self._is_alone:
            return ALONE
        makes_a_secret = str(self._connection["master"]).startswith(_OWN_SECRET)
        return GUARDED if makes_a_secret else UNSEEN

    def _resolve_connection(self) -> dict[str, Any]:
        if self._is_alone:
            return {**_NOTHING, "master": "local[*]", "spark_binary": "spark-submit"}
        connection: dict[str, Any] = super()._resolve_connection()
        if connection["deploy_mode"] == "cluster" or connection["keytab"]:
            raise AirflowException("spark.submit runs drivers on the worker: no cluster mode, no keytab")
        return connection

    def submit(self, application: str = "", **_: Any) -> None:
        """Run the application to its end; a failed one fails the task."""
        command = self._build_spark_submit_command(application)
        at = len(command) - 1 - len(self._application_args or [])
        code = self._run(command[1:at], application, command[at + 1 :])
        if code:
            raise AirflowException(
                f"spark-submit ended with exit code {code}: its lines are in the log above"
            )


_NOTHING: dict[str, Sequence[str] | None] = dict.fromkeys(
    ("queue", "deploy_mode", "namespace", "principal", "keytab", "rest_endpoint")
)
