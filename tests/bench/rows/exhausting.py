"""A tenant that takes all that it can: what ends each of its tasks, and what worker and neighbours notice of it."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import live
from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.release.first_runs import wait_visible
from figures import Figure
from watching import Memory, log_end, watched
from workshop import ROOT, Workshop

SOURCE = Path(__file__).parents[1] / "exhausting"
# The platform is deployed as for the tests.
sys.path.insert(0, str(Path(__file__).parents[2] / "shared"))
TENANT, NEIGHBOUR, ORDINARY, TASK = "greedy", "neighbour", "ordinary", "task"
EXTRA_MEGABYTES = 64
OPENED_MEGABYTES = 512
NEIGHBOUR_SECONDS = 60
LONGEST = 600
SLEEP_LIMIT, SLEEP_GOAL = 15, 30
RUNS, ACTIVE, ASKING = 1000, 2, 8
ENDED = ("success", "failed")
MANY = "many"


@dataclass(frozen=True)
class Attack:
    """A DAG of the greedy tenant: what it does, and what the log of its task says at the end."""

    what: str
    told: str


ATTACKS: Mapping[str, Attack] = {
    "long_line": Attack("a line of 1 GB", "lines, which all go to the task's log"),
    "output": Attack("output without an end", "lines, which all go to the task's log"),
    "result": Attack("an XCom over the limit", "bytes: write it to a file or table"),
    "sleep": Attack("sleep past the limit", "AirflowTaskTimeout"),
}


@dataclass(frozen=True)
class Seen:
    """What one attack did; *opened*: megabytes that the API server took to show the log of its task."""

    ended: bool
    seconds: float
    megabytes: float
    neighbour: float
    opened: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """The deployed platform."""

    platform: Platform

    @cached_property
    def airflow(self) -> Airflow:
        """The administrator's access."""
        return access.admin_access(self.platform)

    def user(self, tenant: str) -> Airflow:
        """Return the access of a tenant's example user."""
        password = access.password_file(self.platform, tenant).read_text(encoding="utf-8").strip()
        return Airflow(self.platform.api_url, tenant, password)

    def log(self, dag_id: str, run: str) -> str:
        """Return the end of the log of a run's task."""
        files = self.platform.layout.task_logs.glob(
            f"queue=*/dag_id={dag_id}/run_id={run}/task_id={TASK}/*.log"
        )
        return "".join(log_end(file) for file in files)

    def open_log(self, dag_id: str, run: str) -> None:
        """Read the whole log of a run's task as its tenant does in the browser."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run)}/taskInstances/{TASK}/logs/1"
        self.user(TENANT)._call("GET", path, params={"full_content": True}, timeout=LONGEST)

    def ended(self, dag_id: str, run: str) -> dict[str, Any] | None:
        """Return the run once it has ended."""
        row = self.airflow.run(dag_id, run)
        return row if row["state"] in ENDED else None

    def neighbour(self) -> float:
        """Run the neighbour's DAG and return the seconds from asking for it to its end."""
        dag_id, start = f"{NEIGHBOUR}.{ORDINARY}", time.time()
        run = str(self.user(NEIGHBOUR).trigger(dag_id)["dag_run_id"])
        row = live.wait(lambda: self.ended(dag_id, run), LONGEST)
        if row["state"] != "success":
            raise RuntimeError(f"the neighbour's run failed:\n{self.log(dag_id, run)}")
        return datetime.fromisoformat(row["end_date"]).timestamp() - start


def exhausting(shop: Workshop) -> Iterator[Figure]:
    """Yield for each attack what worker and neighbours notice, and how many ended as they should."""
    shop.say("deploying a platform to exhaust")
    found: dict[str, list[Seen]] = {name: [] for name in ATTACKS}
    with _deployed(shop) as place:
        alone = [place.neighbour() for _ in range(1 + shop.runs)][1:]
        for turn in range(shop.runs):
            for name, seen in found.items():
                shop.say(f"{ATTACKS[name].what}, {turn + 1} of {shop.runs}")
                usual = _usual(place)
                seen.append(_attack(place, name, usual))
        number = RUNS // 10 if shop.quick else RUNS
        shop.say(f"{number} DAG runs asked for at once")
        many = _many(place, _usual(place, ACTIVE), number)
    yield from _figures(found, many, alone)


@contextmanager
def _deployed(shop: Workshop) -> Iterator[Place]:
    from live_platform import clone, deployed, state_folder

    folder = shop.folder / "exhausting"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "repository").mkdir(parents=True)
    copy = clone(ROOT, SOURCE, folder / "repository", (TENANT, NEIGHBOUR))
    with deployed(copy, state_folder("aerodrome-exhausted", folder / "state")) as platform:
        place = Place(platform)
        dags = {f"{TENANT}.{name}" for name in (*ATTACKS, MANY, ORDINARY)} | {f"{NEIGHBOUR}.{ORDINARY}"}
        wait_visible(place.airflow, dags, print)
        yield place


def _usual(place: Place, tasks: int = 1) -> Memory:
    """Return what is held at most while so many ordinary tasks of the tenant, and one of the neighbour's, run."""
    with watched(place.platform) as memory:
        runs = [_begun(place, ORDINARY) for _ in range(tasks)]
        place.neighbour()
        live.wait(lambda: all(place.ended(f"{TENANT}.{ORDINARY}", run) for run in runs), LONGEST)
    return memory


def _begun(place: Place, name: str) -> str:
    """Start a run of the greedy tenant and return its id once its task is at work."""
    dag_id = f"{TENANT}.{name}"
    run = str(place.user(TENANT).trigger(dag_id)["dag_run_id"])
    live.wait(lambda: any(row["start_date"] for row in place.airflow.task_instances(dag_id, run)), LONGEST)
    return run


def _attack(place: Place, name: str, usual: Memory) -> Seen:
    dag_id = f"{TENANT}.{name}"
    with watched(place.platform) as memory:
        run = _begun(place, name)
        delays = _neighbours(place, lambda: bool(place.ended(dag_id, run)))
    with watched(place.platform) as reading:
        place.open_log(dag_id, run)
    (task,) = place.airflow.task_instances(dag_id, run)
    log = place.log(dag_id, run)
    ended = task["state"] == "failed" and ATTACKS[name].told in log
    details = {"state": task["state"], "log": log[-1500:]}
    opened = reading.api_server - usual.api_server
    return Seen(ended, task["duration"] or 0.0, memory.worker - usual.worker, max(delays), opened, details)


def _neighbours(place: Place, over: Callable[[], bool]) -> list[float]:
    """Run the neighbour's DAG again and again until *over*, at least once, and return what each run took."""
    delays, end = [place.neighbour()], time.monotonic() + LONGEST
    while not over():
        if time.monotonic() > end:
            raise RuntimeError(f"the attack goes on after {LONGEST} s")
        delays.append(place.neighbour())
    return delays


def _many(place: Place, usual: Memory, number: int) -> Seen:
    """Ask for *number* runs at once; of those no more may be active than the tenant's limit says."""
    dag_id, start = f"{TENANT}.{MANY}", time.monotonic()
    with watched(place.platform) as memory, ThreadPoolExecutor(ASKING) as pool:
        user = place.user(TENANT)
        user.dags()
        asked = [pool.submit(user.trigger, dag_id) for _ in range(number)]
        delays, active = [place.neighbour()], 0
        while not all(one.done() for one in asked):
            active = max(active, _running(place, dag_id))
            delays.append(place.neighbour())
        took = time.monotonic() - start
        delays += [place.neighbour() for _ in range(3)]
        active = max(active, _running(place, dag_id))
    refused = [str(one.exception()) for one in asked if one.exception()]
    details: dict[str, Any] = {"asked": number, "active": active, "refused": refused[:3], "delays": delays}
    details["api_server"] = memory.api_server - usual.api_server
    ended = active <= ACTIVE and not refused
    return Seen(ended, took, memory.worker - usual.worker, max(delays), details=details)


def _running(place: Place, dag_id: str) -> int:
    page = place.airflow._call(
        "GET", f"/api/v2/dags/{dag_id}/dagRuns", params={"state": "running", "limit": 1}
    )
    return int(page["total_entries"])


def _figures(found: Mapping[str, Sequence[Seen]], many: Seen, alone: Sequence[float]) -> Iterator[Figure]:
    every = [seen for each in found.values() for seen in each]
    ended = sum(all(seen.ended for seen in each) for each in found.values()) + many.ended
    what = f"of {len(found) + 1} ways to exhaust the platform, ended by the limit that is there for it"
    yield Figure("exhausting_ended", what, "ways", (ended,), len(found) + 1, "higher")
    for name, each in found.items():
        yield from _of(name, ATTACKS[name].what, each)
    yield from _of(MANY, f"{many.details['asked']:,} DAG runs asked for at once", (many,))
    past = tuple(seen.seconds - SLEEP_LIMIT for seen in found["sleep"])
    yield Figure("exhausting_past", "sleep past the limit: ended after the limit", "s", past, SLEEP_GOAL)
    logs = zip(found["long_line"], found["output"], strict=True)
    opened = tuple(max(line.opened, output.opened) for line, output in logs)
    what = "the larger log of 1 GB line and endless output, opened in the browser: API server, memory beyond"
    yield Figure("exhausting_opened", what, "MB", opened, OPENED_MEGABYTES)
    slowest = max(seen.neighbour for seen in (*every, many))
    what = "the slowest of all the neighbour's runs meanwhile"
    yield Figure("exhausting_slowest", what, "s", (slowest,), NEIGHBOUR_SECONDS)
    yield Figure("exhausting_alone", "the same with nothing else at work", "s", tuple(alone))


def _of(name: str, what: str, each: Sequence[Seen]) -> Iterator[Figure]:
    details = {"seconds": [seen.seconds for seen in each], "runs": [seen.details for seen in each]}
    memory = f"{what}: worker and launcher, memory beyond that of ordinary tasks"
    held = tuple(seen.megabytes for seen in each)
    yield Figure(f"exhausting_{name}_memory", memory, "MB", held, EXTRA_MEGABYTES, details=details)
    delay = f"{what}: a neighbour's run meanwhile, from asking for it to its end"
    waited = tuple(seen.neighbour for seen in each)
    yield Figure(f"exhausting_{name}_neighbour", delay, "s", waited, NEIGHBOUR_SECONDS)
