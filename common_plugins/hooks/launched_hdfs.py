"""HDFS's own command line, in the tenant's own process and user, with the tenant's own ticket."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aerodrome_airflow.launcher.client import Job
from aerodrome_airflow.launcher.files import BadPathError, inside
from aerodrome_airflow.tenant_values import TenantValues
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from common_plugins.hooks.hdfs_errors import NO_CLIENT, reason
from common_plugins.tenancy import Context, LaunchingMixin, tenant

# Enough of what Java says before its last word.
_LINES = 400
_PATTERN = r"[*?\[\]{}\\]"
_ADDRESS = r"([a-z][a-z0-9+.-]*://[^/]*)?(.*)"

# What a job says goes in by its environment: nothing of it is ever taken for a command. Neither the client's
# own start scripts nor Java get the name of a folder that others could write to.
_BEGIN = f"""
hdfs="${{HADOOP_HOME:-/nonexistent}}/bin/hdfs"
[ -x "$hdfs" ] || {{ echo "there is no $hdfs on this machine"; exit {NO_CLIENT}; }}
export HADOOP_CLIENT_OPTS="-XX:-UsePerfData -Xmx512m -Djava.io.tmpdir=$TMPDIR"
dfs() {{ "$hdfs" dfs "$@"; }}
told() {{
  local why="${{KRB5CCNAME:-}}"
  why="${{why#FILE:}}.problem"
  if [ -s "$why" ]; then printf 'kerberos: %s\\n' "$(head -c 1000 -- "$why" | tr '\\n' ' ')"; fi
}}
trap 'code=$?; [ $code = 0 ] || told' EXIT
"""


class HdfsMixin(LaunchingMixin):
    """An operator that works through HDFS's command line."""

    def run_hdfs(self, context: Context, script: str, values: Mapping[str, str], *others: int) -> int:
        """Return the exit code of *script*, which sees *values* as variables: 0 or one of *others*, else an error."""
        lines: deque[str] = deque(maxlen=_LINES)

        def note(line: str) -> None:
            lines.append(line)
            self.log_line(line)

        job = Job(tenant(context), "bash", None, {"script": _BEGIN + script}, dict(values))
        code = int(self.start_launch().run(job, note)["exit_code"])
        if code and code not in others:
            kind = AirflowFailException if code == NO_CLIENT else AirflowException
            raise kind(reason(code, lines))
        return code


def in_data_folder(context: Context, path: Any) -> str:
    """Return the whole path of *path* below the tenant's data folder; it fails the task where it leaves it."""
    try:
        return str(inside(_data(context), path))
    except BadPathError as problem:
        raise AirflowFailException(str(problem)) from None


def _data(context: Context) -> Path:
    return Path(str(TenantValues(tenant(context), {}).data))


def hdfs_path(said: Any, *, pattern: bool = False) -> str:
    """Return *said* as a path for HDFS; it fails the task where it is none, or a pattern without *pattern*."""
    if not isinstance(said, str) or not said.strip() or "\0" in said or "\n" in said:
        raise AirflowFailException(f"{said!r} is not a path in HDFS")
    if not pattern and re.search(_PATTERN, said):
        raise AirflowFailException(f"{said!r}: HDFS would take it for a pattern; write one path")
    return said


def folder_of(path: str) -> str:
    """Return the folder that *path* of HDFS is in, or "" where that is the root or the user's own home."""
    address, way = _split(path)
    folder, slash, _ = way.rstrip("/").rpartition("/")
    return (address + folder) if slash and folder else ""


def named(path: str, name: str) -> str:
    """Return *path*, with *name* at its end where it is written as a folder."""
    return path + name if path.endswith("/") else path


def _split(path: str) -> tuple[str, str]:
    found = re.fullmatch(_ADDRESS, path, re.DOTALL)
    assert found is not None
    return found[1] or "", found[2]
