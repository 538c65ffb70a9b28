"""Ask a tenant's launcher for a job as a worker does; run on a host, where the first argument names the job."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from aerodrome_airflow.launcher.client import Job, Launch, LauncherError, TenantCodeError

EAT = "python3.11 -c \"import time; m = bytearray(b'x') * 180 * 2**20; time.sleep(5)\""
SCRIPTS = {
    "who": "id; cat /proc/self/cgroup",
    "temporary": "touch /tmp/mine; test $(stat -c %U /tmp/mine) = _alpha && ls /tmp",
    # Each less than one process may have: only the cgroup counts them together.
    "memory": f"{EAT} & {EAT}; wait",
    "leave": "setsid sleep 600 & sleep 600",
}


def main(name: str) -> None:
    """Run the job and print what it says."""
    if name == "leave":
        # As a worker that is killed: nothing is said to the launcher.
        threading.Timer(2, os._exit, [0]).start()
    job = Job("alpha", "bash", None, {"script": SCRIPTS[name]})
    try:
        Launch(Path("/run/aerodrome/launcher/alpha.sock")).run(job, print)
    except (LauncherError, TenantCodeError) as problem:
        sys.stdout.write(f"{problem}\n")


if __name__ == "__main__":
    main(sys.argv[1])
