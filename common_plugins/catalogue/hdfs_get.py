"""`hdfs.get`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, DataPath, Text


class HdfsGet(CatalogueEntry):
    """Copy a file of HDFS into the tenant's data folder; later tasks get its path there."""

    uses: ClassVar[str] = "hdfs.get"
    operator: ClassVar[str] = "common_plugins.operators.hdfs_get:HdfsGetOperator"
    launches: ClassVar[bool] = True

    path: Text = Field(description="The file in HDFS; with `merge`, a folder.")
    file: DataPath = Field(description="Where to, below the tenant's data folder. Folders above it are made.")
    merge: bool = Field(
        False,
        description="True: `path` is a folder, such as Spark writes; its files become one, in the order of names.",
    )
    overwrite: bool = Field(True, description="False: fail where there is something already.")
