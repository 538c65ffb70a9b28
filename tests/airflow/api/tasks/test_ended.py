"""A task's token ends with its task, whatever time it has left; a task that only waits keeps its token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from aerodrome.local.machine.deadline import wait_until

RUN, SECRET = "run_that_ends", "/xcoms/alpha.daily/run_alpha/load/secret"
LONGEST_SECONDS = 60
# A task may say what it likes about its end.
REPORT = {"state": "success", "end_date": "2099-01-01T00:00:00Z", "task_outlets": [], "outlet_events": []}
START = {
    "hostname": "alpha",
    "unixname": "alpha",
    "pid": 2,
    "state": "running",
    "start_date": "2026-01-02T00:00:00Z",
}
FAILURE = {"state": "failed", "end_date": "2026-01-02T00:00:00Z"}
ALIVE = {"hostname": "alpha", "pid": 1}
YOUNG, OLD = (f"updated_at = now() {age} interval '1 day'" for age in "+-")
HISTORY = ("task_instance_history", "task_instance_id")
WAITS = ("running", "queued", "scheduled", "deferred", "awaiting_input", "up_for_reschedule", "up_for_retry")
ENDS = ("success", "failed", "skipped", "upstream_failed", "removed")
REQUESTS = {
    "xcom": ("GET", SECRET, None),
    "new xcom": ("POST", "/xcoms/alpha.daily/run_alpha/load/late", 1),
    "dag": ("GET", "/dags/alpha.daily", None),
    "run": ("POST", "/dag-runs/alpha.daily/late", {}),
    "asset": ("GET", "/assets/by-name?name=alpha.table", None),
    "rendered fields": ("PUT", "/task-instances/{task}/rtif", {"sql": "late"}),
    "rendered index": ("PATCH", "/task-instances/{task}/rendered-map-index", "late"),
    "skipped": ("PATCH", "/task-instances/{task}/skip-downstream", {"tasks": ["load"]}),
    "kept value": ("PUT", "/store/ti/{task}/place", {"value": 1}),
}


@dataclass(frozen=True)
class Task:
    """A task of a run of its own, with its token."""

    place: Any
    number: str
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return what the guarded server answers."""
        request = {} if body is None else {"json": body}
        return self.place.defended.task(self.token, method, path.format(task=self.number), **request)

    def put(self, state: str) -> None:
        """Let the task have been in *state* for a day."""
        self.change(f"state = '{state}', hostname = 'alpha', pid = 1, {OLD}")

    def change(self, what: str, table: str = "task_instance", number: str = "id") -> None:
        """Change the row of the task."""
        assert self.place.query(f"UPDATE {table} SET {what} WHERE {number} = '{self.number}' RETURNING 1")

    def changed_now(self) -> bool:
        """Return whether the row says that it was changed in the last hour, and not later."""
        age = f"SELECT extract(epoch FROM now() - updated_at) FROM task_instance WHERE id = '{self.number}'"
        return -60 < float(self.place.query(age)[0][0]) < 3600

    def is_refused(self) -> bool:
        """Return whether the guard says that the task has ended."""
        answer = self.ask("GET", SECRET)
        return answer.status_code == 403 and answer.json()["detail"]["message"] == "its task has ended"


@pytest.fixture
def task(place: Any) -> Iterator[Task]:
    """A task that waits for its turn; nothing of it is left."""
    alpha = place.things["alpha"]
    answer = place.defended.task(alpha["token"], "POST", f"/dag-runs/alpha.daily/{RUN}", json={})
    assert answer.is_success, answer.text
    which = f"WHERE run_id = '{RUN}' AND task_id = 'load'"
    yield _task(place, str(place.query(f"SELECT id FROM task_instance {which}")[0][0]))
    place.query(f"DELETE FROM dag_run WHERE run_id = '{RUN}' RETURNING 1")


def _task(place: Any, number: str) -> Task:
    claims = jwt.decode(place.things["alpha"]["token"], options={"verify_signature": False})
    return Task(place, number, jwt.encode(claims | {"sub": number}, place.secret, algorithm="HS512"))


@pytest.mark.parametrize("state", ENDS)
def test_the_token_of_a_task_that_has_ended_opens_nothing(task: Task, state: str) -> None:
    """However the task has ended; Airflow alone answers."""
    task.put(state)
    assert task.is_refused()
    assert task.place.undefended.task(task.token, "GET", SECRET).status_code == 200


@pytest.mark.parametrize("what", REQUESTS)
def test_every_request_ends_with_its_task(task: Task, what: str) -> None:
    """Those about the task itself too, which nobody would miss."""
    task.put("success")
    answer = task.ask(*REQUESTS[what])
    assert answer.status_code == 403 and answer.json()["detail"]["message"] == "its task has ended"


@pytest.mark.parametrize("state", WAITS)
def test_a_task_that_goes_on_keeps_its_token(task: Task, state: str) -> None:
    """It waits for a trigger, a person or its turn, for however long, and goes on under the same number."""
    task.put(state)
    assert task.ask("GET", SECRET).status_code == 200


def test_a_running_task_that_ends_can_clean_up_and_is_out_then(task: Task) -> None:
    """Callbacks and links come after the end that it has told; the server's clock says for how long."""
    task.put("running")
    assert task.ask("PATCH", "/task-instances/{task}/state", REPORT).status_code == 204
    assert task.changed_now()
    # However slow this machine is.
    task.change(YOUNG)
    # What is known of a running task is forgotten by then.
    _wait(lambda: task.ask(*REQUESTS["rendered index"]).status_code == 403)
    task.ask("POST", f"/xcoms/alpha.daily/{RUN}/load/link", "https://example.org").raise_for_status()
    task.ask(*REQUESTS["rendered fields"]).raise_for_status()
    assert task.ask(*REQUESTS["skipped"]).status_code == 403
    task.change(OLD)
    assert task.is_refused()


def test_the_server_says_soon_that_a_task_that_was_just_seen_has_ended(task: Task) -> None:
    """It is not asked about each request, and yet the token is out after seconds."""
    task.put("running")
    assert task.ask("GET", SECRET).status_code == 200
    task.put("failed")
    _wait(task.is_refused)


def test_a_worker_hears_from_airflow_that_its_task_has_ended(task: Task) -> None:
    """A report that was lost on the way is taken again, and every other answer makes the worker end the task."""
    task.put("success")
    assert task.ask("PATCH", "/task-instances/{task}/state", REPORT).status_code == 200
    for answer in (
        task.ask("PATCH", "/task-instances/{task}/state", FAILURE),
        task.ask("PATCH", "/task-instances/{task}/run", START),
        task.ask("PUT", "/task-instances/{task}/heartbeat", ALIVE),
    ):
        assert answer.status_code == 409, answer.text
    assert task.is_refused()


def test_each_try_has_a_token_of_its_own(task: Task) -> None:
    """A task that is tried again gets another number; the one of the first try can clean up and is out then."""
    task.put("running")
    retry = {"state": "up_for_retry", "end_date": "2099-01-01T00:00:00Z"}
    assert task.ask("PATCH", "/task-instances/{task}/state", retry).status_code == 204
    assert task.ask("PUT", "/task-instances/{task}/heartbeat", ALIVE).status_code == 410
    task.change(YOUNG, *HISTORY)
    _wait(lambda: task.ask(*REQUESTS["rendered index"]).status_code == 403)
    assert task.ask("GET", SECRET).status_code == 200
    task.change(OLD, *HISTORY)
    assert task.is_refused()
    which = f"run_id = '{RUN}' AND task_id = 'load'"
    second = _task(task.place, str(task.place.query(f"SELECT id FROM task_instance WHERE {which}")[0][0]))
    assert second.number != task.number and second.ask("GET", SECRET).status_code == 200


def test_a_task_that_comes_back_is_not_kept_out(task: Task) -> None:
    """One that was taken out of its DAG runs later under the same number: its end is not remembered."""
    task.put("removed")
    assert task.is_refused()
    task.put("running")
    assert task.ask("GET", SECRET).status_code == 200


def _wait(condition: Callable[[], bool]) -> None:
    assert wait_until(condition, LONGEST_SECONDS, pause=0.2)
