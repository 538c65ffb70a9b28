"""Nested settings as flat names."""

from __future__ import annotations

import pytest
from aerodrome.environment_difference.leaves import leaves


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"queues": {"default": {"slots": 4}}}, {"queues.default.slots": "4"}),
        ({"env": [{"name": "A", "value": "x"}]}, {"env[name=A].name": "A", "env[name=A].value": "x"}),
        ({"env": [{"name": "A"}, {"name": "A"}]}, {"env[0].name": "A", "env[1].name": "A"}),
        ({"to": [{"port": 1}, {"port": 2}]}, {"to[0].port": "1", "to[1].port": "2"}),
        ({"args": ["-c", "ä"], "mixed": [1, {"a": 2}]}, {"args": '["-c", "ä"]', "mixed": '[1, {"a": 2}]'}),
        ({"a": None, "b": {}, "c": [], "d": True}, {"a": "null", "b": "{}", "c": "[]", "d": "true"}),
        ({"a": ({"name": "x"},)}, {"a[name=x].name": "x"}),
    ],
)  # fmt: skip
def test_each_value_has_a_name_of_its_own(value: object, found: dict[str, str]) -> None:
    """Elements of a list by their name, or else by their place."""
    assert leaves(value) == found
