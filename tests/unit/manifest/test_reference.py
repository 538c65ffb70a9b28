"""The reference of manifests says everything that a manifest can say, and what it shows is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from aerodrome.manifest.dag import DagManifest, ValueSchema
from aerodrome.manifest.inclusion import FILE, SECTIONS, XCOM
from aerodrome.manifest.schedule import PRESETS
from aerodrome.manifest.settings import FILE_OF_DOC, RESERVED_TAG
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.reference.manifests import notation
from aerodrome.reference.models import model_page
from pydantic import BaseModel

VALUES, SCHEDULES, REFUSED = notation()
HEAD = "dag_id: daily\nstart_date: 2024-01-01\n"
CALL = "uses: python.call, with: {function: 'flights.jobs:clean', outputs: [rows]}"


def undescribed(model: type[BaseModel]) -> Iterator[str]:
    """Return the keys of *model* and of the models inside it that nobody explains."""
    schema = model.model_json_schema(by_alias=True)
    for name, part in {"": schema, **schema["$defs"]}.items():
        for key, entry in part.get("properties", {}).items():
            if not entry.get("description", "").endswith("."):
                yield f"{name}.{key}"


def first_cells(section: str) -> list[str]:
    """Return the code in the first column of the table in *section*."""
    cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    return [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("model", [DagManifest, TenantManifest])
def test_every_key_has_a_description(model: type[BaseModel]) -> None:
    """Of the file, of what is nested in it, and of its differences by environment."""
    assert list(undescribed(model)) == []


def test_differences_are_explained_where_their_keys_are() -> None:
    """Once, in the table of the model that has the same keys."""
    page = model_page("tenant.yaml", TenantManifest)
    assert "Its keys mean what they mean in [Limits](#limits): `cpu`" in page
    assert "Its keys mean what they mean in [tenant.yaml](#tenantyaml): `queues`" in page


def test_what_no_table_of_keys_shows_has_a_section() -> None:
    """References, files, presets, and what is refused."""
    assert all(f"`{{{key}: " in VALUES for key in (XCOM, FILE))
    assert all(f"`{section}`" in VALUES for section in SECTIONS)
    assert f"expand: {{args: {{{XCOM}: load}}}}" in VALUES
    assert all(f"`{preset}`" in SCHEDULES for preset in PRESETS)
    assert f"`{FILE_OF_DOC}`" in REFUSED and f"`{RESERVED_TAG}`" in REFUSED


def test_keys_of_items_stand_in_a_table() -> None:
    """And so do those that a param has beyond them."""
    page = model_page("DAG manifest", DagManifest)
    table = page.partition("## ValueSchema")[2]
    assert all(f"| `{field.alias or name}` |" in table for name, field in ValueSchema.model_fields.items())
    assert "It may also have every key of [ValueSchema](#valueschema)." in page


@pytest.mark.parametrize("written", first_cells(VALUES))
def test_each_reference_that_is_shown_is_right(repository: Any, written: str) -> None:
    """It loads as it stands there."""
    repository.write("tenants/flights/dags/sql/load.sql", "select 1")
    query = f"uses: sql.query, needs: [load], with: {{connection: warehouse, sql: {written}}}"
    assert repository.problems(f"{HEAD}tasks:\n- {{id: load, {CALL}}}\n- {{id: b, {query}}}\n") == []


@pytest.mark.parametrize("written", first_cells(SCHEDULES))
def test_each_schedule_that_is_shown_is_right(repository: Any, written: str) -> None:
    """Cron, presets, distances, assets and none."""
    said = f'"{written}"' if written.startswith("@") else written
    tasks = "tasks: [{id: a, uses: flow.empty, produces: [flights, weather]}]\n"
    assert repository.problems(f"{HEAD}schedule: {said}\n{tasks}") == []
