"""Keys at the top of the values: none that the chart does not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Told = Callable[..., list[str]]


@pytest.mark.parametrize("program", ["helm3", "helm4"])
def test_a_misspelt_key_is_refused_with_the_one_that_was_meant(told: Told, program: str) -> None:
    """Otherwise it would be ignored, and found out much later."""
    wrong = {"shceduler": {}, "postgreql": {}, "networkPolicy": {}, "tenant": {}}
    assert told(program=program, **wrong) == [
        "networkPolicy: there is no such key; did you mean networkPolicies?",
        "postgreql: there is no such key; did you mean postgresql?",
        "shceduler: there is no such key; did you mean scheduler?",
        "tenant: there is no such key; did you mean tenants?",
    ]


def test_where_no_key_is_near_the_page_is_named(told: Told) -> None:
    """It lists all keys."""
    assert told(xyz=1) == ["xyz: there is no such key; docs/reference/chart-values.md lists them"]


def test_values_for_all_charts_are_let_through(taken: Callable[..., str]) -> None:
    """A chart above this one shares them under global."""
    assert taken("--set=global.region=eu")


def test_the_list_of_keys_is_the_schemas(chart: Path) -> None:
    """Templates cannot read the schema, so that a list stands beside it."""
    schema = json.loads((chart / "values.schema.json").read_text())
    assert (chart / "files/top-level-keys.txt").read_text().split() == sorted(schema["properties"])
