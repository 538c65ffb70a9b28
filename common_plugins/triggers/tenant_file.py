"""Wait in a triggerer for a file of a tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from aerodrome_airflow.launcher.client import Job, Launch
from airflow.providers.standard.triggers.file import FileTrigger
from airflow.triggers.base import TriggerEvent


class TenantFileTrigger(FileTrigger):
    """Fires once when the file is in the tenant's data folder, as the tenant's user sees it."""

    def __init__(self, tenant: str, filepath: str, poke_interval: float) -> None:
        super().__init__(filepath=filepath, poke_interval=poke_interval)
        self.tenant = tenant

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes this trigger again."""
        own = {"tenant": self.tenant, "filepath": self.filepath, "poke_interval": self.poke_interval}
        return f"{type(self).__module__}.{type(self).__name__}", own

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event when the file is there."""
        while not await asyncio.to_thread(self._is_there):
            await asyncio.sleep(self.poke_interval)
        yield TriggerEvent(True)  # type: ignore[no-untyped-call]

    def _is_there(self) -> bool:
        job = Job(self.tenant, "stat", None, {"path": self.filepath})
        return bool(Launch().run(job, self.log.info)["exists"])
