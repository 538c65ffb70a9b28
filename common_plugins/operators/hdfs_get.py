"""`hdfs.get` in Airflow."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from common_plugins.catalogue.hdfs_get import HdfsGet
from common_plugins.hooks.launched_hdfs import HdfsMixin, hdfs_path, in_data_folder
from common_plugins.tenancy import Context

# In a folder of its own beside the target: nobody sees half a file, and a new one takes the place of an old at once.
_SCRIPT = """
[ -n "$FORCE" ] || ! [ -e "$TARGET" ] || { echo "get: $NAME is in the data folder already"; exit 1; }
mkdir -p -- "$(dirname -- "$TARGET")" || exit
draft="$(mktemp -d -- "$(dirname -- "$TARGET")/.hdfs.XXXXXXXX")" || exit
trap 'code=$?; rm -rf -- "$draft"; [ $code = 0 ] || told' EXIT
dfs $COPY -- "$SOURCE" "$draft/file" || exit
[ -e "$draft/file" ] || { echo "get: $SOURCE: nothing came"; exit 1; }
mv -fT -- "$draft/file" "$TARGET"
"""


class HdfsGetOperator(HdfsMixin, BaseOperator):
    """Copy a file of HDFS into the tenant's data folder."""

    uses = HdfsGet.uses
    template_fields = HdfsGet.template_fields()

    def __init__(
        self, *, path: Any, file: Any, merge: bool = False, overwrite: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.file = file
        self.merge = merge
        self.overwrite = overwrite

    def execute(self, context: Context) -> str:
        """Return the path below the data folder."""
        values = {
            "SOURCE": hdfs_path(self.path),
            "TARGET": in_data_folder(context, self.file),
            "NAME": str(self.file),
            "COPY": "-getmerge" if self.merge else "-get",
            "FORCE": "yes" if self.overwrite else "",
        }
        self.run_hdfs(context, _SCRIPT, values)
        return str(self.file)
