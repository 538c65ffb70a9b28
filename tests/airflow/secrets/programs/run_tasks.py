"""Run tasks and triggers as a worker and a triggerer do; what they tell the API is written down.

python run_tasks.py FOLDER DAG.TASK…
"""

import asyncio
import json
import sys
import uuid
from pathlib import Path

import httpx
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.sdk import BaseHook, Variable
from airflow.sdk.api.client import Client
from airflow.sdk.api.datamodels._generated import BundleInfo, TaskInstance
from airflow.sdk.execution_time.supervisor import supervise_task
from airflow.triggers.base import BaseTrigger, TriggerEvent

NOW = "2024-01-01T00:00:00Z"
RUN = {"dag_id": "", "run_id": "r", "logical_date": NOW, "data_interval_start": NOW, "data_interval_end": NOW,
       "run_after": NOW, "start_date": NOW, "end_date": None, "run_type": "manual", "state": "running",
       "consumed_asset_events": [], "partition_key": None, "conf": {}}  # fmt: skip


def instance(dag_id, task_id):
    return TaskInstance(id=uuid.uuid4(), task_id=task_id, dag_id=dag_id, run_id="r", try_number=1,
                        dag_version_id=uuid.uuid4())  # fmt: skip


def run_task(folder, name):
    """Leave what the task said in NAME.log and what it told the API in NAME.api."""
    dag_id, _, task_id = name.rpartition(".")
    told = []

    def answer(request):
        told.append(f"{request.method} {request.url.path} {request.content.decode()}")
        if request.url.path.endswith("/run"):
            context = {"dag_run": {**RUN, "dag_id": dag_id}, "max_tries": 0, "should_retry": False}
            return httpx.Response(200, json=context)
        if "/connections/" in request.url.path:
            return httpx.Response(404, json={"detail": {"reason": "not_found"}})
        return httpx.Response(200, json={})

    client = Client(base_url=None, token="", dry_run=True, transport=httpx.MockTransport(answer))
    supervise_task(ti=instance(dag_id, task_id), bundle_info=BundleInfo(name="tests"), dag_rel_path="dags.py",
                   token="", client=client, log_path=f"{name}.log", dry_run=True)  # fmt: skip
    (folder / f"{name}.api").write_text("\n".join(told))


async def at_once(key):
    """Look up without waiting for anybody: Airflow lets triggers do so."""
    return BaseHook.get_connection(key)


async def outcome(looked_up):
    try:
        found = await looked_up
    except BaseException as problem:
        return type(problem).__name__
    return getattr(found, "password", found)


class Reads(BaseTrigger):
    """Looks up both tenants' connections while the other trigger does the same."""

    def serialize(self):
        return "", {}

    async def run(self):
        found = {}
        for _ in range(3):
            for key in ("alpha.db", "beta.db"):
                found[key] = await outcome(BaseHook.aget_connection(key))
                found[f"{key} in a thread"] = await outcome(asyncio.to_thread(BaseHook.get_connection, key))
                found[f"{key} at once"] = await outcome(at_once(key))
                await asyncio.sleep(0.02)
        found["variable"] = await outcome(asyncio.to_thread(Variable.get, "alpha.threshold"))
        yield TriggerEvent(found)


async def run_triggers():
    """Return what triggers of alpha, of beta and of nobody found, all at the same time."""
    runner, triggers = TriggerRunner(), {}
    for number, dag_id in enumerate(("alpha.daily", "beta.daily", None)):
        triggers[number] = Reads()
        triggers[number].task_instance = dag_id and instance(dag_id, "waits")
        runner.triggers[number] = {"name": str(number), "events": 0}
    await asyncio.gather(*(asyncio.create_task(runner.run_trigger(*each)) for each in triggers.items()))
    return {entry.trigger_id: entry.event.payload for entry in runner.events}


def main(folder, tasks):
    for name in tasks:
        run_task(folder, name)
    (folder / "triggers.json").write_text(json.dumps(asyncio.run(run_triggers())))


main(Path(sys.argv[1]), sys.argv[2:])
