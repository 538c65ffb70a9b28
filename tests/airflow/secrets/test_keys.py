"""Which keys reach the agent: those of the asking tenant, and of what all share."""

from __future__ import annotations

import json

import pytest
from aerodrome import names
from aerodrome_airflow.secrets import keys, protocol
from aerodrome_airflow.secrets.protocol import Lookup
from hypothesis import given
from hypothesis import strategies as st

PIECES = st.sampled_from(
    ["alpha", "beta", "global", ".", "..", "/", "%2e", "%2F", "%", "\\", "db", "Alpha", "\u0430lpha", "alph\u0430",
     "\uff41lpha", "\n", "\0", " ", "-", "_", "tenants", "connections", "prod-eu", "\u202e", "\u2024", "\u03b1"]
)  # fmt: skip
KEYS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=6).map("".join))


@given(KEYS)
def test_a_key_means_the_tenants_own_or_nothing(key: str) -> None:
    """Whatever is written there: the path that comes of it lies in one of two folders."""
    try:
        found = keys.lookup("alpha", "connection", key)
    except keys.KeyRefused:
        return
    path = names.connection_path("prod", found.owner, found.name)
    folder, _, name = path.rpartition("/")
    assert folder in ("prod/tenants/alpha/connections", "prod/global/connections")
    assert key == f"{found.owner}.{name}" and names.is_name(name) and found.tenant == "alpha"


@pytest.mark.parametrize(
    "key",
    ["beta.db", "Alpha.db", "alpha.DB", "alpha/db", "alpha..db", "alpha.db.x", "alpha.%2e%2e", "../beta/connections/db",
     "alpha.db%00", "alpha.db\n", "\u0430lpha.db", "\uff41lpha.db", "alpha\u2024db", " alpha.db", "alpha.", ".db", "",
     "db", None, "platform.db", 7],
)  # fmt: skip
def test_keys_that_are_refused(key: object) -> None:
    """Another tenant's, another spelling, another path."""
    with pytest.raises(keys.KeyRefused):
        keys.lookup("alpha", "connection", key)


def test_a_refusal_says_what_would_be_right() -> None:
    """On one line of plain characters, whatever the key was."""
    with pytest.raises(
        keys.KeyRefused, match=r"'beta.db' is not a connection of tenant 'alpha'.*'alpha\.<name>'"
    ):
        keys.lookup("alpha", "connection", "beta.db")
    with pytest.raises(keys.KeyRefused) as refused:
        keys.lookup("alpha", "variable", "x\n\x1b[2J" * 1000)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 250


@given(st.binary(max_size=200))
def test_garbage_is_no_request(line: bytes) -> None:
    """Whatever arrives is a lookup of two good names, or is refused."""
    try:
        found = protocol.read_request(line)
    except protocol.ProtocolError:
        return
    assert names.is_tenant(found.tenant) and names.is_name(found.name)


@pytest.mark.parametrize(
    "said",
    [{"tenant": "global"}, {"tenant": "../beta"}, {"name": "../db"}, {"name": 5}, {"kind": "config"}, {"kind": None},
     {"tenant": ["alpha"]}],
)  # fmt: skip
def test_requests_that_are_refused(said: dict[str, object]) -> None:
    """The agent checks again what its clients should have checked."""
    request = {"tenant": "alpha", "kind": "connection", "name": "db", **said}
    with pytest.raises(protocol.ProtocolError):
        protocol.read_request(json.dumps(request).encode())


@given(st.booleans(), st.sampled_from(["connection", "variable"]))
def test_a_request_arrives_as_it_was_sent(shared: bool, kind: protocol.Kind) -> None:
    """With who asks and for what."""
    lookup = Lookup("alpha", kind, "db", shared)
    assert protocol.read_request(protocol.request(lookup)) == lookup


@given(st.text(), st.integers(0, 900))
def test_a_value_arrives_as_it_was_stored(text: str, age: int) -> None:
    """Any text."""
    answer = protocol.Answer("value", {"password": text}, age=age)
    assert protocol.read_reply(protocol.reply(answer)) == answer
