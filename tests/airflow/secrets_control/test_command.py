"""`make secret` as a person and as a program use it, with a real OpenBao."""

from __future__ import annotations

import json
import os
import pty
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from aerodrome.cli.program import commands
from aerodrome.clients.vault import Vault
from aerodrome.environment import load_environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.secrets.layout import TEXT, Key, desired
from aerodrome.secrets.live import LiveLayout
from aerodrome.secrets.values import VaultValues
from typer.testing import CliRunner, Result

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
secrets: {vault: {url: '%s'}, global_variables: [motd]}
"""
TENANT = """\
owners: [{name: Team, email: team@example.org}]
connections: {db: {type: postgres}, web: {type: http}, lake: {type: aws}}
variables: [key]
"""
DB = "prod/tenants/alpha/connections/db"
TYPED = ("db.example.org", "", "flights", "reader", "ge heim", "ge heim", "")


@pytest.fixture(scope="module")
def store(vault: Vault) -> VaultValues:
    """The secrets of a server that was deployed to."""
    vault.enable_kv("aerodrome")
    return VaultValues(vault)


@pytest.fixture
def place(store: VaultValues, tmp_path: Path) -> Path:
    """A repository with the tenant alpha, whose environment's store holds nothing."""
    for folder in ("tenants/alpha/dags", "environments/prod"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "environments/prod/environment.yaml").write_text(ENVIRONMENT % store.vault.url)
    (tmp_path / "tenants/alpha/tenant.yaml").write_text(TENANT)
    for name in store.names("prod/tenants/alpha/connections"):
        store.delete(f"prod/tenants/alpha/connections/{name}")
    return tmp_path


def surroundings(place: Path) -> dict[str, str]:
    """Return what the command finds around it."""
    return {"PATH": os.defpath, "HOME": str(place), "AERODROME_REPOSITORY": str(place), "VAULT_TOKEN": "root"}


def command(*arguments: str) -> list[str]:
    """Return the command line of `aerodrome secret`."""
    return [
        sys.executable,
        "-c",
        "from aerodrome.cli import main; main()",
        "secret",
        "--env",
        "prod",
        *arguments,
    ]


def piped(place: Path, document: str, *arguments: str) -> Result:
    """Return what the command does with *document* on its standard input."""
    return CliRunner().invoke(commands(), command(*arguments)[3:], input=document, env=surroundings(place))


def typed(place: Path, texts: Mapping[str, str] | tuple[str, ...], *arguments: str) -> tuple[int, str]:
    """Return exit code and screen of a terminal where somebody answers each prompt with the next of *texts*."""
    child, terminal = pty.fork()
    if not child:
        os.execve(sys.executable, command(*arguments), surroundings(place))
    screen = ""
    for text in texts:
        screen += shown(terminal, ": ")
        os.write(terminal, text.encode() + (b"" if text == "\x03" else b"\n"))
    screen += shown(terminal, "\0")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), screen


def shown(terminal: int, end: str) -> str:
    """Return what appears on *terminal* until *end*, or its own end."""
    found, deadline = "", time.monotonic() + 60
    while not found.endswith(end) and time.monotonic() < deadline:
        try:
            found += os.read(terminal, 4096).decode()
        except OSError:
            break
    # The prompt comes before the terminal is silent: what is typed a moment too early would be shown.
    time.sleep(0.1)
    return found


def test_a_connection_is_asked_for_and_nothing_of_it_is_shown(place: Path, store: VaultValues) -> None:
    """It tells who may use it, and that a deploy is missing."""
    code, screen = typed(place, TYPED, "alpha", "db")
    assert code == 0, screen
    assert (store.read(DB) or {})["password"] == "ge heim" and (store.read(DB) or {})["port"] == 5432
    assert (
        "stored connection alpha.db (postgres)" in screen
        and "on the queue default in the zone default" in screen
    )
    assert "not readable yet in: default; `make deploy ENV=prod` lets it be read" in screen
    assert not any(text in screen for text in TYPED[:1] + TYPED[2:6])


def test_ctrl_c_leaves_what_was_there(place: Path, store: VaultValues) -> None:
    """At any prompt."""
    store.write(DB, {"conn_type": "postgres", "password": "old"})
    code, screen = typed(place, (*TYPED[:5], "\x03"), "alpha", "db")
    assert code == 130 and "interrupted: nothing was written" in screen and "Traceback" not in screen
    assert store.read(DB) == {"conn_type": "postgres", "password": "old"}


def test_a_role_that_no_task_could_be_is_not_written(place: Path, store: VaultValues) -> None:
    """It is told without what was sent."""
    role = "arn:aws:iam::111122223333:role/geheim"
    done = piped(place, json.dumps({"role_arn": role, "region_name": "eu-central-1"}), "alpha", "lake")
    assert isinstance(done.exception, UserError) and "geheim" not in f"{done.exception}{done.output}"
    said = "with secrets: {store: vault} nobody assumes a role for a task of alpha\n    give an access key"
    assert str(done.exception).startswith(said)
    assert store.read(DB.replace("db", "lake")) is None


def test_a_program_sends_a_document(place: Path, store: VaultValues) -> None:
    """Where the policy names it already, nothing is missing; a new value needs no restart."""
    environment = load_environment(place, "prod")
    name = "aerodrome-prod.default.alpha"
    text = desired(environment, {}).objects.get(Key("policy", name)) or {
        TEXT: f'path "aerodrome/data/{DB}" {{ capabilities = ["read"] }}'
    }
    LiveLayout(store.vault, environment).put(Key("policy", name), text)
    document = {"host": "db", "schema": "flights", "login": "me", "password": "geheim"}
    for word in ("stored", "replaced"):
        done = piped(place, json.dumps(document), "alpha", "db")
        assert done.exit_code == 0 and done.output.startswith(word), done
        assert "geheim" not in done.output and "not readable" not in done.output
    assert "within 60 s; nothing needs to be restarted" in done.output


@pytest.mark.parametrize(
    ("arguments", "document", "told"),
    [
        (("alpha", "db"), '{"password": "geheim"}', "host: is required"),
        (("alpha", "db"), "geheim", "standard input:1:1: Expecting value"),
        (("alpha", "dbb"), "{}", "did you mean 'db'?"),
        (("alhpa", "db"), "{}", "did you mean 'alpha'?"),
        (("alpha", "key", "--kind", "variable"), '{"value": ""}', "a variable is"),
        (("alpha", "db", "--delete", "--yes"), "", "the store holds no connection 'db' of alpha"),
    ],
)
def test_a_mistake_writes_nothing(
    place: Path, store: VaultValues, arguments: tuple[str, ...], document: str, told: str
) -> None:
    """And ends in a message without a value."""
    done = piped(place, document, *arguments)
    assert isinstance(done.exception, UserError) and told in str(done.exception)
    assert "geheim" not in str(done.exception) + done.output
    assert store.names("prod/tenants/alpha/connections") == ()


def test_what_is_no_longer_named_can_be_deleted(place: Path, store: VaultValues) -> None:
    """With its history; only after a confirmation."""
    store.write("prod/tenants/alpha/connections/old", {"conn_type": "http"})
    assert piped(place, "n\n", "alpha", "old", "--delete").exit_code == 1
    assert store.names("prod/tenants/alpha/connections") == ("old",)
    done = piped(place, "", "alpha", "old", "--delete", "--yes")
    assert done.output == "deleted connection alpha.old\n"
    assert store.names("prod/tenants/alpha/connections") == ()


def test_a_server_that_does_not_answer_is_told_before_anybody_types(place: Path) -> None:
    """It is no use to ask."""
    file = place / "environments/prod/environment.yaml"
    file.write_text(ENVIRONMENT % "http://127.0.0.1:9")
    told = piped(place, "{}", "alpha", "db").exception
    assert isinstance(told, AerodromeError) and "does not answer: Connection refused" in str(told)
    file.write_text(ENVIRONMENT % "")
    assert "does not say where Vault is" in str(piped(place, "{}", "alpha", "db").exception)
