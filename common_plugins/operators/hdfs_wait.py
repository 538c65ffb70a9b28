"""`hdfs.wait` in Airflow."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseSensorOperator

from common_plugins.catalogue.hdfs_wait import HdfsWait
from common_plugins.hooks.launched_hdfs import HdfsMixin, hdfs_path
from common_plugins.tenancy import Context

_MISSING = 3
# The client's exit code is the same for a file that is not there and for a cluster that does not answer. Only of the
# second, and of a pattern that nothing fits, it speaks.
_SCRIPT = f"""
said="$(dfs -test -e "$WANTED" 2>&1)" && exit 0
printf '%s\\n' "$said"
if grep '^-\\?test: ' <<<"$said" | grep -qv ': No such file or directory$'; then exit 1; fi
trap - EXIT
exit {_MISSING}
"""


class HdfsWaitOperator(HdfsMixin, BaseSensorOperator):
    """Wait until a file or folder is in HDFS."""

    uses = HdfsWait.uses
    template_fields = HdfsWait.template_fields()

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
        super().__init__(
            mode=mode, poke_interval=poke_interval, timeout=timeout, soft_fail=soft_fail, **kwargs
        )
        self.path = path

    def execute(self, context: Context) -> None:
        """Return when it is there."""
        super().execute(context)

    def poke(self, context: Context) -> bool:
        """Return whether it is there, as the tenant's user sees it."""
        wanted = hdfs_path(self.path, pattern=True)
        self.log.info("Looking for %s", wanted)
        return self.run_hdfs(context, _SCRIPT, {"WANTED": wanted}, _MISSING) == 0
