"""The catalogue's models: cheap to read, strict, and complete enough to be the reference page."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from common_plugins.catalogue import entries, entry
from common_plugins.catalogue.base import CatalogueEntry, Kind, Reference
from common_plugins.catalogue.reference import markdown, rows

EVERY = sorted(entries())


def test_reading_the_catalogue_is_cheap_and_loads_neither_airflow_nor_the_control_program() -> None:
    """The control program does it in each of its commands."""
    code = (
        "import sys, pydantic\n"
        "class Warm(pydantic.BaseModel):\n    a: int\n"
        "before = {name.partition('.')[0] for name in sys.modules}\n"
        "from common_plugins.catalogue import entries\n"
        "entries()\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} - before\n"
        "print(sorted(loaded - sys.stdlib_module_names))"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['common_plugins']"


def test_names_are_sorted_and_found() -> None:
    """`entry` gives what `entries` lists."""
    assert list(entries()) == EVERY
    assert all(entry(uses).uses == uses for uses in EVERY)
    with pytest.raises(KeyError):
        entry("sql.qurey")


@pytest.mark.parametrize("uses", EVERY)
def test_entry_documents_itself(uses: str) -> None:
    """A summary, and a description of each parameter."""
    model = entry(uses)
    assert model.__doc__ and model.__doc__.splitlines()[0].endswith(".")
    assert all(field.description and field.description.endswith(".") for field in model.model_fields.values())


@pytest.mark.parametrize("uses", EVERY)
def test_kinds_stand_outermost(uses: str) -> None:
    """The loader finds each of them in the parameter's metadata, and never more than one."""
    for name, field in entry(uses).model_fields.items():
        assert sum(isinstance(mark, Kind) for mark in field.metadata) == (
            entry(uses).kind_of(name) is not None
        )
        assert "Kind(" not in str(field.annotation)


VALID: list[tuple[str, dict[str, Any]]] = [
    ("sql.query", {"connection": "db", "sql": ["a", "b"], "parameters": {"a": [1]}}),
    ("sql.query", {"connection": "db", "sql": Reference(task="x")}),
    ("sql.check", {"connection": "db", "checks": [{"name": "n", "sql": "s", "at_least": 1, "at_most": 2.5}]}),
    ("sql.load", {"connection": "db", "table": "s.t", "file": "x.csv", "create": {"n": "numeric(10, 2)"}}),
    ("file.wait", {"path": "x", "poke_interval": "30s", "timeout": "1h30m"}),
    ("python.call", {"function": "a.b:c", "args": Reference(task="x"), "connections": ["db"]}),
    ("email.send", {"connection": "m", "to": ["a", Reference(task="x")], "subject": "s", "html": "h"}),
    ("http.request", {"connection": "a", "json_body": [1], "expect_status": [200, 204]}),
]


@pytest.mark.parametrize(("uses", "parameters"), VALID)
def test_valid_parameters_are_taken(uses: str, parameters: dict[str, Any]) -> None:
    """As people write them, with references in the places of texts."""
    entry(uses)(**parameters)


INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("sql.query", {"connection": "db", "sql": "s", "nonsense": 1}, "Extra inputs"),
    ("sql.query", {"connection": "db", "sql": 1}, "valid string"),
    ("sql.query", {"connection": "db", "sql": "s", "max_rows": "5"}, "valid integer"),
    ("sql.check", {"connection": "db", "checks": []}, "at least 1 item"),
    ("sql.check", {"connection": "db", "checks": [{"name": "n", "sql": "s", "equal": 1}]}, "Extra inputs"),
    ("sql.load", {"connection": "db", "table": "t"}, "either file or package_file"),
    (
        "sql.load",
        {"connection": "db", "table": "t", "file": "a", "package_file": "b"},
        "either file or package_file",
    ),
    ("sql.load", {"connection": "db", "table": "t; DROP", "file": "a"}, "match pattern"),
    (
        "sql.load",
        {"connection": "db", "table": "t", "file": "a", "create": {"n": "int); DROP TABLE x"}},
        "match pattern",
    ),
    ("sql.load", {"connection": "db", "table": "t", "file": "a", "header": False}, "needs columns or create"),
    (
        "sql.load",
        {"connection": "db", "table": "t", "file": "a", "replace_where": {"n": 1}},
        "needs mode: append",
    ),
    ("file.wait", {"path": "x", "poke_interval": 30}, "write a duration"),
    ("file.wait", {"path": "x", "timeout": "\u0661h"}, "write a duration"),
    ("file.wait", {"path": "x", "mode": "push"}, "'poke', 'reschedule' or 'defer'"),
    ("python.call", {"function": "no colon"}, "match pattern"),
    ("email.send", {"connection": "m", "to": "a", "subject": "s"}, "give text, html or both"),
    (
        "http.request",
        {"connection": "a", "method": "POST", "data": {}, "json_body": {}},
        "either data or json_body",
    ),
]


@pytest.mark.parametrize(("uses", "parameters", "told"), INVALID)
def test_invalid_parameters_are_told(uses: str, parameters: dict[str, Any], told: str) -> None:
    """Nothing is converted in silence."""
    with pytest.raises(ValidationError, match=told):
        entry(uses)(**parameters)


def test_seconds_are_read_from_durations() -> None:
    """As everywhere in a manifest."""
    assert entry("file.wait")(path="x", timeout="1d2h3m4s").model_dump()["timeout"] == 93784.0


def test_reference_page_names_every_operator_and_parameter() -> None:
    """With its type and default."""
    page = markdown()
    for model in entries().values():
        assert f"## {model.uses}\n" in page
        assert all(f"| `{name}` |" in page for name in model.model_fields)
    assert "| `poke_interval` | duration | `1m` |" in page
    assert "| `connections` | list of connections |" in page


def test_rows_are_for_a_terminal() -> None:
    """Required parameters have no default, optional ones an empty or a shown one."""
    (load,) = (row for row in rows() if row.uses == "sql.load")
    defaults = {parameter.name: parameter.default for parameter in load.parameters}
    assert (defaults["table"], defaults["file"], defaults["mode"]) == (None, "", "replace")


def test_every_entry_is_an_entry() -> None:
    """And says what its operator needs."""
    for model in entries().values():
        assert issubclass(model, CatalogueEntry)
        assert ("connection" in model.model_fields) == bool(model.connection_types)
