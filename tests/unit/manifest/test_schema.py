"""The JSON Schemas say what the loader says."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from aerodrome.manifest.schema import schemas
from aerodrome.source.document import parse_document

GOOD = """\
dag_id: daily
schedule: {every: 1h}
start_date: 2024-01-01
params: {day: {default: x, type: string}, n: 5}
defaults: {retry_delay: 5m}
tasks:
- {id: a, uses: sql.query, with: {connection: warehouse, sql: {$f: a.sql}}}
- {id: b, uses: python.call, needs: [a], with: {function: 'x.y:z', args: {rows: {$x: a}}}}
- {id: c, uses: sql.query, with: {connection: warehouse}, expand: {sql: {$x: {task: b, key: k}}}}
- {id: d, uses: email.send, with: {connection: mail, to: [a, {$x: a}], subject: '{{ ds }}', text: x}}
environments: {local: {schedule: null}}
"""


def validate(name: str, text: str) -> None:
    """Raise where the schema *name* refuses *text*."""
    schema = json.loads(schemas()[f"{name}.schema.json"])
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(parse_document(text, "x.yaml").data)


def test_a_good_manifest_meets_its_schema() -> None:
    """Files, references, mapped parameters, durations and differences included."""
    validate("dag", GOOD)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("start_date:", "start_dat:"), ("uses: sql.query", "uses: sql.qurey"), ("function:", "functon:"), ("$f:", "$g:"),
        ("5m", "5 minutes"), ("{every: 1h}", "{evry: 1h}"), ("default: x", "defualt: x"), ("{$x: a}]", "{$y: a}]"),
        ("sql: {$f: a.sql}", "sql: 5"), (", sql: {$f: a.sql}", ""), ("needs: [a]", "needs: a"), ("schedule: null", "schedul: null"),
    ],
)  # fmt: skip
def test_a_misspelt_manifest_does_not_meet_it(right: str, wrong: str) -> None:
    """An editor underlines what the loader refuses."""
    assert right in GOOD
    with pytest.raises(jsonschema.ValidationError):
        validate("dag", GOOD.replace(right, wrong, 1))


def test_tenants_and_environments_have_schemas_too(repository: Any) -> None:
    """The files of this test's repository meet them, and a misspelt key does not."""
    for name, path in (
        ("tenant", "tenants/flights/tenant.yaml"),
        ("environment", "environments/local/environment.yaml"),
    ):
        text = (repository.root / path).read_text()
        validate(name, text)
        with pytest.raises(jsonschema.ValidationError):
            validate(name, text.replace("queues:", "queus:", 1))


def test_schemas_are_the_same_bytes_each_time() -> None:
    """Drift in the reference is a real change."""
    assert schemas() == schemas()


def test_defaults_stand_in_schemas_as_people_write_them() -> None:
    """Durations and sizes, not ISO 8601 and bytes."""
    limits = json.loads(schemas()["tenant.schema.json"])["$defs"]["Limits"]["properties"]
    assert (limits["memory"]["default"], limits["execution_timeout"]["default"]) == ("512Mi", "1h")
