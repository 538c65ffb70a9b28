"""A person cancels another tenant's backfill, and has its DAG run for days of the past."""

from suite.attack import HELD
from suite.people import done, own
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "backfills"
DEFENCE = "rights count for the tenant whose role grants them"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/dags")


def attack(place: Place) -> str:
    """Return what is got."""
    return done(
        place,
        (
            # Airflow makes none beside one that is running.
            ("PUT", "/api/v2/backfills/{backfill_id}/cancel"),
            (
                "POST",
                "/api/v2/backfills",
                {
                    "dag_id": "beta.daily",
                    "from_date": "2026-01-01T00:00:00Z",
                    "to_date": "2026-01-02T00:00:00Z",
                },
            ),
        ),
    )
