"""A person clears another tenant's tasks and sets their state."""

from suite.attack import HELD
from suite.people import done, own
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "task instances"
DEFENCE = "rights count for the tenant whose role grants them"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(
        place,
        (
            (
                "POST",
                "/api/v2/dags/{dag_id}/clearTaskInstances",
                {"dry_run": False, "dag_run_id": "run_beta", "task_ids": ["load"]},
            ),
            (
                "PATCH",
                "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",
                {"new_state": "failed"},
            ),
        ),
    )
