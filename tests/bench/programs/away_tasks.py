"""Child program: one slot of a worker, which begins a task every second, each a process that reads one connection.

python away_tasks.py SOCKET SECONDS KNOWN… -- UNKNOWN: three tasks read one of KNOWN, the fourth UNKNOWN. Says that it
is ready, and begins when it is given a line. At the end prints a line of JSON for each task: the name that it read,
whether it got the secret, what it was told, seconds.
"""

import itertools
import json
import os
import random
import sys
import time

from aerodrome_airflow.secrets import TenantSecretsBackend
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from structlog.contextvars import bind_contextvars

SECOND = 1.0
UNKNOWN_EVERY = 4


def main() -> None:
    """Begin tasks until the time is over, and tell how they ended."""
    socket, seconds, *names = sys.argv[1:]
    *known, _, unknown = names
    print("ready", flush=True)
    sys.stdin.readline()
    end, tasks = time.monotonic() + float(seconds), []
    # The slots of a worker do not keep step.
    time.sleep(random.uniform(0, SECOND))
    for number in itertools.count(os.getpid()):
        started = time.monotonic()
        if started >= end:
            break
        name = unknown if number % UNKNOWN_EVERY == 0 else known[number % len(known)]
        tasks.append(begin(socket, name))
        time.sleep(max(0.0, started + SECOND - time.monotonic()))
    for pid, reader in tasks:
        with os.fdopen(reader) as answer:
            print(answer.read())
        os.waitpid(pid, 0)


def begin(socket: str, name: str) -> tuple[int, int]:
    """Start a task that reads *name*; return its process and where its answer comes."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        os.write(writer, json.dumps(task(socket, name)).encode())
    finally:
        os._exit(0)


def task(socket: str, name: str) -> dict[str, object]:
    """Return what a task gets that reads the connection *name*."""
    # What Airflow notes in the process of a task.
    bind_contextvars(ti_id="1", dag_id="alpha.daily", task_id="task")
    began, said, password = time.perf_counter(), "", None
    try:
        found = TenantSecretsBackend(socket=socket).get_connection(f"alpha.{name}")
        password = found.password if found else None
    except AirflowSecretsBackendAccessDenied as problem:
        said = str(problem)
    right = password == f"alpha-{name}-password"
    return {"name": name, "got": right, "said": said, "seconds": time.perf_counter() - began}


if __name__ == "__main__":
    main()
