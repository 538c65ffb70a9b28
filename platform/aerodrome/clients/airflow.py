"""Airflow's REST API (httpx)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from aerodrome.errors import AerodromeError, UserError

Row = dict[str, Any]
T = TypeVar("T")
TIMEOUT = 20
# Asked for again and again, and true at this moment only.
HEALTH_TIMEOUT = 5
PAGE = 100
# So many runs of several DAGs are asked for at once.
BATCH = 500
# A task instance that will do something still, by itself or when a person answers.
UNFINISHED = (
    "scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule", "deferred", "awaiting_input",
)  # fmt: skip


_AGAIN_SECONDS = 1
# What stands between us and an API server that is about to start or has no thread to spare says so.
_AWAY = frozenset({502, 503, 504})


class NotFoundError(AerodromeError):
    """The DAG, run or task does not exist, or this user may not see it."""


class AlreadyError(AerodromeError):
    """What is asked for contradicts what there is, or is there already."""


class NotAnsweringError(AerodromeError):
    """The API server is away, or too busy to answer in time: the next moment may be another."""


_FAILURES = {404: NotFoundError, 409: AlreadyError}


@dataclass(frozen=True)
class User:
    """A person's or program's login: the roles that it has, last name and address."""

    roles: frozenset[str]
    last_name: str
    email: str


@dataclass(frozen=True)
class Airflow:
    """One user's access to one API server; logs in when first used.

    *patience*: seconds for which a login or a question that is not answered is tried again, as an API server that has
    just begun needs it.
    """

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    patience: float = 0

    def answers(self) -> bool:
        """Return whether the API server takes requests; needs no login."""
        try:
            address = f"{self.url}/api/v2/version"
            return httpx.get(address, timeout=3, trust_env=False, verify=_authorities()).is_success
        except httpx.HTTPError:
            return False

    def health(self) -> dict[str, Row]:
        """Return the health of metadatabase, scheduler, triggerer and dag_processor; needs no login."""
        return dict(self._answer(self._plain, "GET", "/api/v2/monitor/health", timeout=HEALTH_TIMEOUT))

    def dags(self, **only: str) -> list[Row]:
        """Return the DAGs that this user sees; *only* are Airflow's own filters, such as last_dag_run_state."""
        return list(self._pages("/api/v2/dags", "dags", {"order_by": "dag_id", **only}))

    def first_versions(self) -> dict[str, datetime]:
        """Return DAG → since when Airflow has known it, of all DAGs whose first version it keeps."""
        query = {"version_number": 1, "order_by": "id"}
        rows = self._pages("/api/v2/dags/~/dagVersions", "dag_versions", query)
        return {row["dag_id"]: datetime.fromisoformat(row["created_at"]) for row in rows}

    def dag(self, dag_id: str) -> Row:
        """Return one DAG; NotFoundError where there is none."""
        return self._get(f"/api/v2/dags/{_safe(dag_id)}")

    def details(self, dag_id: str) -> Row:
        """Return what only the whole description of one DAG tells: its params and the assets that start it."""
        return self._get(f"/api/v2/dags/{_safe(dag_id)}/details")

    def queues(self, dag_id: str) -> set[str]:
        """Return the queues that the tasks of one DAG are sent to."""
        return {str(row["queue"]) for row in self._get(f"/api/v2/dags/{_safe(dag_id)}/tasks")["tasks"]}

    def assets(self) -> list[Row]:
        """Return the assets of all DAGs."""
        return list(self._pages("/api/v2/assets", "assets", {"order_by": "id"}))

    def import_errors(self) -> list[Row]:
        """Return the files that do not import."""
        return list(self._pages("/api/v2/importErrors", "import_errors"))

    def runs(self, dag_id: str, limit: int = PAGE) -> list[Row]:
        """Return the newest runs of one DAG ("~": of all DAGs), the newest first."""
        query = {"order_by": "-run_after", "limit": limit}
        return list(self._get(f"/api/v2/dags/{_safe(dag_id)}/dagRuns", query)["dag_runs"])

    def newest_runs(self, dag_ids: Iterable[str], states: Iterable[str] = ()) -> dict[str, Row]:
        """Return DAG → its newest run, of *states* where some are given; a DAG without one is not there.

        One request tells most of them; one more follows for each DAG that runs so often that it hides the others.
        """
        found: dict[str, Row] = {}
        missing, more = set(dag_ids), True
        only = {"states": list(states)} if states else {}
        while missing and more:
            body = {"dag_ids": sorted(missing), "order_by": "-run_after", "page_limit": BATCH, **only}
            page = self._send("POST", "/api/v2/dags/~/dagRuns/list", body)
            for run in page["dag_runs"]:
                found.setdefault(run["dag_id"], run)
            more = 0 < len(page["dag_runs"]) < page["total_entries"]
            missing -= found.keys()
        return found

    def unfinished_tasks(self) -> list[Row]:
        """Return the task instances of all runs of all DAGs that have not ended and whose turn has come."""
        return self.tasks_in(UNFINISHED)

    def tasks_in(self, states: Iterable[str]) -> list[Row]:
        """Return the task instances of all runs of all DAGs that are in one of *states*."""
        path = "/api/v2/dags/~/dagRuns/~/taskInstances"
        return list(self._pages(path, "task_instances", {"state": tuple(states), "order_by": "id"}))

    def run(self, dag_id: str, run_id: str) -> Row:
        """Return one run."""
        return self._get(f"/api/v2/dags/{_safe(dag_id)}/dagRuns/{_safe(run_id)}")

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> Row:
        """Start a run now and return it."""
        # Without a date of its own a run has no `{{ ds }}`, and tasks that name it fail.
        body = {"logical_date": datetime.now(UTC).isoformat(), "conf": dict(conf or {})}
        return self._send("POST", f"/api/v2/dags/{_safe(dag_id)}/dagRuns", body)

    def delete_dag(self, dag_id: str) -> None:
        """Remove what Airflow knows of one DAG, its runs included; AerodromeError while a task of it runs."""
        self._call("DELETE", f"/api/v2/dags/{_safe(dag_id)}")

    def fail_run(self, dag_id: str, run_id: str) -> None:
        """End a run as failed; its running tasks are killed."""
        self._send("PATCH", f"/api/v2/dags/{_safe(dag_id)}/dagRuns/{_safe(run_id)}", {"state": "failed"})

    def skip(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Have one task of a run not be run, unless it is so already.

        A worker that takes it all the same, as it was sent before, is refused its start.
        """
        run = f"/api/v2/dags/{_safe(dag_id)}/dagRuns/{_safe(run_id)}"
        with suppress(AlreadyError):
            self._send("PATCH", f"{run}/taskInstances/{_safe(task_id)}", {"new_state": "skipped"})

    def task_instances(self, dag_id: str, run_id: str) -> list[Row]:
        """Return the task instances of one run."""
        path = f"/api/v2/dags/{_safe(dag_id)}/dagRuns/{_safe(run_id)}/taskInstances"
        return list(self._pages(path, "task_instances"))

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int, map_index: int = -1) -> str:
        """Return one attempt's log as text, one line for each message."""
        run = f"/api/v2/dags/{_safe(dag_id)}/dagRuns/{_safe(run_id)}"
        path = f"{run}/taskInstances/{_safe(task_id)}/logs/{attempt}"
        answer = self._get(path, {"map_index": map_index, "full_content": "true"})
        content = answer["content"]
        return content if isinstance(content, str) else "\n".join(_line(message) for message in content)

    def pools(self) -> dict[str, tuple[int, str]]:
        """Return the pools with slots and description."""
        rows = self._pages("/api/v2/pools", "pools")
        return {row["name"]: (row["slots"], row["description"] or "") for row in rows}

    def roles(self) -> dict[str, frozenset[tuple[str, str]]]:
        """Return FAB's roles and their permissions as (action, resource)."""
        rows = self._pages("/auth/fab/v1/roles", "roles")
        return {
            row["name"]: frozenset((p["action"]["name"], p["resource"]["name"]) for p in row["actions"] or ())
            for row in rows
        }

    def users(self) -> dict[str, User]:
        """Return FAB's users by their login."""
        return {row["username"]: _user(row) for row in self._pages("/auth/fab/v1/users", "users")}

    def _pages(self, path: str, key: str, query: Mapping[str, Any] | None = None) -> Iterator[Row]:
        offset = 0
        while True:
            page = self._get(path, {**(query or {}), "limit": PAGE, "offset": offset})
            yield from page[key]
            offset += len(page[key])
            if not page[key] or offset >= page.get("total_entries", 0):
                return

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> Row:
        return dict(self._call("GET", path, params=dict(query or {})))

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> Row:
        return dict(self._call(method, path, json=dict(body)) or {})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        client = patiently(lambda: self._client, self.patience)
        if method == "GET":
            return patiently(lambda: self._answer(client, method, path, **options), self.patience)
        # What asks for a change may have been heard.
        return self._answer(client, method, path, **options)

    def _answer(self, client: httpx.Client, method: str, path: str, **options: Any) -> Any:
        try:
            response = client.request(method, path, **options)
        except httpx.HTTPError as problem:
            raise self._silent(type(problem).__name__) from None
        if response.is_success:
            return self._read(response) if response.content else None
        if response.status_code in _AWAY:
            raise self._silent(str(response.status_code))
        failure = _FAILURES.get(response.status_code, AerodromeError)
        raise failure(f"Airflow refused {method} {path}: {response.status_code} {_detail(response)}")

    def _read(self, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise AerodromeError(f"what answers at {self.url} is not Airflow: it sends no JSON") from None

    @cached_property
    def _plain(self) -> httpx.Client:
        return self._new_client({})

    @cached_property
    def _client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        return self._new_client(headers)

    def _new_client(self, headers: dict[str, str]) -> httpx.Client:
        # Loopback: a proxy of the environment has no part in it. And a connection for each request: the server may
        # close an idle one in the very moment when it is used again.
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(
            base_url=self.url,
            timeout=TIMEOUT,
            trust_env=False,
            verify=_authorities(),
            headers=headers,
            limits=limits,
        )

    def _token(self) -> str:
        try:
            response = self._plain.post(
                "/auth/token", json={"username": self.user, "password": self.password}
            )
        except httpx.HTTPError as problem:
            raise self._silent(type(problem).__name__) from None
        if response.status_code in _AWAY:
            raise self._silent(str(response.status_code))
        if response.status_code in (401, 403):
            raise UserError(
                f"Airflow at {self.url} refuses the login of {self.user}", "is it another deployment's?"
            )
        if not response.is_success:
            raise AerodromeError(
                f"Airflow at {self.url} gives no token: {response.status_code} {_detail(response)}"
            )
        return str(self._read(response)["access_token"])

    def _silent(self, why: str) -> NotAnsweringError:
        return NotAnsweringError(f"Airflow at {self.url} does not answer: {why}")


def patiently(question: Callable[[], T], seconds: float, meanwhile: Callable[[], None] = lambda: None) -> T:
    """Return the answer to *question*, asked again for so many *seconds* while the API server does not answer.

    *meanwhile* is called between two times, and may end it.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return question()
        except NotAnsweringError:
            meanwhile()
            if time.monotonic() >= end:
                raise
            time.sleep(_AGAIN_SECONDS)


@cache
def _authorities() -> ssl.SSLContext:
    # To read them takes longer than to ask for a process' health, which whoever waits for it does again and again.
    return httpx.create_ssl_context(trust_env=False)


def _user(row: Row) -> User:
    return User(frozenset(role["name"] for role in row["roles"] or ()), row["last_name"], row["email"])


def _safe(name: str) -> str:
    return quote(name, safe="~")


def _detail(response: httpx.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return response.text[:500]
    return detail if isinstance(detail, str) else str(detail)[:500]


def _line(message: Any) -> str:
    if not isinstance(message, dict):
        return str(message)
    extra = " ".join(
        f"{key}={value}"
        for key, value in message.items()
        if key not in ("event", "timestamp", "level", "logger")
    )
    return " ".join(
        str(part) for part in (message.get("timestamp") or "", message.get("event", ""), extra) if part
    )
