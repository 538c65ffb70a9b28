"""The running platform: a second deploy, a publish, and a thousand tasks against plain Airflow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import live
import plain_airflow
from aerodrome.clients.airflow import Airflow, NotFoundError
from figures import Figure
from live import Live
from processes import Run
from workshop import Workshop

DAG = "bench.change"
MANY = "tenants/bench/dags/many.yaml"
CHANGING = "tenants/bench/dags/change.yaml"
MANIFEST = """\
dag_id: change
description: {description}
schedule: null
tasks:
  - {{id: nothing, uses: flow.empty}}
"""
TASKS = 1000


def platform(shop: Workshop) -> Iterator[Figure]:
    """Yield what a second deploy takes, how soon a change is visible, and how many tasks per second end."""
    shop.say("deploying a platform")
    tasks = 50 if shop.quick else TASKS
    with live.deployed(shop.folder / "live") as here:
        yield _examples(here)
        yield _again(shop, here)
        yield _publish(shop, here)
        ours = _ours(shop, here, tasks)
        configuration = here.platform.layout.process_config
        settings = tuple(configuration(name) / "airflow.cfg" for name in ("scheduler", "worker-default"))
        what = f"{tasks} trivial tasks over Celery"
        yield Figure("throughput", what, "tasks/s", ours, better="higher")
        here.command("down")
        plain = _plain(shop, settings, tasks)
    yield Figure("throughput_plain", "the same in plain Airflow with the same settings", "tasks/s", plain)
    share = tuple(a / b for a, b in zip(ours, plain, strict=True))
    yield Figure("throughput_share", "speed against plain Airflow", "times", share, 1, "higher")


def _examples(here: Live) -> Figure:
    airflow = here.airflow
    taken = {row["dag_id"]: _seconds(airflow.runs(row["dag_id"], 1)[0]) for row in airflow.dags()}
    what = "slowest of the example DAGs' first runs, all of which start at once"
    return Figure("examples", what, "s", (max(taken.values()),), 60, details=taken)


def _again(shop: Workshop, here: Live) -> Figure:
    taken: list[Run] = []
    for turn in range(shop.runs):
        shop.say(f"deploy with nothing changed {turn + 1} of {shop.runs}")
        taken.append(here.command("deploy"))
    details = {"cpu_seconds": [run.cpu_seconds for run in taken], "output": taken[-1].output[-2000:]}
    what = "make deploy ENV=local again, nothing changed"
    return Figure("deploy_again", what, "s", tuple(run.seconds for run in taken), 15, details=details)


def _publish(shop: Workshop, here: Live) -> Figure:
    samples, whole = [], []
    for turn in range(shop.runs):
        shop.say(f"publish {turn + 1} of {shop.runs}")
        description = f"change {turn}"
        here.write(CHANGING, MANIFEST.format(description=description))
        begun = time.time()
        seen = _seen(here, description)
        samples.append(seen - (here.platform.layout.bundle / "refs" / "heads" / "main").stat().st_mtime)
        whole.append(seen - begun)
    what = "publish until a new DAG or a change is visible in the API"
    return Figure("publish", what, "s", tuple(samples), 15, details={"from_the_start_of_the_deploy": whole})


def _seen(here: Live, description: str) -> float:
    """Deploy, and return when the API showed *description*, which may be before the deploy ends."""
    with ThreadPoolExecutor(1) as other:
        deploy = other.submit(here.command, "deploy")
        airflow = here.airflow
        live.wait(lambda: _shown(airflow) == description, 120)
        seen = time.time()
        deploy.result()
    return seen


def _shown(airflow: Airflow) -> str:
    try:
        return str(airflow.dag(DAG)["description"])
    except NotFoundError:
        return ""


def _ours(shop: Workshop, here: Live, tasks: int) -> tuple[float, ...]:
    steps = [
        f"  - {{id: step_{number:04d}, uses: flow.branch, with: {{choose: []}}}}" for number in range(tasks)
    ]
    here.without_first_runs()
    here.write(
        MANY, "\n".join(["dag_id: many", "schedule: null", "max_active_tasks: 64", "tasks:", *steps]) + "\n"
    )
    here.command("deploy")
    airflow = here.airflow
    live.wait(lambda: any(row["dag_id"] == "bench.many" for row in airflow.dags()), 120)
    speeds = []
    for turn in range(shop.runs):
        shop.say(f"{tasks} tasks, run {turn + 1} of {shop.runs}")
        run = airflow.trigger("bench.many")["dag_run_id"]
        speeds.append(tasks / _seconds(live.wait(partial(_ended, airflow, run), pause=1)))
    return tuple(speeds)


def _ended(airflow: Airflow, run: str) -> dict[str, Any] | None:
    row = airflow.run("bench.many", run)
    if row["state"] == "failed":
        raise RuntimeError(f"run {run} failed")
    return row if row["state"] == "success" else None


def _seconds(run: dict[str, Any]) -> float:
    start, end = (datetime.fromisoformat(run[key]) for key in ("start_date", "end_date"))
    return (end - start).total_seconds()


def _plain(shop: Workshop, settings: tuple[Path, ...], tasks: int) -> tuple[float, ...]:
    speeds = []
    with plain_airflow.running(shop.folder / "plain", shop.peer_python, settings, tasks) as plain:
        for turn in range(shop.runs):
            shop.say(f"{tasks} tasks in plain Airflow, run {turn + 1} of {shop.runs}")
            speeds.append(plain.tasks_per_second(tasks))
    return tuple(speeds)
