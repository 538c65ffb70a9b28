"""`hdfs.wait`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, Seconds, Text
from common_plugins.catalogue.waiting import LongestWait, SkippedAtTheEnd


class HdfsWait(CatalogueEntry):
    """Wait until a file or folder is in HDFS."""

    uses: ClassVar[str] = "hdfs.wait"
    operator: ClassVar[str] = "common_plugins.operators.hdfs_wait:HdfsWaitOperator"
    launches: ClassVar[bool] = True
    results: ClassVar[frozenset[str]] = frozenset()
    sensor: ClassVar[bool] = True
    unmapped: ClassVar[frozenset[str]] = frozenset({"mode"})

    path: Text = Field(
        description="The file or folder; HDFS's patterns are allowed, as in `/data/{{ ds }}/part-*`. Where its writer "
        "marks the end, wait for the mark: `/data/{{ ds }}/_SUCCESS`."
    )
    mode: Literal["poke", "reschedule"] = Field(
        "reschedule",
        description="poke: keep a worker's slot meanwhile. reschedule: free it between looks.",
    )
    # Each look starts a Java of its own.
    poke_interval: Seconds = Field(60.0, ge=30, description="Time between two looks, 30s or more.")
    timeout: LongestWait = 3600.0
    soft_fail: SkippedAtTheEnd = False
