"""A task sleeps past its time limit and takes no signal, to hold its slot for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.release.first_runs import wait_visible
from suite.attack import HELD
from suite.live import LONGEST_SECONDS
from suite.place import Place

FROM = "tenant code in a task"
AGAINST = "everybody's workers"
DEFENCE = "a task's time limit ends all of its processes, in the end by SIGKILL"
MUST = HELD
NEEDS = ("platform",)
# The limit, and what the launcher waits after SIGTERM, and some more.
SECONDS = 1 + 5 + 2
SLEEPERS = {"alpha.naps": "56781", "alpha.rests": "56782"}


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """The limit is far away."""
    yield replace(place, notes={"dag": "alpha.rests", "seconds": SECONDS})


def attack(place: Place) -> str:
    """Return whether the task still sleeps when its time is over."""
    dag, airflow = place.notes.get("dag", "alpha.naps"), place.live.airflow
    wait_visible(airflow, {dag}, print)
    run = str(airflow.trigger(dag)["dag_run_id"])
    assert wait_until(lambda: bool(_asleep(dag)), LONGEST_SECONDS), f"{dag} does not start"
    wait_until(lambda: not _asleep(dag), place.notes.get("seconds", LONGEST_SECONDS))
    left = _asleep(dag)
    airflow.fail_run(dag, run)
    for process in left:
        process.kill()
    return "it sleeps on" if left else ""


def _asleep(dag: str) -> list[psutil.Process]:
    wanted = ["sleep", SLEEPERS[dag]]
    return [found for found in psutil.process_iter(["cmdline"]) if found.info["cmdline"] == wanted]
