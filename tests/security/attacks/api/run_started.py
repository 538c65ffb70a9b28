"""A person starts a run of another tenant's DAG."""

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
    return own(place, "/api/v2/dags")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(place, (("POST", "/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None}),))
