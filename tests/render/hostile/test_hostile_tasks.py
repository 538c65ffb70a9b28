"""Hostile texts in tasks that run: through DagBag, template and launcher into the tenant's own process."""

from __future__ import annotations

import contextvars
import json
from typing import Any

from hostile_documents import FORMS, fill
from hostile_holes import Hole, wanted, written
from hostile_texts import POOLS
from hostile_trial import EXAMPLES, WRITER, examples, same
from hostile_views import context
from hypothesis import given

# A process prints its own text in a form that has no lines.
PRINT = "python -c \"import json, os; print(json.dumps(os.environ['TEXT']))\""
ARGS = {
    Hole("args.key", "key"): [
        Hole("args.0", "template"),
        {Hole("args.inner", "key"): Hole("args.1", "template")},
    ],
    "text": Hole("args.text", "template"),
}
ENV = {"TEXT": Hole("env", "template")}
TASKS = [
    {"id": "echo", "uses": "python.call", "with": {"function": "demo.jobs:echo", "args": ARGS}},
    {"id": "environment", "uses": "python.call", "with": {"function": "demo.jobs:whoami", "env": ENV}},
    {"id": "script", "uses": "bash.run", "queue": "onprem", "with": {"script": PRINT, "env": ENV}},
]
MANIFEST = {"dag_id": "sample", "tasks": TASKS}


def run(task: Any) -> Any:
    """Return what *task* returns."""
    from airflow.sdk.bases.operator import ExecutorSafeguard

    surroundings = context(task, {})
    task.render_template_fields(surroundings)
    inner = contextvars.copy_context()
    inner.run(ExecutorSafeguard.tracker.set, task)
    return inner.run(task.execute, surroundings)


def test_hostile_text_arrives_in_the_tenants_process(place_of_work: Any, launcher: Any) -> None:
    """As arguments of a function, and as environment of a function and of a script."""

    @examples(EXAMPLES // 100)
    @given(POOLS, WRITER)
    def text_arrives(pool: Any, writer: str) -> None:
        tenant, dag = (fill(each, lambda hole: written(hole, pool)) for each in (FORMS[0].tenant, MANIFEST))
        tasks = place_of_work.dag_bag(place_of_work.build(tenant, dag, writer)).task_dict
        args, env = (fill(each, lambda hole: wanted(hole, pool)) for each in (ARGS, ENV))
        same(run(tasks["echo"]), args)
        same(run(tasks["environment"])["environment"]["TEXT"], env["TEXT"])
        same(json.loads(run(tasks["script"])), env["TEXT"])

    text_arrives()
