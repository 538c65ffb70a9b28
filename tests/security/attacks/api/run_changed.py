"""A person marks another tenant's run as failed, notes something on it and clears it."""

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


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(
        place,
        (
            ("PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", {"state": "failed"}),
            ("PATCH", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", {"note": "planted"}),
            ("POST", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear", {"dry_run": False}),
        ),
    )
