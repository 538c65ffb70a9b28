"""`file.wait`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, DataPath, Seconds


class FileWait(CatalogueEntry):
    """Wait until a file is in the tenant's data folder."""

    uses: ClassVar[str] = "file.wait"
    operator: ClassVar[str] = "common_plugins.operators.file_wait:FileWaitOperator"
    sensor: ClassVar[bool] = True

    path: DataPath = Field(description="The file, below the tenant's data folder.")
    mode: Literal["poke", "reschedule", "defer"] = Field(
        "reschedule",
        description="poke: keep a worker's slot meanwhile. reschedule: free it between looks. "
        "defer: leave the waiting to the triggerer, on queues whose zone has one.",
    )
    poke_interval: Seconds = Field(60.0, ge=1, description="Time between two looks.")
    timeout: Seconds = Field(3600.0, gt=0, description="Longest time to wait.")
    soft_fail: bool = Field(False, description="Skip the task, instead of failing it, when the time is over.")
