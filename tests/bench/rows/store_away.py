"""Five minutes without the secrets store, while tasks go on: who gets a secret, and how often the store is asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import live
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import CONNECTION, Lookup
from figures import Figure
from processes import clean_environment
from workshop import PYTHON, Workshop

if TYPE_CHECKING:
    from secrets_place import Bao, Door

PROGRAM = Path(__file__).parents[1] / "programs" / "away_tasks.py"
# The server and what counts its callers are those of the tests.
sys.path.insert(0, str(Path(__file__).parents[2] / "airflow/secrets"))
SETTING = "AERODROME_BENCH_AWAY_SECONDS"
SECONDS, QUICK_SECONDS = 300, 20
SLOTS = 8
KNOWN, UNKNOWN = ("db", "db0", "db1", "db2"), "db3"
TENANT = "alpha"
# Beyond the outage: the last tasks wait for their answers.
ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Outage:
    """What happened while the store was away, and how soon it was read again."""

    seconds: float
    tasks: Sequence[Mapping[str, Any]]
    attempts: Sequence[float]
    back: float

    @property
    def lost(self) -> list[Mapping[str, Any]]:
        """The tasks that did not get a secret that the agent had read before."""
        return [task for task in self.tasks if task["name"] in KNOWN and not task["got"]]

    @property
    def told(self) -> list[float]:
        """Seconds until each task whose secret nobody had read was told that it cannot be."""
        return [task["seconds"] for task in self.tasks if task["said"]]


def store_away(shop: Workshop) -> Iterator[Figure]:
    """Yield the tasks that were lost, and how often the store was asked."""
    seconds = float(os.environ.get(SETTING, QUICK_SECONDS if shop.quick else SECONDS))
    shop.say(f"{seconds:.0f} s without the secrets store")
    found = _outage(seconds)
    details = {"tasks": len(found.tasks), "lost": found.lost[:5], "attempts": len(found.attempts)}
    what = f"{seconds:.0f} s without the secrets store, {SLOTS} tasks a second: lost with their secret cached"
    yield Figure("away_lost", what, "tasks", (len(found.lost),), 0, details=details)
    rate = len(found.attempts) / found.seconds
    apart = [later - earlier for earlier, later in pairwise(found.attempts)]
    details = {"shortest_seconds_between_attempts": min(apart, default=None), "seconds": found.seconds}
    what = "attempts at the store meanwhile, counted at its socket, of one worker"
    yield Figure("away_attempts", what, "per second", (rate,), 1, details=details)
    what = "a task whose secret was not cached is told so after, at the longest"
    yield Figure("away_told", what, "s", (max(found.told, default=0.0),))
    yield Figure("away_back", "after the store's return that secret is read within", "s", (found.back,))


def _outage(seconds: float) -> Outage:
    from secrets_place import Bao, Door

    folder = Path(tempfile.mkdtemp(prefix="away-"))
    bao = Bao(folder)
    try:
        bao.start()
        door = Door(bao.port)
        with _agent(folder, door) as ask:
            if not all(ask(name) for name in KNOWN):
                raise RuntimeError("the agent does not read the secrets before the outage")
            return _measure(seconds, folder, bao, door, ask)
    finally:
        bao.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _agent(folder: Path, door: Door) -> Iterator[Any]:
    """Yield whether the zone's agent, a process of its own, gives a connection's secret."""
    from secrets_place import process, settings

    agent = process(settings(folder, door.port), str(PYTHON))
    client = AgentClient(folder / "s")
    try:
        yield lambda name: client.ask(Lookup(TENANT, CONNECTION, name, False)).outcome == "value"
    finally:
        agent.terminate()
        agent.communicate()
        door.close()


def _measure(seconds: float, folder: Path, bao: Bao, door: Door, ask: Any) -> Outage:
    slots = [Slot.start(folder, number, seconds) for number in range(SLOTS)]
    for slot in slots:
        slot.await_ready()
    bao.kill()
    start = time.monotonic()
    for slot in slots:
        slot.begin()
    # First whoever calls is sent away at once; in the second half nobody answers.
    time.sleep(seconds / 2)
    door.hangs = True
    tasks = [task for slot in slots for task in slot.ended(seconds + ANSWER_SECONDS)]
    attempts = [moment for moment in door.moments if start <= moment < start + seconds]
    door.hangs = False
    bao.start()
    back = time.monotonic()
    live.wait(lambda: ask(UNKNOWN), 60, 0.05)
    return Outage(seconds, tasks, attempts, time.monotonic() - back)


@dataclass(frozen=True)
class Slot:
    """One slot of a worker; *log* is what it writes on standard error."""

    process: subprocess.Popen[str]
    log: Path

    @classmethod
    def start(cls, folder: Path, number: int, seconds: float) -> Slot:
        """Return a slot that loads what tasks need."""
        command = [PYTHON, PROGRAM, folder / "s", seconds, *KNOWN, "--", UNKNOWN]
        log = folder / f"slot-{number}.log"
        with log.open("wb") as trouble:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=clean_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=trouble,
                text=True,
            )
        return cls(process, log)

    def await_ready(self) -> None:
        """Return when it has loaded everything; RuntimeError where it cannot."""
        assert self.process.stdout is not None
        while (line := self.process.stdout.readline()) != "ready\n":
            if not line:
                raise RuntimeError(f"a slot does not start:\n{self.log.read_text()[-2000:]}")

    def begin(self) -> None:
        """Let the tasks begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("begin\n")
        self.process.stdin.flush()

    def ended(self, patience: float) -> list[dict[str, Any]]:
        """Return the tasks, once they have ended."""
        said, _ = self.process.communicate(timeout=patience)
        if self.process.returncode:
            raise RuntimeError(f"a slot ended in error:\n{self.log.read_text()[-2000:]}")
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]
