"""`hdfs.put` in Airflow."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from airflow.sdk import BaseOperator

from common_plugins.catalogue.hdfs_put import HdfsPut
from common_plugins.hooks.launched_hdfs import HdfsMixin, folder_of, hdfs_path, in_data_folder, named
from common_plugins.tenancy import Context

# The client writes under another name and renames at the end: nobody sees half a file.
_SCRIPT = """
[ -e "$SOURCE" ] || { echo "put: $NAME is not in the data folder"; exit 1; }
[ -z "$FOLDER" ] || dfs -mkdir -p -- "$FOLDER" || exit
dfs -put $FORCE -- "$SOURCE" "$TARGET"
"""


class HdfsPutOperator(HdfsMixin, BaseOperator):
    """Copy a file or folder of the tenant's data folder into HDFS."""

    uses = HdfsPut.uses
    template_fields = HdfsPut.template_fields()

    def __init__(self, *, file: Any, path: Any, overwrite: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.path = path
        self.overwrite = overwrite

    def execute(self, context: Context) -> str:
        """Return the path in HDFS."""
        source = in_data_folder(context, self.file)
        target = named(hdfs_path(self.path), PurePosixPath(source).name)
        values = {
            "SOURCE": source,
            "NAME": str(self.file),
            "TARGET": target,
            "FOLDER": folder_of(target),
            "FORCE": "-f" if self.overwrite else "",
        }
        self.run_hdfs(context, _SCRIPT, values)
        return target
