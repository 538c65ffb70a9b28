"""The worker of a zone in a cluster is replaced a hundred times under a stream of tasks, which a service notes."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from figures import Figure
from workshop import ROOT, Workshop

if TYPE_CHECKING:
    from aerodrome.clients.airflow import Airflow
    from kubernetes import client
    from sandbox import Sandbox
    from secrets_store import Store

for _folder in ("hosts", "shared", "cluster"):
    sys.path.insert(0, str(ROOT / "tests" / _folder))
ROLLOUTS, QUICK_ROLLOUTS = 100, 2
# A worker has four slots: some tasks always run when it is told to end, and those that come meanwhile wait.
PAUSE, TASK_SECONDS = 5.0, 8.0
LONGEST_SECONDS = 900
TENANT, DAG, WORKER = "noted", "noted.note", "airflow-worker-default"
GIT = "- {port: 9418, protocol: TCP}"
LIMITS = "connections: {notes: {type: http}}\nlimits:\n  active_runs: 16"
MANIFEST = """\
dag_id: note
description: One request, which takes its time.
schedule: null
max_active_runs: 16
tasks:
  - {id: work, uses: http.request, with: {connection: notes, endpoint: "/{{ run_id }}", response: none}}
"""


@dataclass
class Notes:
    """What the service has seen of each run: how often it was asked, and how often it has answered."""

    begun: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)

    @property
    def at_work(self) -> int:
        """Return how many tasks run now."""
        return self.begun.total() - self.ended.total()


class _Service(BaseHTTPRequestHandler):
    """Answers late."""

    def __init__(self, notes: Notes, *given: Any) -> None:
        self._notes = notes
        super().__init__(*given)

    def do_GET(self) -> None:
        run = unquote(self.path.strip("/"))
        self._notes.begun[run] += 1
        time.sleep(TASK_SECONDS)
        self._notes.ended[run] += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def rollouts(shop: Workshop) -> Iterator[Figure]:
    """Yield what rollouts of workers did to tasks, and how long one takes."""
    notes, took = Notes(), list[float]()
    with ExitStack() as stack:
        access, api = stack.enter_context(_platform(shop, notes))
        with _stream(access) as runs:
            for turn in range(number := QUICK_ROLLOUTS if shop.quick else ROLLOUTS):
                shop.say(f"rollout {turn + 1} of {number}, {len(runs)} tasks begun")
                _require(lambda: notes.at_work > 0, "no task runs")
                took.append(_rolled(api, turn))
        rows = _ended(access, runs)
    yield from _harmed(runs, rows, notes, len(took))
    yield Figure("rollout", "one rollout of a worker, tasks running", "s", tuple(took))


def _harmed(runs: list[str], rows: list[dict[str, Any]], notes: Notes, number: int) -> Iterator[Figure]:
    states = Counter(str(row["state"]) for row in rows)
    found = {
        "lost": sum(notes.ended[run] == 0 for run in runs) + len(runs) - states["success"],
        "twice": sum(notes.begun[run] > 1 for run in runs),
        "again": sum(row["try_number"] > 1 for row in rows),
    }
    told = {"lost": "lost or failed", "twice": "at work twice", "again": "with another attempt"}
    what = f"{number} rollouts of a zone's worker under a stream of {len(runs)} tasks"
    details = {"rollouts": number, "runs": len(runs), "states": dict(states)}
    for name, harmed in found.items():
        yield Figure(
            f"rollouts_{name}", f"{what}: {told[name]}", "tasks", (float(harmed),), 0.0, details=details
        )


@contextmanager
def _platform(shop: Workshop, notes: Notes) -> Iterator[tuple[Airflow, client.ApiClient]]:
    """Yield the Airflow of a sandbox with the DAG, whose connection is in a store of this machine."""
    from kubernetes import config
    from sandbox import remove, sandbox
    from secrets_store import reviewer, running
    from testbed.place import MACHINE

    folder = shop.folder / "rollouts"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "repository").mkdir(parents=True)
    place, api = sandbox(folder / "repository"), config.new_client_from_config(os.environ.get("KUBECONFIG"))
    server = ThreadingHTTPServer((MACHINE, 0), partial(_Service, notes))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with reviewer(api), running(folder / "store") as store:
        store.knows(api)
        os.environ["VAULT_TOKEN"] = store.deploying("sandbox")
        try:
            _deploy(shop, place, store, f"http://{MACHINE}:{server.server_port}")
            with _access(place) as access:
                yield access, api
        finally:
            remove(api)
            server.shutdown()
            server.server_close()


def _deploy(shop: Workshop, place: Sandbox, store: Store, service: str) -> None:
    """Deploy the DAG, with *service* as its connection."""
    from sandbox import VALUES
    from secrets_store import ask

    more = f"{GIT}\n            - {{port: {service.rpartition(':')[2]}, protocol: TCP}}"
    ask(place, store)
    place.edit(VALUES, lambda text: text.replace(GIT, more))
    _said(place, "tenant", TENANT)
    place.edit(f"tenants/{TENANT}/dags/note.yaml", lambda _: MANIFEST)
    place.edit(
        f"tenants/{TENANT}/tenant.yaml", lambda text: text.replace("limits:", LIMITS).replace(": 4", ": 16")
    )
    shop.say("first deploy")
    place.deploy()
    _said(place, "secret", TENANT, "notes", "--env", "sandbox", said=json.dumps({"host": service}))


def _said(place: Sandbox, *command: str, said: str | None = None) -> None:
    done = place.repository.run(*command, said=said)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


@contextmanager
def _access(place: Sandbox) -> Iterator[Airflow]:
    """Yield the administrator's access, once Airflow knows the DAG."""
    from aerodrome.environment import load_environment
    from aerodrome.kubernetes.connection import connect
    from aerodrome.kubernetes.desk import desk

    environment = load_environment(place.root, "sandbox")
    with desk(connect(place.root, environment).cluster, environment) as people:
        access = replace(people.access(), patience=120)
        _require(lambda: DAG in {row["dag_id"] for row in access.dags()}, f"Airflow does not know {DAG}")
        yield access


@contextmanager
def _stream(access: Airflow) -> Iterator[list[str]]:
    """Begin a run every few seconds until the block ends, and yield the list of their ids."""
    runs, over, problems = list[str](), threading.Event(), list[Exception]()

    def flow() -> None:
        try:
            while not over.wait(PAUSE):
                runs.append(str(access.trigger(DAG)["dag_run_id"]))
        except Exception as problem:
            problems.append(problem)

    thread = threading.Thread(target=flow)
    thread.start()
    try:
        yield runs
    finally:
        over.set()
        thread.join()
    if problems:
        raise problems[0]


def _rolled(api: client.ApiClient, turn: int) -> float:
    """Have the worker replaced, and return how many seconds it took until the next one was ready."""
    from kubernetes.client import AppsV1Api
    from sandbox import NAMESPACE

    apps, begun = AppsV1Api(api), time.monotonic()
    template = {"metadata": {"annotations": {"tried": str(turn)}}}
    wanted = apps.patch_namespaced_stateful_set(WORKER, NAMESPACE, {"spec": {"template": template}})

    def done() -> bool:
        found = apps.read_namespaced_stateful_set(WORKER, NAMESPACE).status
        seen = found.observed_generation >= wanted.metadata.generation
        return bool(seen and found.current_revision == found.update_revision and found.ready_replicas)

    _require(done, "the worker is not replaced")
    return time.monotonic() - begun


def _ended(access: Airflow, runs: list[str]) -> list[dict[str, Any]]:
    """Return the task of each of *runs* when all have ended."""
    found: dict[str, dict[str, Any]] = {}

    def over() -> bool:
        rows = {str(row["dag_run_id"]): row for row in access.task_instances(DAG, "~")}
        found.update({run: rows[run] for run in runs if run in rows})
        return len(found) == len(runs) and all(
            row["state"] in ("success", "failed") for row in found.values()
        )

    _require(over, "some tasks have not ended")
    return list(found.values())


def _require(condition: Callable[[], bool], said: str) -> None:
    from aerodrome.local.machine.deadline import wait_until

    if not wait_until(condition, LONGEST_SECONDS, 1.0):
        raise RuntimeError(f"{said} after {LONGEST_SECONDS} s")
