"""What a loaded tenant, an imported DAG and its tasks show of the texts, and what they must show."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from aerodrome.policy.limits import FILE_NAME, from_json
from hostile_documents import EACH, FIRST, HERE, PAIRS, READER, Form, fill, task_of
from hostile_holes import wanted as text_at
from hostile_repository import TENANT, Built
from hostile_texts import Pool

# What another task returned is no template.
RESULT = ["{{ ti.xcom_pull() }}\r\n{% raw %}"]


def merged(base: Any, difference: Any) -> Any:
    """Return *base* with what is different in an environment: mappings key by key, all else replaced."""
    if not isinstance(base, dict) or not isinstance(difference, dict):
        return difference
    return base | {
        key: merged(base[key], value) if key in base else value for key, value in difference.items()
    }


def expected(form: Form, pool: Pool) -> dict[str, Any]:
    """Return everything that `seen` must find."""
    tenant, dag = (
        merged(document, document["environments"].get(HERE, {}))
        for skeleton in (form.tenant, form.dag)
        for document in [fill(skeleton, lambda hole: text_at(hole, pool))]
    )
    params, owner, value = dag["params"], tenant["owners"][0], tenant["values"]["region"]
    return {
        "tenant": {name: tenant[name] for name in ("description", "owners", "groups")},
        "owner": {owner["name"]},
        "owner_links": {owner["name"]: owner["email"]},
        "value": value,
        "dag": {name: dag[name] for name in ("description", "doc_md", "tags")},
        "params": {
            name: each if isinstance(each, dict) else {"default": each} for name, each in params.items()
        },
        "groups": {"group": dag["task_groups"][0]["tooltip"]},
        "tasks": dict(
            _expected_of_tasks(form, {task["id"]: task for task in dag["tasks"]}, params["plain"], value)
        ),
    }


def _expected_of_tasks(
    form: Form, tasks: Mapping[str, Any], param: str, value: str
) -> Iterator[tuple[str, Any]]:
    for uses, places in form.operators.items():
        task = tasks[task_of(uses)]
        single, mapped = task["with"], task.get("expand", {})
        said = {name: mapped[name][0] if name in mapped else single[name] for name in places}
        yield task["id"], {"doc_md": task["doc_md"], **said}
    if form.mapped:
        yield PAIRS, {"sql": next([key, item] for key, item in tasks[PAIRS]["expand"]["sql"].items())}
        yield EACH, {"sql": RESULT[0]}
    yield READER, {"args": {"param": param, "value": value, "result": RESULT}}


def seen(built: Built, dag: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the loaded tenant and *dag* hold; *names*: the parameters of each task."""
    tenant = built.tenant.model.model_dump(mode="json")
    params = {"plain": dag.params["plain"]}
    return {
        "tenant": {name: tenant[name] for name in ("description", "owners", "groups")},
        "owner": {task.owner for task in dag.tasks} | {limits_of(built).owner},
        "owner_links": {
            name: unquote(link.removeprefix("mailto:")) for name, link in dag.owner_links.items()
        },
        "value": dag.user_defined_macros["tenant"].region,
        "dag": _about(dag),
        "params": {name: _param(dag.params.get_param(name)) for name in dag.params},
        "groups": {"group": dag.task_group.children["group"].tooltip},
        "tasks": {name: task_shows(dag.task_dict[name], wanted, params) for name, wanted in names.items()},
    }


def seen_by_airflow(dag: Any) -> dict[str, Any]:
    """Return what the scheduler and the API server know of *dag*, and what a run of it is given."""
    from airflow.sdk.definitions.param import process_params
    from airflow.serialization.serialized_objects import DagSerialization

    stored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    return {
        "dag": _about(stored),
        "params": {name: _param(stored.params.get_param(name)) for name in stored.params},
        "given": process_params(dag, dag.task_dict[FIRST], {}, suppress_exception=False),
    }


def _about(dag: Any) -> dict[str, Any]:
    tags = sorted(dag.tags - {f"tenant:{TENANT}"})
    return {"description": dag.description or "", "doc_md": dag.doc_md, "tags": tags}


def task_shows(task: Any, names: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters *names* of *task* as it has them when it runs."""
    surroundings = context(task, params)
    task.render_template_fields(surroundings)
    shown = {name: _plain(getattr(surroundings["task"], name)) for name in names}
    # Airflow's own operator keeps an empty text as no data.
    return shown | ({"data": ""} if shown.get("data") == {} else {})


def context(task: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of Airflow's context that rendering looks at."""
    dag = task.dag
    ti = SimpleNamespace(
        dag_id=dag.dag_id, task=task, task_id=task.task_id, run_id="manual", map_index=0,
        xcom_pull=lambda **_: RESULT, xcom_push=lambda **_: None,
    )  # fmt: skip
    run = SimpleNamespace(conf={})
    return {"ti": ti, "task": task, "dag": dag, "dag_run": run, "params": params, "ds": "2024-01-31"}


def limits_of(built: Built) -> Any:
    """Return the limits that travel with the DAG."""
    assert built.files is not None
    return from_json(built.files[f"{TENANT}/{FILE_NAME}"])


@dataclass(frozen=True)
class Structure:
    """Everything of a DAG that no text may change."""

    code: str
    facts: Any
    edges: Mapping[str, Any]
    groups: Mapping[str, Any]
    limits: Any
    files: frozenset[str]


def structure(built: Built, dag: Any) -> Structure:
    """Return the structure of a rendered file and of the DAG that it makes."""
    from aerodrome_airflow.facts import facts_of

    facts = facts_of(dag, TENANT)
    assert built.files is not None
    return Structure(
        code=shape(built.text),
        facts=replace(facts, tags=(), tasks=tuple(replace(task, owner="") for task in facts.tasks)),
        edges={task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks},
        groups={
            name: sorted(group.children)
            for name, group in dag.task_group.get_task_group_dict().items()
            if name
        },
        limits=replace(limits_of(built), owner=""),
        files=frozenset(built.files),
    )


def shape(text: str) -> str:
    """Return the syntax tree of *text* without what its texts say."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def _param(param: Any) -> dict[str, Any]:
    found = {"default": param.value, "description": param.description, **param.schema}
    return {name: value for name, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value
