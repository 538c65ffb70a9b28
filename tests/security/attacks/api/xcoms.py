"""A person reads another tenant's results, one, all of a task, and all there are."""

from suite.attack import HELD
from suite.people import own, shown
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "XComs"
DEFENCE = "each statement of a request is confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(
        place, "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}"
    )


def attack(place: Place) -> str:
    """Return what is got."""
    return shown(
        place,
        (
            "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}",
            "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",
            "/api/v2/dags/~/dagRuns/~/taskInstances/~/xcomEntries",
        ),
    )
