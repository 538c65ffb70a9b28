"""Child program: the milliseconds that a request of a known task spends in the execution API's guard.

python guarded.py FOLDER_OF_SHARED_TEST_CODE
"""

import asyncio
import json
import sys
import time
from uuid import UUID, uuid4

import jwt
from aerodrome_airflow.guard.middleware import ExecutionGuard
from aerodrome_airflow.guard.rules import Caller
from cachetools import TTLCache

sys.path.insert(0, sys.argv[1])
from guarded_requests import execution_app, request_scope

REQUESTS = 300
SECRET = "s" * 64
now = int(time.time())
issued = {"sub": str(uuid4()), "aud": "task", "iss": "bench", "iat": now, "nbf": now, "exp": now + 600}
passed = []


async def behind(scope, receive, send):
    """Note when the guard let a request through."""
    passed.append(time.perf_counter())


async def requests():
    """Return the milliseconds of each request."""
    guard, token, task = ExecutionGuard(behind), jwt.encode(issued, SECRET, "HS512"), UUID(issued["sub"])
    # The first request imports a good part of Airflow: the task stays known all the same.
    guard._callers._running = TTLCache(10, 600)
    guard._callers._running[task] = Caller(task, "alpha")
    app, taken = execution_app(issued, SECRET), []
    for _ in range(REQUESTS):
        scope, began = request_scope(app, token), time.perf_counter()
        await guard(scope, None, None)
        taken.append(1000 * (passed[-1] - began))
    return taken


taken = asyncio.run(requests())
assert len(passed) == REQUESTS
print(json.dumps(taken))
