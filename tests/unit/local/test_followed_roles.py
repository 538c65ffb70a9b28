"""The process that lets roles follow the directory, and the command that asks it for one run."""

from __future__ import annotations

import configparser
import json
from dataclasses import replace
from typing import Any

import pytest
from aerodrome.cli import show
from aerodrome.clients.supervisor import ProcessState
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import topology
from aerodrome.local.processes.readiness import is_ready
from aerodrome.local.release.followed_roles import follow_local
from aerodrome.login.followed import Followed, RoleChange

DIRECTORY = {
    "url": "ldaps://ldap.example.org",
    "bind_dn": "cn=reader,dc=x",
    "people": {"base": "ou=people,dc=x"},
    "groups": {"base": "ou=groups,dc=x"},
}


def with_login(platform: Platform, **login: object) -> Platform:
    """Return *platform* with another login."""
    document = platform.environment.model_dump(mode="json", by_alias=True)
    return replace(platform, environment=Environment.model_validate(document | {"login": login}))


def test_roles_follow_where_there_is_a_directory(platform: Platform) -> None:
    """With OpenID Connect only where one is named."""
    oidc = {"issuer": "https://id.example.org", "client_id": "x"}
    logins: list[dict[str, Any]] = [
        {},
        {"kind": "oidc", "oidc": oidc},
        {"kind": "directory", "directory": DIRECTORY},
        {"kind": "oidc", "oidc": oidc, "directory": DIRECTORY},
    ]
    found = [
        {process.name for process in topology.desired(with_login(platform, **login))} for login in logins
    ]
    assert [topology.ROLES in names for names in found] == [False, False, True, True]


def test_what_follows_the_directory_signs_nothing(platform: Platform) -> None:
    """It has the database and the directory's password, in files of its own, and neither key nor broker."""
    oidc = {"issuer": "https://id.example.org", "client_id": "x"}
    wanted = with_login(platform, kind="oidc", oidc=oidc, directory=DIRECTORY)
    wanted.credentials.keep("login-bind-password", "hush")
    wanted.credentials.keep("login-client-secret", "hush too")
    process = next(one for one in topology.desired(wanted) if one.name == topology.ROLES)
    config = configparser.ConfigParser()
    config.read_string(process.files["airflow.cfg"])
    assert config["database"]["sql_alchemy_conn"] and json.loads(config["aerodrome"]["central_alert_channel"])
    assert "api_auth" not in config and "celery" not in config and not config.has_option("api", "secret_key")
    secrets = {
        name: value for name, value in json.loads(process.files["login-secrets.json"]).items() if value
    }
    assert set(secrets) == {"bind_password"} and "hush" not in str(process.command) + str(process.environment)


def test_it_is_ready_as_soon_as_it_runs(platform: Platform) -> None:
    """On the first deploy the directory gets its people after that."""
    assert is_ready(platform, ProcessState(topology.ROLES, "RUNNING", 1, 0, ""))
    assert not is_ready(platform, ProcessState(topology.ROLES, "BACKOFF", 1, 0, ""))


@pytest.fixture
def remembered(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes a login the one that was deployed."""
    monkeypatch.setenv("AERODROME_STATE", str(platform.layout.state))

    def remember(**login: object) -> None:
        platform.layout.config.mkdir(parents=True, exist_ok=True)
        text = with_login(platform, **login).environment.model_dump_json()
        (platform.layout.config / "environment.json").write_text(text)

    return remember


def test_a_login_without_a_directory_has_nothing_to_follow(platform: Platform, remembered: Any) -> None:
    """The message says how to get one."""
    remembered()
    with pytest.raises(UserError, match=r"the login of local has no directory.*\n.*login: {kind: directory}"):
        follow_local(platform.layout.repository, "local", dry_run=True, force=False)


def test_what_was_not_deployed_follows_nothing(platform: Platform, remembered: Any) -> None:
    """Exit code 1 and the command that helps."""
    remembered(kind="directory", directory=DIRECTORY)
    with pytest.raises(
        AerodromeError, match=r"nothing follows a directory here yet\n.*make deploy ENV=local"
    ):
        follow_local(platform.layout.repository, "local", dry_run=False, force=False)


def test_the_table_says_who_what_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Names that would command the terminal are shown as what they are."""
    rows = (
        RoleChange("remove", "jo\x1b[2J", "alpha.viewer", "not in [staff]"),
        RoleChange("create", "al", "", "x"),
    )
    show.followed(Followed(rows, ("kim stays",), "", applied=True))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == [
        ["action", "user", "role", "why"],
        ["remove", r"jo\x1b[2J", "alpha.viewer", "not", "in", "[staff]"],
    ]
    assert lines[-1] == ["note:", "kim", "stays"]
