"""Which connections name a role, and what stands in the place of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aerodrome_airflow.secrets.lending import role_of, with_keys
from aerodrome_airflow.secrets.protocol import Answer
from hypothesis import given
from hypothesis import strategies as st

ROLE = "arn:aws:iam::123456789012:role/read-landing"
KEYS = {"access_key": "ASIA", "secret_key": "secret", "token": "token", "expiry_time": ""}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
EXTRAS = (
    JSON | JSON.map(json.dumps) | st.dictionaries(st.sampled_from(["role_arn", "region_name", "x"]), JSON)
)
VALUES = st.fixed_dictionaries(
    {"conn_type": st.sampled_from(["aws", "AWS", "http"]) | JSON, "extra": EXTRAS},
    optional={"login": JSON, "password": JSON, "host": JSON},
)


@pytest.mark.parametrize("extra", [{"role_arn": ROLE}, json.dumps({"role_arn": ROLE})])
def test_a_role_is_found_however_the_extra_is_written(extra: Any) -> None:
    """As `make secret` writes it, and as Airflow does."""
    assert role_of({"conn_type": "aws", "login": None, "extra": extra}) == ROLE


@pytest.mark.parametrize(
    "changed", [{"conn_type": "generic"}, {"login": "AKIA"}, {"password": "s"}, {"extra": {}}, {"extra": "{"}]
)
def test_what_has_a_key_or_is_no_connection_of_aws_is_handed_on_as_it_is(changed: dict[str, Any]) -> None:
    """With an access key a task assumes the role by itself."""
    assert role_of({"conn_type": "aws", "extra": {"role_arn": ROLE}, **changed}) == ""


@given(VALUES)
def test_no_task_sees_a_role_without_a_key(value: dict[str, Any]) -> None:
    """Whatever a store holds: with keys there is no role left to assume, and nothing else is lost."""
    if not role_of(value):
        return
    made = with_keys(Answer("value", value, age=7), Answer("value", KEYS))
    assert made.value is not None and made.age == 7 and role_of(made.value) == ""
    extra = made.value["extra"]
    before = value["extra"] if isinstance(value["extra"], dict) else json.loads(value["extra"])
    assert extra == {**{k: v for k, v in before.items() if k != "role_arn"}, "aws_session_token": "token"}
    assert made.value.items() >= {k: v for k, v in value.items() if k in ("conn_type", "host")}.items()


@pytest.mark.parametrize("outcome", ["refused", "unavailable"])
def test_without_keys_there_is_no_connection_either(outcome: Any) -> None:
    """A task is told why, and gets nothing that could not work."""
    found = Answer("value", {"conn_type": "aws", "extra": {"role_arn": ROLE}})
    made = with_keys(found, Answer(outcome, reason="why"))
    assert (made.outcome, made.value, made.reason[:3]) == (outcome, None, "why")
