"""Logs in a folder of HDFS, over WebHDFS.

curl speaks it: with Kerberos it proves itself by the ticket of its surroundings (SPNEGO), for which there is no Python
library without a compiler on each host.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from aerodrome_airflow.logs.place import AwayError, RefusedError

CONNECT_SECONDS, SECONDS = 5, 120
# HDFS takes no colon in a name, and times of runs have some.
_SAFE = "=@+._-~ "
_REFUSED = {"400", "401", "403"}


@dataclass(frozen=True)
class HdfsLogs:
    """Keys below the folder *base*, as *user*, or as whom the *ticket*, a cache of Kerberos, names."""

    url: str
    base: str
    user: str
    ticket: str | None = None
    ca_file: str | None = None

    def put(self, key: str, content: BinaryIO) -> None:
        """Store *content* as *key*; folders above it are made."""
        answer = self._asked("PUT", key, {"op": "CREATE", "overwrite": "true", "noredirect": "true"})
        place = str(json.loads(answer)["Location"])
        # By its name curl sees how long it is; what is written to it meanwhile goes with the next time.
        self._curl("PUT", place, "--upload-file", "/dev/stdin", stdin=content)

    def parts(self, prefix: str) -> list[str]:
        """Return the keys that begin with *prefix*, which names a file and not its folder only."""
        folder, _, begin = prefix.rpartition("/")
        try:
            found = json.loads(self._asked("GET", folder, {"op": "LISTSTATUS"}))
        except FileNotFoundError:
            return []
        names = (str(one["pathSuffix"]) for one in found["FileStatuses"]["FileStatus"])
        return sorted(f"{folder}/{name}" for name in names if name.startswith(quote(begin, safe=_SAFE)))

    def lines(self, key: str) -> Iterator[str]:
        """Yield the lines of *key*, a key that :meth:`parts` returned."""
        folder, _, name = key.rpartition("/")
        path = f"{_stored(folder)}/{name}"
        text = self._curl("GET", self._address(path, {"op": "OPEN"}), "--location")
        yield from text.decode(errors="replace").splitlines()

    def _asked(self, method: str, key: str, what: Mapping[str, str]) -> bytes:
        return self._curl(method, self._address(_stored(key), what))

    def _address(self, stored: str, what: Mapping[str, str]) -> str:
        who = {} if self.ticket else {"user.name": self.user}
        return f"{self.url}/webhdfs/v1{self.base}/{quote(stored)}?{urlencode({**what, **who})}"

    def _curl(self, method: str, address: str, *more: str, stdin: BinaryIO | None = None) -> bytes:
        proof = ("--negotiate", "--user", ":") if self.ticket else ()
        trusted = ("--cacert", self.ca_file) if self.ca_file else ()
        # The last line of what it prints is the status; it reads no configuration of anybody's home.
        fixed = ("--disable", "--silent", "--globoff", "--write-out", "\n%{http_code}", "--request", method)
        times = ("--connect-timeout", str(CONNECT_SECONDS), "--max-time", str(SECONDS))
        command = [_program(), *fixed, *times, *proof, *trusted, *more, "--url", address]
        ticket = {"KRB5CCNAME": f"FILE:{self.ticket}"} if self.ticket else {}
        around = {**os.environ, **ticket}
        given = stdin or subprocess.DEVNULL
        return _content(subprocess.run(command, stdin=given, capture_output=True, check=False, env=around))


def from_settings(said: Mapping[str, Any]) -> HdfsLogs:
    """Return the store that *said* describes."""
    base = str(said["base"]).rstrip("/")
    return HdfsLogs(said["url"], base, said["user"], said.get("ticket"), said.get("ca_file"))


def _stored(key: str) -> str:
    return "/".join(quote(part, safe=_SAFE) for part in key.split("/"))


def _program() -> str:
    found = shutil.which("curl")
    if found is None:
        raise AwayError("logs in HDFS need the program curl, which is not installed")
    return found


def _content(done: subprocess.CompletedProcess[bytes]) -> bytes:
    content, _, status = done.stdout.rpartition(b"\n")
    code = status.decode(errors="replace")
    if code.startswith("2"):
        return content
    if code == "404":
        raise FileNotFoundError("HDFS has no such folder")
    if code in _REFUSED:
        raise RefusedError(f"HDFS refuses: status {code}")
    raise AwayError(f"HDFS does not serve: status {code}, curl's exit code {done.returncode}")
