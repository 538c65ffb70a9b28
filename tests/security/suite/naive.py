"""A loader as teams write one in an afternoon: what stands in the manifest is what the DAG gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import yaml
from suite.place import MARK

_OWN = frozenset({"id", "uses", "with"})


def rendered(file: Path) -> str:
    """Return the Python text of the DAG that *file* describes."""
    document = yaml.unsafe_load(file.read_bytes())
    settings = {name: value for name, value in document.items() if name not in {"dag_id", "tasks"}}
    head = [
        f"with DAG('{document['dag_id']}', "
        + ", ".join(f"{name}={_literal(value)}" for name, value in settings.items())
        + "):"
    ]
    return "\n".join([*head, *(f"    {_task(file, task)}" for task in document["tasks"]), ""])


def _task(file: Path, task: Mapping[str, Any]) -> str:
    given = {
        **dict(_parameters(file, task.get("with", {}))),
        **{k: v for k, v in task.items() if k not in _OWN},
    }
    return (
        f"{task['uses']}(task_id='{task['id']}', " + ", ".join(f"{k}={v!r}" for k, v in given.items()) + ")"
    )


def _parameters(file: Path, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if isinstance(value, dict) and "$f" in value:
            yield name, (file.parent / value["$f"]).read_text()
        elif isinstance(value, str):
            yield name, _template(value)
        else:
            yield name, value


def _template(text: str) -> str:
    """Return *text* with what Airflow hands to templates: connections and variables among them."""
    kept = SimpleNamespace(password=MARK)
    words = {
        "conn": SimpleNamespace(beta=kept),
        "var": SimpleNamespace(value=SimpleNamespace(beta=kept.password)),
        "ti": SimpleNamespace(xcom_pull=lambda **_: kept.password),
    }
    return (
        jinja2.Environment(loader=jinja2.FileSystemLoader("/"), autoescape=False)
        .from_string(text)
        .render(words)
    )


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else repr(value)
