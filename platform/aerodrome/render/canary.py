"""The platform's own DAG that a deploy runs at its end: one task on every queue. Pure."""

from __future__ import annotations

from aerodrome.environment import Environment
from aerodrome.policy.facts import PLATFORM_FOLDER
from aerodrome.render import code
from aerodrome.render.emit import emit

DAG_ID = f"{PLATFORM_FOLDER}.canary"
PATH = f"{PLATFORM_FOLDER}/canary.py"
_IMPORTS = (
    (("datetime", ("timedelta",)),),
    (("aerodrome_airflow.canary", ("CanaryOperator",)), ("airflow.sdk", ("DAG",))),
)
_MINUTES = 10


def task_id(queue: str) -> str:
    """Return the id of the task that *queue*'s workers run."""
    return f"on_{queue}"


def canary(environment: Environment) -> str:
    """Return the file of the DAG: each queue of *environment* has a task, and none waits for another."""
    told = "A deploy runs it at its end: a task for each queue, which says which worker took it."
    limit = code.Call(code.Name("timedelta"), keywords={"minutes": code.Literal(_MINUTES)})
    about: dict[str, code.Expression] = {
        "dag_id": code.Literal(DAG_ID),
        "description": code.Literal("One task on every queue"),
        "schedule": code.Literal(None),
        "catchup": code.Literal(False),
        "dagrun_timeout": limit,
        "tags": code.literal([PLATFORM_FOLDER]),
    }
    dag = code.Call(code.Name("DAG"), keywords=about)
    body = [code.Evaluate(_task(queue)) for queue in sorted(environment.queues)]
    return emit(code.Module((told,), _IMPORTS, (code.Blank(), code.With(dag, None, body))))


def _task(queue: str) -> code.Call:
    own = {"task_id": code.Literal(task_id(queue)), "queue": code.Literal(queue)}
    return code.Call(code.Name("CanaryOperator"), keywords=own)
