"""The corpus as a repository of tenants: what the control program loads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import corpus
from corpus import Flow, Step

ENVIRONMENT = """\
kind: local
zones:
  default: {triggerer: true}
queues:
  default: {zone: default, slots: 4}
alert_channels:
  central: {type: file, target: central.jsonl}
"""
TENANT = """\
owners:
  - {{name: Team {name}, email: {name}@example.org}}
groups:
  editor: [{name}-team]
connections:
  warehouse: {{type: postgres}}
  service: {{type: http}}
  mail: {{type: smtp}}
limits:
  parallelism: 16
  execution_timeout: 1h
values:
  region: north
alert_channels: [central]
dependencies: requirements.lock
"""
PACKAGE = "def run(table: str, part: int, day: str) -> int:\n    return part\n"
PROJECT = '[project]\nname = "steps"\nversion = "1"\n'
START = "2024-01-01"
RUNTIME = "0123456789abcdef"
"""The digest that stands for each tenant's virtual environment."""


def write(root: Path, flows: Sequence[Flow]) -> None:
    """Write *flows* below *root*: an environment, the tenants and their manifests."""
    _put(root / "environments" / "local" / "environment.yaml", ENVIRONMENT)
    for tenant, some in groupby(sorted(flows, key=attrgetter("tenant", "name")), attrgetter("tenant")):
        folder = root / "tenants" / tenant
        _put(folder / "tenant.yaml", TENANT.format(name=tenant))
        _put(folder / "pyproject.toml", PROJECT)
        _put(folder / "requirements.lock", "")
        _put(folder / "src" / "steps" / "__init__.py", "")
        _put(folder / "src" / "steps" / "jobs.py", PACKAGE)
        for flow in some:
            _put(folder / "dags" / f"{flow.name}.yaml", text(flow))


def runtimes(flows: Iterable[Flow]) -> dict[str, str]:
    """Return a virtual environment's digest for each tenant of *flows*."""
    return {flow.tenant: RUNTIME for flow in flows}


def shape(flows: Sequence[Flow]) -> dict[str, float]:
    """Return how long the manifests are and how many tasks they have."""
    return corpus.shape([text(flow).count("\n") for flow in flows], [len(flow.steps) for flow in flows])


def text(flow: Flow) -> str:
    """Return the manifest of *flow*, as a person would write it."""
    return "\n".join([*_head(flow), *(line for step in flow.steps for line in _task(step))]) + "\n"


def _head(flow: Flow) -> Iterator[str]:
    yield "# yaml-language-server: $schema=../../../docs/reference/schemas/dag.schema.json"
    yield f"dag_id: {flow.name}"
    yield f"description: {flow.description}"
    yield f"schedule: {json.dumps(flow.schedule)}"
    yield f'start_date: "{START}"'
    yield f"tags: [{', '.join(flow.tags)}]"
    yield from ("defaults:", "  retries: 2", "  retry_delay: 5m", "", "tasks:")


def _task(step: Step) -> Iterator[str]:
    yield f"  - id: {step.id}"
    yield f"    uses: {step.uses}"
    if step.needs:
        yield f"    needs: [{', '.join(step.needs)}]"
    if step.retries is not None:
        yield f"    retries: {step.retries}"
    if any(isinstance(value, str) and "\n" in value for value in step.parameters.values()):
        yield "    with:"
        yield from (line for name, value in step.parameters.items() for line in _parameter(name, value))
    elif step.parameters:
        # JSON is YAML: the flow style that people use for short parameters.
        yield f"    with: {json.dumps(dict(step.parameters))}"


def _parameter(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value:
        yield f"      {name}: |"
        yield from (f"        {line}" for line in value.splitlines())
    else:
        yield f"      {name}: {json.dumps(value)}"


def _put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
