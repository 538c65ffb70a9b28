"""`make login-secret`: what an operator gives the login, on a terminal and from a program."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aerodrome.cli.program import commands
from aerodrome.errors import UserError
from typer.testing import CliRunner, Result

LOGIN = """
login:
  kind: oidc
  oidc: {issuer: 'https://sso.example.org', client_id: airflow}
  directory:
    url: 'ldaps://127.0.0.1:1'
    bind_dn: 'cn=reader,dc=example'
    people: {base: 'dc=example'}
    groups: {base: 'dc=example'}
"""


@dataclass(frozen=True)
class Company:
    """A repository whose login needs a password in a directory, which does not answer, and a client's secret."""

    place: Any
    state: Path

    def kept(self, name: str) -> str:
        """Return what the file of a secret holds, which nobody else may read."""
        file = self.state / "secrets" / name
        assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
        return file.read_text()

    def given(self, text: str) -> Result:
        """Return how the command ends with *text* on its standard input; UserError where it refuses."""
        done = CliRunner().invoke(commands(), ["login-secret"], input=text)
        if isinstance(done.exception, UserError):
            raise done.exception
        return done

    def typed(self, *lines: str) -> str:
        """Return what a terminal shows while somebody types *lines*, each after a prompt."""
        done = self.place.typed(["login-secret"], *lines, AERODROME_STATE=str(self.state))
        assert done.returncode == 0, done.stdout
        return str(done.stdout)


@pytest.fixture
def company(place: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company with a state that services could reach."""
    file = place.root / "environments/local/environment.yaml"
    file.write_text(file.read_text() + LOGIN)
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-login-"))
    folder.chmod(0o755)
    monkeypatch.setenv("AERODROME_REPOSITORY", str(place.root))
    monkeypatch.setenv("AERODROME_STATE", str(folder / "state"))
    yield Company(place, folder / "state")
    shutil.rmtree(folder)


def test_a_program_gives_secrets_on_standard_input(company: Company) -> None:
    """They are kept as files, nothing of them is shown, and what comes next is told."""
    secrets = {"bind_password": "unseen one", "client_secret": "unseen two"}
    done = company.given(json.dumps(secrets))
    assert done.exit_code == 0, done.output
    assert company.kept("login-bind-password") == "unseen one"
    assert company.kept("login-client-secret") == "unseen two"
    assert "it was not tried" in done.output and "make deploy ENV=local" in done.output
    assert "unseen" not in done.output


def test_what_somebody_types_is_not_shown_and_enter_keeps_what_is_there(company: Company) -> None:
    """Each secret is asked for by what it is."""
    company.given('{"bind_password": "first", "client_secret": "second"}')
    shown = company.typed("", "unseen")
    assert "password of cn=reader,dc=example" in shown and "secret of the client airflow" in shown
    assert "unseen" not in shown
    assert company.kept("login-bind-password") == "first"
    assert company.kept("login-client-secret") == "unseen"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "[]",
        "{}",
        '{"password": "secret"}',
        '{"client_secret": ""}',
        '{"client_secret": 7}',
        "[" * 9999,
    ],
)
def test_what_is_no_document_of_secrets_changes_nothing(company: Company, text: str) -> None:
    """And what is meant is told, without what was given."""
    with pytest.raises(UserError, match=r"(?s)bind_password and client_secret") as refused:
        company.given(text)
    assert '"secret"' not in str(refused.value)
    assert not company.state.exists()


def test_a_login_that_needs_no_secret_asks_for_none(place: Any, company: Company) -> None:
    """Neither users of the database nor the directory that runs here."""
    file = place.root / "environments/local/environment.yaml"
    file.write_text(file.read_text().replace(LOGIN, "login: {kind: directory}\n"))
    with pytest.raises(UserError, match="needs no secret: its directory runs here"):
        company.given("{}")
