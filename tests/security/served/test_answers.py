"""An answer that is neither "done" nor "refused" is no defence: an attack that gets one has to be mended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from suite.people import done
from suite.place import Api, Place
from suite.tasks import answered

NOWHERE = "/api/v2/connections/beta.nowhere"


def test_a_person_is_refused_only_what_is_there(place: Place) -> None:
    """What the administrator does not find either was not refused to anybody."""
    with pytest.raises(AssertionError, match=rf"DELETE {NOWHERE}: not even the administrator: 404"):
        done(place, [("DELETE", NOWHERE)])


def test_a_running_run_counts_not_as_one_that_is_kept_from_deletion(place: Place) -> None:
    """Airflow deletes none that runs, whoever asks."""
    place.served.query("UPDATE dag_run SET state = 'running' WHERE run_id = 'run_beta' RETURNING 1")
    with pytest.raises(AssertionError, match=r"run_beta: not even the administrator: 409"):
        done(place, [("DELETE", "/api/v2/dags/beta.daily/dagRuns/run_beta")])


def test_a_mistaken_request_of_a_task_is_not_refused(place: Place) -> None:
    """Airflow finds no such thing, or does not understand it, past all defences."""
    weakened = replace(place, open_api=Api(place.served.undefended))
    for path, status in (("/dags/beta.nowhere", 404), ("/dag-runs/count", 422)):
        with pytest.raises(AssertionError, match=f"GET {path} is not refused: {status}"):
            answered(weakened, [("GET", path)])
