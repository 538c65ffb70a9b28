"""values.schema.json: the same keys as values.yaml, each described, and wrong values refused by name."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aerodrome.reference import outdated, pages

Render = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def schema(chart: Path) -> dict[str, Any]:
    """The schema of the values."""
    return dict(json.loads((chart / "values.schema.json").read_text()))


def described(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each key below *schema* with its own schema, elements of lists and of maps included."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}{name}", inner
        yield from described(inner, f"{path}{name}.")
    for part in ("items", "additionalProperties"):
        if isinstance(inner := schema.get(part), dict):
            yield from described(inner, f"{path}*.")


def written(values: dict[str, Any], schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield each key of *values* down to where the schema names no keys."""
    for name, value in values.items():
        yield f"{path}{name}"
        inner = schema.get("properties", {}).get(name, {})
        if isinstance(value, dict) and "properties" in inner:
            yield from written(value, inner, f"{path}{name}.")


def optional(path: str, values: dict[str, Any]) -> bool:
    """Return whether *path* lies below a key whose default is empty: who sets it says which keys it has."""
    place: Any = values
    for name in path.split("."):
        if not place:
            return True
        place = place.get(name) if isinstance(place, dict) else None
    return False


def test_every_key_of_the_values_is_in_the_schema(schema: dict[str, Any], values: dict[str, Any]) -> None:
    """No key is checked by nothing."""
    assert set(written(values, schema)) <= {path for path, _ in described(schema)}


def test_every_key_of_the_schema_has_a_default(schema: dict[str, Any], values: dict[str, Any]) -> None:
    """Who reads values.yaml sees all that can be set."""
    keys = {path for path, _ in described(schema) if "*" not in path and not optional(path, values)}
    exclusive = {path for path in keys if path.endswith("podDisruptionBudget.config.minAvailable")}
    assert keys - exclusive == set(written(values, schema))


def test_every_key_of_the_schema_says_what_it_is_for(schema: dict[str, Any]) -> None:
    """An editor shows a sentence for each key."""
    assert [path for path, inner in described(schema) if not inner.get("description", "").strip()] == []


def test_schema_and_reference_page_are_what_their_source_says(repository: Path) -> None:
    """Who edits helm/schema or values.yaml runs `make docs`."""
    assert not [path for path in outdated(repository, pages(repository)) if "values" in path]


def test_the_defaults_are_values_that_the_schema_allows(
    schema: dict[str, Any], values: dict[str, Any]
) -> None:
    """The chart installs as it comes."""
    jsonschema.Draft7Validator(schema).validate(values)


@pytest.mark.parametrize("program", ["helm3", "helm4"])
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("scheduler.replica=2", "replica"),
        ("workers.replicas=many", "replicas"),
        ("images.airflow.pullPolicy=Sometimes", "pullPolicy"),
        ("ingress.apiServer.enable=true", "enable"),
        ("scheduler.tolerations[0].efect=NoSchedule", "efect"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(render: Render, program: str, wrong: str, named: str) -> None:
    """A misspelt key and a value of the wrong type are found before anything is installed."""
    done = render("--set", wrong, program=program)
    assert done.returncode != 0
    assert named in done.stderr
    assert wrong.partition(".")[0] in done.stderr
