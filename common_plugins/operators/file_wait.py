"""`file.wait` in Airflow."""

from __future__ import annotations

import datetime
from typing import Any

from aerodrome_airflow.launcher.client import Job, Launch
from airflow.providers.standard.sensors.filesystem import FileSensor

from common_plugins.catalogue.file_wait import FileWait
from common_plugins.tenancy import CatalogueMixin, Context, tenant
from common_plugins.triggers.tenant_file import TenantFileTrigger


class FileWaitOperator(CatalogueMixin, FileSensor):
    """Wait until a file is in the tenant's data folder."""

    uses = FileWait.uses
    template_fields = FileWait.template_fields()

    def __init__(
        self,
        *,
        path: Any,
        mode: str = "reschedule",
        poke_interval: float = 60.0,
        timeout: float = 3600.0,
        soft_fail: bool = False,
        **kwargs: Any,
    ) -> None:
        deferrable = mode == "defer"
        super().__init__(
            filepath="",
            mode="poke" if deferrable else mode,
            deferrable=deferrable,
            poke_interval=poke_interval,
            timeout=timeout,
            soft_fail=soft_fail,
            **kwargs,
        )
        self.path = path

    def execute(self, context: Context) -> None:
        """Return when the file is there; in mode defer the triggerer waits instead."""
        self.filepath = self.path
        if not self.deferrable:
            super().execute(context)
        elif not self.poke(context):
            self.defer(
                trigger=TenantFileTrigger(tenant(context), self.path, self.poke_interval),
                method_name="execute_complete",
                timeout=datetime.timedelta(seconds=self.timeout),
            )

    def poke(self, context: Context) -> bool:
        """Return whether the file is there, as the tenant's user sees it."""
        self.log.info("Looking for %s", self.path)
        job = Job(tenant(context), "stat", None, {"path": self.path})
        return bool(Launch().run(job, self.log.info)["exists"])
