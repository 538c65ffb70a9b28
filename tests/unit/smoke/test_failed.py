"""A queue whose task fails is told with what was written meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.kubernetes import smoke

Serving = Callable[..., AbstractContextManager[Any]]


def told(server: Any, *written: str) -> str:
    """Return what is said of a task that failed on the host `w`, whose worker has *written* lines."""
    server.tasks[1]["state"] = "failed"
    lines = {"w": written}
    test = smoke.SmokeTest(
        Airflow(server.url, "admin", "word"), ("default", "pii"), lambda: None, worker_lines=lines.__getitem__
    )
    with pytest.raises(smoke.SmokeError) as failed:
        test.run()
    return str(failed.value.args[0])


@pytest.mark.parametrize(
    ("log", "written", "lines"),
    [
        (("no such day",), ("another thing",), "its log:\n    no such day"),
        ((), ("cannot reach the API", "ended"), "w wrote:\n    cannot reach the API\n    ended"),
        ((), (), "its log:\n    empty: Airflow shows no logs of these workers"),
    ],
)
def test_the_end_of_its_log_or_else_of_its_workers_is_shown(
    canary_server: Serving, log: tuple[str, ...], written: tuple[str, ...], lines: str
) -> None:
    """Where Airflow looked for it is no log."""
    with canary_server("503") as server:
        server.log = log
        assert told(server, *written) == f"queue pii: its task failed; {lines}"


def test_a_log_is_cut_to_its_end(canary_server: Serving) -> None:
    """Whoever wants more of it looks there."""
    with canary_server("503") as server:
        server.log = tuple(f"line {number}" for number in range(100))
        found = told(server).splitlines()
    assert (found[1].strip(), found[-1].strip(), len(found)) == ("line 88", "line 99", 13)
