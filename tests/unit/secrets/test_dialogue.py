"""What security staff type, and what a program sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import UserError
from aerodrome.secrets.dialogue import asked, parsed
from aerodrome.secrets.entry import Entry, Request, entry, who_may_use
from example import environment, tenant

PLACE = environment(global_connections=["mail"])
MODEL = tenant(
    queues=["default", "pii"],
    connections={"db": {"type": "postgres", "queues": ["pii"]}, "shell": {"type": "ssh"}},
    variables=["key"],
)
DB = Entry(PLACE, "alpha", MODEL, "connection", "db", "postgres")
KEY = Entry(PLACE, "alpha", MODEL, "variable", "key")
GOOD = {"host": "db", "schema": "flights", "login": "me", "password": "geheim"}


def typing(*texts: str) -> Callable[[str], str]:
    """Return somebody who types *texts* one after the other."""
    left: Iterator[str] = iter(texts)
    return lambda _: next(left)


def test_fields_are_asked_for_in_turn_and_again_where_they_are_wrong() -> None:
    """Nothing that was typed is said."""
    said: list[str] = []
    typed = typing(
        "https://geheim", "db ", "", "flights", "me", " ge heim", "ge heim", " ge heim", " ge heim", ""
    )
    value = asked(DB, typed, said.append)
    assert (value["host"], value["port"], value["password"]) == ("db", 5432, " ge heim")
    assert said == [
        "host: must be a host's name or address, without scheme and port",
        "password: the two differ",
    ]


def test_a_key_of_several_lines_is_read_to_its_end() -> None:
    """And what does not fit together is asked for once more."""
    lines = ("-----BEGIN PRIVATE KEY-----", "AAAA", "-----END PRIVATE KEY-----")
    shell = Entry(PLACE, "alpha", MODEL, "connection", "shell", "ssh")
    said: list[str] = []
    typed = typing("h", "", "me", "", "", "AAAA", "h", "22", "me", "", *lines, "AAAA")
    assert asked(shell, typed, said.append)["extra"]["private_key"] == "\n".join(lines) + "\n"
    assert said == ["give a password or a private key: once more from the first field"]


def test_ctrl_c_ends_it() -> None:
    """Before anything is returned that could be written."""

    def interrupted(prompt: str) -> str:
        if "password" in prompt:
            raise KeyboardInterrupt
        return "1"

    with pytest.raises(KeyboardInterrupt):
        asked(DB, interrupted, lambda _: None)


def test_what_is_never_accepted_ends_as_well() -> None:
    """A program that plays a person does not hang."""
    with pytest.raises(UserError, match=r"5 times.*\n.*nothing was written"):
        asked(DB, lambda _: "no host", lambda _: None)


def test_a_document_makes_the_same_connection() -> None:
    """Its numbers are numbers or texts, its `extra` an object or left out."""
    flat = parsed(DB, json.dumps({**GOOD, "port": 5433, "sslmode": "require"}))
    assert flat == parsed(DB, json.dumps({**GOOD, "port": "5433", "extra": {"sslmode": "require"}}))
    assert (flat["port"], flat["extra"]) == (5433, {"sslmode": "require"})
    assert parsed(KEY, '{"value": "geheim"}') == {"value": "geheim"}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ('{"password": "geheim', "standard input:1:14: Unterminated string"),
        ('["geheim"]', "is no JSON object"),
        ('{"password": "geheim", "password": "x"}', "names a field twice"),
        ('{"passwort": "geheim"}', "no field 'passwort'\n    did you mean 'password'"),
        ('{"password": ["geheim"]}', "password: must be a text"),
        ('{"password": "geheim", "port": "geheim"}', "port: must be a number"),
        ("[" * 99999, "nested too deeply|no JSON object"),
    ],
)
def test_a_wrong_document_is_told_without_its_values(document: str, told: str) -> None:
    """All at once where it is a document."""
    with pytest.raises(UserError, match=told) as refused:
        parsed(DB, document)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("document", ["{}", '{"value": ""}', '{"value": 1}', '{"value": "x", "more": "y"}'])
def test_a_variable_is_one_text(document: str) -> None:
    """And nothing else."""
    with pytest.raises(UserError, match="a variable is"):
        parsed(KEY, document)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with the tenant alpha."""
    for folder in ("tenants/alpha/dags", "environments/prod-eu"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "environments/prod-eu/environment.yaml").write_text("kind: local\n")
    (tmp_path / "tenants/alpha/tenant.yaml").write_text(
        "owners: [{name: Team, email: team@example.org}]\nqueues: [default, pii]\n"
        "connections: {people: {type: postgres, queues: [pii]}, web: {type: http}}\nvariables: [key]\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (Request("alhpa", "web"), "no tenant is named 'alhpa'\n    did you mean 'alpha'"),
        (
            Request("alpha", "peple"),
            "no connection 'peple' is named in tenants/alpha/tenant.yaml.*\n.*'people'",
        ),
        (Request("alpha", "web", "variable"), "no variable 'web'.*\n.*allowed: key"),
        (Request("alpha", "web", type="smtp"), "of type http, not smtp"),
        (Request("global", "mial", type="smtp"), "no connection 'mial'.*\n.*'mail'"),
        (Request("global", "mail"), "a shared connection needs a type"),
        (Request("global", "key", "variable"), "it names no variable"),
        (Request("../alpha", "web"), "no tenant is named"),
    ],
)
def test_what_nobody_asked_for_is_refused(root: Path, request_: Request, told: str) -> None:
    """With the nearest name that somebody did ask for."""
    with pytest.raises(UserError, match=told):
        entry(root, PLACE, request_)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (Request("alpha", "people"), "on the queue pii in the zone pii (for personal data)"),
        (Request("alpha", "web"), "on the queues default, pii in the zones default, pii"),
        (Request("global", "mail", type="smtp"), "tasks of every tenant on the queues default, pii"),
    ],
)
def test_who_may_use_it_is_told(root: Path, request_: Request, told: str) -> None:
    """By queue and zone."""
    assert told in who_may_use(entry(root, PLACE, request_))


def test_what_each_deploy_makes_is_not_written_by_hand(root: Path) -> None:
    """The next deploy would replace it."""
    local: dict[str, Any] = {"connections": {"web": {"type": "http", "url": "https://x.org"}}}
    made = type(PLACE).model_validate({**PLACE.model_dump(mode="json"), "local": local})
    with pytest.raises(UserError, match="each deploy makes the connection 'web' itself"):
        entry(root, made, Request("alpha", "web"))
