"""A person starts a run of another tenant's DAG, ends it, and deletes it with its results and logs."""

from suite.attack import HELD
from suite.people import done, own
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "DAG runs"
DEFENCE = "rights count for the tenant whose role grants them"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow
RUNS = "/api/v2/dags/{dag_id}/dagRuns"
# A run of its own, so that other attacks find theirs; it has ended, for Airflow deletes no running one.
REQUESTS = (
    ("POST", RUNS, {"logical_date": None, "dag_run_id": "spare"}),
    ("PATCH", f"{RUNS}/spare", {"state": "success"}),
    ("DELETE", f"{RUNS}/spare"),
)


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, RUNS)


def attack(place: Place) -> str:
    """Return what is done."""
    return done(place, REQUESTS)
