"""`hdfs.put`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, DataPath, Text


class HdfsPut(CatalogueEntry):
    """Copy a file or folder of the tenant's data folder into HDFS; later tasks get its path there."""

    uses: ClassVar[str] = "hdfs.put"
    operator: ClassVar[str] = "common_plugins.operators.hdfs_put:HdfsPutOperator"
    launches: ClassVar[bool] = True

    file: DataPath = Field(description="What to copy, below the tenant's data folder.")
    path: Text = Field(
        description="Where to in HDFS, such as `/data/orders.csv`, `orders.csv` (in the home of the tenant's user) or "
        "`hdfs://cluster/data/`. With a `/` at its end it is a folder, in which the file keeps its name. "
        "Folders above it are made."
    )
    overwrite: bool = Field(True, description="False: fail where there is something already.")
