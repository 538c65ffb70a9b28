"""A person starts a DAG again and again, to take all workers for it and to keep others waiting."""

from __future__ import annotations

import time
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
# Of another tenant's run, from being asked for to its end.
NEIGHBOUR_SECONDS = 45
_LIMITED = "UPDATE dag SET max_active_runs = %s WHERE dag_id = %s"
_RUNNING = "SELECT count(*) FROM dag_run WHERE dag_id = %s AND state = 'running'"


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Airflow has been told of another limit."""
    wait_visible(place.live.airflow, {DAG}, print)
    with place.live.database() as database:
        database.execute(_LIMITED, (100, DAG))
        yield place
        database.execute(_LIMITED, (LIMIT, DAG))


def attack(place: Place) -> str:
    """Return how many runs were active at once, where it is more than the limit, or how long others waited."""
    live = place.live
    wait_visible(live.airflow, {DAG, NEIGHBOUR}, print)
    user, begun = live.user(ATTACKER), time.monotonic()
    for _ in range(RUNS):
        user.trigger(DAG)
    run, took, active = str(live.airflow.trigger(NEIGHBOUR)["dag_run_id"]), 0.0, 0
    with live.database() as database:

        def over() -> bool:
            nonlocal took, active
            active = max(active, *database.execute(_RUNNING, (DAG,)).fetchone() or (0,))
            took = took or (time.monotonic() - begun) * (live.airflow.run(NEIGHBOUR, run)["state"] in ENDED)
            return bool(took) and (active > LIMIT or not _waiting(place))

        assert wait_until(over, LONGEST_SECONDS), "the runs do not end"
    for left in _waiting(place):
        live.airflow.fail_run(DAG, left)
    late = f"another tenant's run took {took:.0f} s" if took > NEIGHBOUR_SECONDS else ""
    return late or (f"{active} runs at once" if active > LIMIT else "")


def _waiting(place: Place) -> list[str]:
    return [str(run["dag_run_id"]) for run in place.live.airflow.runs(DAG) if run["state"] not in ENDED]
