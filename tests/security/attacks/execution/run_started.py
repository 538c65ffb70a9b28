"""A task starts a run of another tenant's DAG, and clears it."""

import secrets

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered, made
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "DAG runs"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
RUNS = "/dag-runs/beta.daily"


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered: about a new run, and about one that is there."""
    new, there = (f"{RUNS}/planted-{secrets.token_hex(4)}" for _ in range(2))
    made(place, ("POST", there, {}))
    return answered(place, (("POST", new, {}), ("POST", f"{there}/clear")))
