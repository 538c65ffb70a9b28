"""`file.wait`."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from common_plugins.catalogue.base import CatalogueEntry, DataPath, Seconds
from common_plugins.catalogue.waiting import LongestWait, SkippedAtTheEnd

# Airflow fails a rescheduled task that is due again before its executor has reported the end of the last look.
SHORTEST_RESCHEDULE = 30.0


class FileWait(CatalogueEntry):
    """Wait until a file is in the tenant's data folder."""

    uses: ClassVar[str] = "file.wait"
    operator: ClassVar[str] = "common_plugins.operators.file_wait:FileWaitOperator"
    launches: ClassVar[bool] = True
    results: ClassVar[frozenset[str]] = frozenset()
    sensor: ClassVar[bool] = True
    unmapped: ClassVar[frozenset[str]] = frozenset({"mode"})

    path: DataPath = Field(description="The file, below the tenant's data folder.")
    mode: Literal["poke", "reschedule", "defer"] = Field(
        "reschedule",
        description="poke: keep a worker's slot meanwhile. reschedule: free it between looks. "
        "defer: leave the waiting to the triggerer, on queues whose zone has one.",
    )
    poke_interval: Seconds = Field(60.0, ge=1, description="Time between two looks.")
    timeout: LongestWait = 3600.0
    soft_fail: SkippedAtTheEnd = False

    @model_validator(mode="after")
    def _leave_time_between_reschedules(self) -> Self:
        if self.mode == "reschedule" and self.poke_interval < SHORTEST_RESCHEDULE:
            raise ValueError(
                "with mode: reschedule, poke_interval must be 30s or more; mode: poke may look more often"
            )
        return self
