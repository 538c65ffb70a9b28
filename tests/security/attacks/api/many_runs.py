"""A person starts a DAG again and again, to take all workers for it and to keep others waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.release.first_runs import wait_visible
from suite.attack import HELD
from suite.live import LONGEST_SECONDS
from suite.place import ATTACKER, VICTIM, Place

FROM = "a tenant's user"
AGAINST = "everybody's workers"
DEFENCE = (
    "a tenant's limit of runs of one DAG at the same time; the others wait without keeping anybody waiting"
)
MUST = HELD
NEEDS = ("platform",)
DAG = f"{ATTACKER}.many"
# The tenant may have two at once.
RUNS, LIMIT = 6, 2
NEIGHBOUR = f"{VICTIM}.gives"
ENDED = ("success", "failed")
_LIMITED = "UPDATE dag SET max_active_runs = %s WHERE dag_id = %s"
_RUNNING = "SELECT count(*) FROM dag_run WHERE dag_id = %s AND state = 'running'"


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Airflow has been told of another limit."""
    wait_visible(place.live.airflow, {DAG}, print)
    with place.live.database() as database:
        database.execute(_LIMITED, (100, DAG))
        try:
            yield place
        finally:
            database.execute(_LIMITED, (LIMIT, DAG))


def attack(place: Place) -> str:
    """Return how many runs were active at once, where it is more than the limit, or that somebody waited for all."""
    live = place.live
    wait_visible(live.airflow, {DAG, NEIGHBOUR}, print)
    user = live.user(ATTACKER)
    for _ in range(RUNS):
        user.trigger(DAG)
    run, active, late = str(live.airflow.trigger(NEIGHBOUR)["dag_run_id"]), 0, False
    with live.database() as database:

        def over() -> bool:
            nonlocal active, late
            active = max(active, *database.execute(_RUNNING, (DAG,)).fetchone() or (0,))
            waiting, ended = bool(_waiting(place)), live.airflow.run(NEIGHBOUR, run)["state"] in ENDED
            late = late or not (waiting or ended)
            return ended and (active > LIMIT or not waiting)

        try:
            assert wait_until(over, LONGEST_SECONDS), "the runs do not end"
        finally:
            # They would keep the workers busy in whatever is tried next.
            for left in _waiting(place):
                live.airflow.fail_run(DAG, left)
    return f"{active} runs at once" if active > LIMIT else "another tenant's run was the last" if late else ""


def _waiting(place: Place) -> list[str]:
    return [str(run["dag_run_id"]) for run in place.live.airflow.runs(DAG) if run["state"] not in ENDED]
