"""Child program: a task's lookups, in milliseconds each: the first of a secret, and those that follow.

python lookups.py SOCKET NAME…
"""

import json
import sys
import time

from aerodrome_airflow.secrets import TenantSecretsBackend, scrub
from structlog.contextvars import bind_contextvars

KEY = "-----BEGIN KEY-----\n" + "\n".join(f"{number:04}" * 16 for number in range(30)) + "\n"
socket, *names = sys.argv[1:]
# What Airflow notes in the process of a task.
bind_contextvars(ti_id="1", dag_id="alpha.daily", task_id="task")
backend = TenantSecretsBackend(socket=socket)


def took(name):
    """Return the milliseconds of one lookup, with all that hides the secret from logs."""
    began = time.perf_counter()
    assert backend.get_connection(f"alpha.{name}").password
    return 1000 * (time.perf_counter() - began)


def hidden(secret):
    """Return the milliseconds of processor time until *secret* is hidden in all its forms."""
    began = time.thread_time()
    scrub.register([secret])
    return 1000 * (time.thread_time() - began)


# What the first lookup imports is no part of it.
took(names[0])
first = [took(name) for name in names[1:]]
warm = [took(names[1]) for _ in range(200)]
# Last: from here on the masker knows several hundred texts more.
print(json.dumps({"first": first, "warm": warm, "key": hidden(KEY)}))
