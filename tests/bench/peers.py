"""The same DAGs as other people have them: written by hand, and as dag-factory's YAML with loaders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import manifests
from aerodrome.policy.effective import schedule_kind
from aerodrome.policy.facts import access_control, run_types
from corpus import Flow, Step

from common_plugins.catalogue import entry

LOADER = '''\
"""An Airflow DAG from the YAML file of the same name."""

from pathlib import Path

from dagfactory import load_yaml_dags

load_yaml_dags(globals_dict=globals(), config_filepath=str(Path(__file__).with_suffix(".yaml")))
'''


def write_by_hand(folder: Path, flows: Sequence[Flow]) -> None:
    """Write a Python file per DAG to *folder*, with what a rendered file says and nothing else."""
    for flow in flows:
        _put(folder / flow.tenant / f"{flow.name}.py", by_hand(flow))


def write_dag_factory(folder: Path, flows: Sequence[Flow]) -> None:
    """Write a YAML file and a loader per DAG to *folder*: the operators and parameters of the manifests.

    What the platform adds to each DAG (rights, callbacks, run types) is left out: the peer has less to do.
    """
    for flow in flows:
        _put(folder / flow.tenant / f"{flow.name}.yaml", json_as_yaml(dag_factory(flow)))
        _put(folder / flow.tenant / f"{flow.name}.py", LOADER)


def by_hand(flow: Flow) -> str:
    """Return *flow* as a person writes it."""
    operators = sorted({_operator(step) for step in flow.steps})
    imports = [f"from {module} import {name}" for module, name in operators]
    return "\n".join([*_IMPORTS, *imports, "", *_dag(flow), *map(_task, flow.steps), *_ties(flow)]) + "\n"


_IMPORTS = (
    "from datetime import datetime, timedelta",
    "from types import SimpleNamespace",
    "from zoneinfo import ZoneInfo",
    "",
    "from aerodrome_airflow.alerts import FailureAlert",
    "from airflow.sdk import DAG",
)


def _operator(step: Step) -> tuple[str, str]:
    module, _, name = entry(step.uses).operator.partition(":")
    return module, name


def _dag(flow: Flow) -> Iterator[str]:
    tenant = flow.tenant
    kinds = list(run_types(schedule_kind(flow.schedule), triggered=False))
    yield from ("with DAG(", f"    dag_id={flow.dag_id!r},", f"    description={flow.description!r},")
    yield f"    schedule={flow.schedule!r},"
    yield '    start_date=datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC")),'
    yield "    catchup=False, max_active_runs=1, max_active_tasks=16,"
    yield f"    tags={[f'tenant:{tenant}', *flow.tags]!r},"
    yield "    default_args=dict("
    yield f"        owner='Team {tenant}', logger_name={tenant!r}, queue='default', pool={tenant!r},"
    yield "        retries=2,"
    yield "        execution_timeout=timedelta(hours=1), retry_delay=timedelta(minutes=5),"
    yield "    ),"
    yield f"    owner_links={{'Team {tenant}': 'mailto:{tenant}@example.org'}},"
    yield f"    allowed_run_types={kinds!r},"
    yield "    access_control={"
    for role, rights in access_control(tenant).items():
        said = ", ".join(f"{kind!r}: {{{str(sorted(actions))[1:-1]}}}" for kind, actions in rights.items())
        yield f"        {role!r}: {{{said}}},"
    yield "    },"
    yield "    on_failure_callback=FailureAlert('central'),"
    yield "    user_defined_macros={'tenant': SimpleNamespace(region='north')},"
    yield "    jinja_environment_kwargs={'keep_trailing_newline': True},"
    yield ") as dag:"


def _task(step: Step) -> str:
    said = {"task_id": step.id, **step.parameters}
    if step.uses == "python.call":
        said["runtime"] = manifests.RUNTIME
    if step.retries is not None:
        said["retries"] = step.retries
    arguments = ", ".join(f"{name}={value!r}" for name, value in said.items())
    return f"    {step.id} = {_operator(step)[1]}({arguments})"


def _ties(flow: Flow) -> Iterator[str]:
    for step in flow.steps:
        if step.needs:
            yield f"    [{', '.join(step.needs)}] >> {step.id}"


def dag_factory(flow: Flow) -> dict[str, Any]:
    """Return *flow* as a document of dag-factory."""
    return {
        flow.dag_id: {
            "description": flow.description,
            "schedule": flow.schedule,
            "start_date": manifests.START,
            "catchup": False,
            "max_active_runs": 1,
            "max_active_tasks": 16,
            "tags": [f"tenant:{flow.tenant}", *flow.tags],
            "default_args": {
                "owner": f"Team {flow.tenant}",
                "queue": "default",
                "pool": flow.tenant,
                "retries": 2,
                "retry_delay_sec": 300,
            },
            "tasks": [_dag_factory_task(step) for step in flow.steps],
        }
    }


def _dag_factory_task(step: Step) -> dict[str, Any]:
    module, name = _operator(step)
    said: dict[str, Any] = {
        "task_id": step.id,
        "operator": f"{module}.{name}",
        "dependencies": list(step.needs),
    }
    if step.retries is not None:
        said["retries"] = step.retries
    return said | dict(step.parameters)


def json_as_yaml(document: Any) -> str:
    """Return *document* as block YAML, the way such files are kept."""
    import yaml

    return yaml.safe_dump(document, sort_keys=False, width=110)


def _put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
