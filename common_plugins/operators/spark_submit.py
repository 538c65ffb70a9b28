"""`spark.submit` in Airflow."""

from __future__ import annotations

from typing import Any

from aerodrome_airflow.launcher.client import Job
from airflow.providers.apache.spark.operators import spark_submit

from common_plugins.catalogue.spark_submit import SparkSubmit
from common_plugins.hooks.launched_spark import LaunchedSparkSubmitHook
from common_plugins.tenancy import Context, LaunchingMixin, connection_id, tenant, text_map, texts


class SparkSubmitOperator(LaunchingMixin, spark_submit.SparkSubmitOperator):
    """Run a PySpark program of the tenant's package with its own pyspark."""

    uses = SparkSubmit.uses
    template_fields = SparkSubmit.template_fields()

    def __init__(  # noqa: PLR0913 - the parameters of the catalogue entry
        self,
        *,
        application: str,
        args: Any = (),
        conf: Any = None,
        connection: str | None = None,
        name: Any = "",
        env: Any = None,
        runtime: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(application=application, conf=conf, name=name, **kwargs)
        self.args = args
        self.connection = connection
        self.env = env
        self.runtime = runtime

    def execute(self, context: Context) -> None:
        """Return when the program has ended well."""
        scope = tenant(context)

        def run(options: list[str], application: str, arguments: list[str]) -> int:
            body = {"options": options, "application": application, "arguments": arguments}
            job = Job(scope, "spark", self.runtime, body, text_map(self.env or {}))
            return int(self.run_job(job)["exit_code"])

        conf = text_map(self.conf or {})
        self._hook = LaunchedSparkSubmitHook(
            conn_id=None if self.connection is None else connection_id(context, self.connection),
            conf=conf,
            # The option counts more than the setting: a manifest may give either.
            name=self.name or conf.get("spark.app.name") or f"{self.dag_id}.{self.task_id}",
            application_args=texts(self.args),
            run=run,
        )
        self._hook.submit(self.application)
