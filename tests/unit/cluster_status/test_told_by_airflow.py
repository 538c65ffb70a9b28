"""What is made of Airflow's answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aerodrome.kubernetes.status.airflow import Heard, Queue, filled, said, unhealthy
from aerodrome.kubernetes.status.components import Component
from aerodrome.kubernetes.status.whole import _without_life

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BROKEN = """\
Traceback (most recent call last):
  File "/dags/a/daily.py", line 3, in <module>
    from nowhere import this
        ^^^^^^^^^^^^^^^^^^^^
ModuleNotFoundError: No module named 'nowhere'
"""


def task(queue: str, state: str, queued: str | None = None) -> dict[str, str | None]:
    """Return a task instance that was queued at an hour of the day."""
    return {"queue": queue, "state": state, "queued_when": queued and f"2026-11-23T{queued}:00Z"}


def test_a_queue_has_its_depth_and_the_age_of_its_oldest() -> None:
    """One without tasks is there too."""
    tasks = [task("pii", "queued", "11:59"), task("pii", "queued", "11:30"), task("pii", "running", "09:00")]
    assert list(filled(("pii", "default"), tasks, NOW)) == [
        Queue("default", 0, None, 0),
        Queue("pii", 2, 1800, 1),
    ]


def test_tasks_on_a_queue_that_the_environment_lacks_are_seen() -> None:
    """Nobody takes them."""
    assert Queue("gone", 1, 0, 0, known=False) in filled(("default",), [task("gone", "queued", "12:01")], NOW)


def test_a_task_whose_time_is_unknown_counts() -> None:
    """It is only not the oldest."""
    assert list(filled((), [task("q", "queued")], NOW)) == [Queue("q", 1, None, 0, known=False)]


@pytest.mark.parametrize(
    ("trace", "line"),
    [
        (BROKEN, "ModuleNotFoundError: No module named 'nowhere'"),
        (f"{BROKEN}  hint: install it\n\n", "ModuleNotFoundError: No module named 'nowhere'"),
        ("a.daily: refused by the policy\nsecond line", "a.daily: refused by the policy"),
        ("\n\n  indented\n", "indented"),
        ("Traceback (most recent call last):\n  File \"x\", line 1\n    y", "y"),
        ("", ""),
    ],
)  # fmt: skip
def test_of_an_import_error_the_line_that_says_what_is_wrong_is_shown(trace: str, line: str) -> None:
    """A traceback begins with words that are the same for all."""
    assert said(trace) == line


def test_parts_of_airflow_without_a_sign_of_life_are_told() -> None:
    """With the last one; a part that is not there at all is nothing wrong."""
    health = {
        "metadatabase": {"status": "healthy"},
        "scheduler": {"status": "unhealthy", "latest_scheduler_heartbeat": "2026-11-23T11:00:00Z"},
        "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
        "dag_processor": {"status": "unhealthy", "latest_dag_processor_heartbeat": None},
    }
    assert unhealthy(health) == {"dag_processor": "", "scheduler": "2026-11-23T11:00:00Z"}


def test_a_part_that_the_release_has_no_more_is_not_missed() -> None:
    """Airflow remembers the last triggerer for ever."""
    parts = [Component(f"airflow-{name}", "Deployment", 1, 1, 0, True, "", {}) for name in ("scheduler", "x")]
    told = Heard({"metadatabase": "", "scheduler": "11:00", "triggerer": "10:00"}, (), (), (), ())
    assert _without_life(told, parts) == [
        "Airflow's metadatabase gives no sign of life",
        "Airflow's scheduler gives no sign of life, and gave its last one at 11:00",
    ]
