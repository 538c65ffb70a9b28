"""A task's lookup of a connection through its zone's agent, which reads it from OpenBao."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil
from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, Workshop

if TYPE_CHECKING:
    from secrets_place import Bao

PROGRAM = Path(__file__).parents[1] / "programs" / "lookups.py"
# The server and its policies are those of the tests.
sys.path.insert(0, str(Path(__file__).parents[2] / "airflow/secrets"))
NAMES = ("db", "db0", "db1", "db2", "db3")
GOAL = 5


def lookups(shop: Workshop) -> Iterator[Figure]:
    """Yield the time of a lookup and the calls it takes, the time to hide a long secret, and the agent's memory."""
    from secrets_place import Bao, process, settings

    folder = Path(tempfile.mkdtemp(prefix="agent-"))
    bao = Bao(folder)
    first, warm, key, memory = (list[float]() for _ in range(4))
    try:
        bao.start()
        for turn in range(shop.runs):
            shop.say(f"lookups {turn + 1} of {shop.runs}")
            agent = process(settings(folder, bao.port), str(PYTHON))
            try:
                done = run([PYTHON, PROGRAM, folder / "s", *NAMES], clean_environment())
                memory.append(psutil.Process(agent.pid).memory_full_info().pss / 1e6)
            finally:
                agent.terminate()
                agent.communicate()
            found = json.loads(done.output.splitlines()[-1])
            first.append(median(found["first"]))
            warm.append(median(found["warm"]))
            key.append(found["key"])
        calls = _calls(bao, folder)
    finally:
        bao.kill()
        shutil.rmtree(folder, ignore_errors=True)
    yield Figure("secret_warm", "lookup of a secret, warm: median", "ms", tuple(warm), GOAL)
    yield Figure("secret_first", "lookup of a secret that the store is asked for: median", "ms", tuple(first))
    what = "a key file of thirty lines, hidden in all its forms: processor time, once in a task"
    yield Figure("secret_calls", "calls of the store for each secret that a task reads", "calls", (calls,), 1)
    yield Figure("secret_long_key", what, "ms", tuple(key), 500)
    yield Figure("secret_agent_memory", "the agent of a zone, memory of its own", "MB", tuple(memory))


def _calls(bao: Bao, folder: Path) -> float:
    """Return how often the store is asked for each secret of a task, which reads one of them 200 times more.

    The agent has logged in, and holds a token of the tenant, as for all tasks but the first.
    """
    from aerodrome_airflow.secrets.client import AgentClient
    from aerodrome_airflow.secrets.protocol import Lookup
    from secrets_place import Door, process, settings

    door = Door(bao.port)
    agent = process(settings(folder, door.port), str(PYTHON))
    try:
        AgentClient(folder / "s").ask(Lookup("alpha", "variable", "threshold", False))
        before = door.calls
        run([PYTHON, PROGRAM, folder / "s", *NAMES], clean_environment())
        return (door.calls - before) / len(NAMES)
    finally:
        agent.terminate()
        agent.communicate()
        door.close()
