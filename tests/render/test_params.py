"""What a param declares holds for the values that a run is given."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.manifest.dag import Param

# Key of the manifest → value of the key, a value that it allows, values that it refuses.
SCHEMAS: list[tuple[str, str, Any, list[Any]]] = [
    ("type", "string", "x", [1, None, ["x"]]),
    ("type", "integer", 3, [3.5, "3", True]),
    ("type", "number", 3.5, ["3.5", None]),
    ("type", "boolean", True, [1, "true"]),
    ("type", "array", [], ["x", {}]),
    ("type", "object", {}, ["x", []]),
    ("type", '"null"', None, [0, ""]),
    ("type", '[string, "null"]', None, [1]),
    ("enum", "[a, 1]", "a", ["b", "1"]),
    ("minimum", "3", 3, [2, 2.9]),
    ("maximum", "3", 3, [4, 3.1]),
    ("minLength", "2", "ab", ["a", ""]),
    ("maxLength", "2", "ab", ["abc"]),
    ("pattern", '"^[A-Z]{3}$"', "JFK", ["jfk", "JFKX"]),
    ("format", "date", "2024-01-31", ["nonsense", "31.1.2024", "2024-02-30"]),
    ("format", "date-time", "2024-01-31T06:00:00Z", ["nonsense", "2024-01-31", "2024-01-31T06:00:00"]),
    ("format", "time", "06:00:00", ["nonsense", "25:00:00"]),
    ("format", "email", "team@example.org", ["nonsense"]),
    ("format", "uri", "https://example.org/a?b=c", ["nonsense", "no scheme.org", "http://a b"]),
    ("items", "{type: integer, minimum: 1}", [1, 2], [["x"], [0]]),
    ("items", "{items: {enum: [a]}}", [["a"]], [[["b"]]]),
]


@pytest.mark.parametrize(("key", "said", "good", "bad"), SCHEMAS)
def test_a_task_refuses_what_the_schema_refuses(
    dag_of: Any, key: str, said: str, good: Any, bad: list[Any]
) -> None:
    """Airflow raises where a run's value does not meet it."""
    from airflow.sdk.exceptions import ParamValidationError

    param = dag_of(params=f"{{x: {{{key}: {said}}}}}").params.get_param("x")
    assert param.resolve(good) == good
    for value in bad:
        with pytest.raises(ParamValidationError):
            param.resolve(value)


@pytest.mark.parametrize(("key", "said", "good", "bad"), SCHEMAS)
def test_the_api_refuses_what_the_schema_refuses(
    scheduled: Any, key: str, said: str, good: Any, bad: list[Any]
) -> None:
    """A run with such a value is never made: the schema survives its way into the database."""
    params = scheduled(params=f"{{x: {{{key}: {said}}}}}").params
    assert params.deep_merge({"x": good}).validate() == {"x": good}
    for value in bad:
        with pytest.raises(ValueError, match="Invalid input for param x"):
            params.deep_merge({"x": value}).validate()


def test_every_key_that_restricts_a_value_is_tried() -> None:
    """The others are texts for people, and the default."""
    keys = {field.alias or name for name, field in Param.model_fields.items()}
    assert {key for key, *_ in SCHEMAS} == keys - {"default", "title", "description"}


def test_texts_for_people_reach_the_form(dag_of: Any) -> None:
    """Heading and help of the form that starts a run."""
    param = dag_of(params="{x: {default: 1, title: Number, description: How many}}").params.get_param("x")
    assert (param.schema, param.description, param.value) == ({"title": "Number"}, "How many", 1)


def test_a_param_without_a_default_must_be_given(dag_of: Any) -> None:
    """To a run that is started by hand."""
    from airflow.sdk.exceptions import ParamValidationError

    param = dag_of(params="{x: {type: string}}").params.get_param("x")
    assert param.resolve("given") == "given"
    with pytest.raises(ParamValidationError):
        dag_of(params="{x: {type: string}}").params.validate()
