"""What is rendered of a login: settings, secrets in a file of their own, the directory that runs here."""

from __future__ import annotations

import configparser
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import UserError
from aerodrome.kubernetes.login import login_of
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import logins
from aerodrome.local.processes import login, topology
from aerodrome.local.processes.topology import Process
from aerodrome.local.stores import directory
from aerodrome.login_settings import LoginSettings
from aerodrome.render.login import SECRETS, SETTINGS

DIRECTORY = {
    "url": "ldaps://ldap.example.org",
    "bind_dn": "cn=reader,dc=example",
    "people": {"base": "ou=people,dc=example"},
    "groups": {"base": "ou=groups,dc=example"},
}
OIDC = {"issuer": "https://sso.example.org", "client_id": "airflow"}
AUTHORITY = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"


def with_login(platform: Platform, **settings: Any) -> Platform:
    """Return the platform with another login, and groups for tenant alpha."""
    found = LoginSettings.model_validate(settings)
    groups = {"viewer": ["staff"], "editor": ["staff", "analysts"]}
    alpha = platform.tenants["alpha"].model_copy(
        update={"groups": type(platform.tenants["alpha"].groups).model_validate(groups)}
    )
    environment = platform.environment.model_copy(update={"login": found})
    return replace(platform, environment=environment, tenants={**platform.tenants, "alpha": alpha})


def processes(platform: Platform) -> dict[str, Process]:
    """Return the processes by name."""
    return {found.name: found for found in topology.desired(platform)}


def settings(platform: Platform) -> dict[str, Any]:
    """Return login.json of the API server."""
    found: dict[str, Any] = json.loads(processes(platform)["api-server"].files[SETTINGS])
    return found


def keep(platform: Platform, **secrets: str) -> None:
    """Store what somebody has given."""
    for name, value in secrets.items():
        platform.credentials.replace(name.replace("_", "-"), value)


def test_groups_become_roles(platform: Platform) -> None:
    """Those of tenant.yaml on the tenant, those of environment.yaml on the whole platform."""
    found = with_login(platform, kind="directory", groups={"auditor": ["revision", "staff"]})
    assert settings(found)["roles_of_group"] == {
        "staff": ["alpha.viewer", "alpha.editor", "auditor"],
        "analysts": ["alpha.editor"],
        "revision": ["auditor"],
    }


def test_secrets_stand_in_their_own_file_and_in_no_other(platform: Platform) -> None:
    """The API server's and the roles' process; nobody else's."""
    found = with_login(platform, kind="directory", directory=DIRECTORY)
    keep(platform, login_bind_password="of the directory")
    for name, process in processes(found).items():
        holding = {file for file, text in process.files.items() if "of the directory" in text}
        assert holding == ({SECRETS} if name in {"api-server", "roles"} else set())
    assert json.loads(processes(found)["roles"].files[SECRETS]) == {
        "bind_password": "of the directory",
        "client_secret": None,
    }


def test_what_is_missing_is_told_with_the_command_that_asks_for_it(platform: Platform) -> None:
    """Both secrets at once, and none where none is needed."""
    both = with_login(platform, kind="oidc", oidc=OIDC, directory=DIRECTORY)
    with pytest.raises(
        UserError, match=r"(?s)password of cn=reader.*secret of the client airflow.*make login-secret"
    ):
        login.require_usable(both)
    keep(platform, login_bind_password="x", login_client_secret="y")
    login.require_usable(both)
    login.require_usable(platform)


def test_an_authority_is_given_to_who_asks_the_directory(platform: Platform, tmp_path: Path) -> None:
    """As a file of their own: where the repository is, they may not read."""
    repository = tmp_path / "repository"
    (repository / "environments/local").mkdir(parents=True)
    named = with_login(
        platform, kind="directory", directory={**DIRECTORY, "ca_file": "ca.pem", "bind_dn": None}
    )
    found = replace(named, layout=replace(platform.layout, repository=repository))
    for text in (None, "no certificate"):
        if text:
            (repository / "environments/local/ca.pem").write_text(text)
        with pytest.raises(UserError, match=r"ca\.pem is missing, or holds no certificate"):
            login.require_usable(found)
    (repository / "environments/local/ca.pem").write_text(AUTHORITY)
    login.require_usable(found)
    files = login.files(found, "roles")
    place = json.loads(files[SETTINGS])["directory"]["ca_file"]
    assert place == str(found.layout.process_config("roles") / "directory-ca.pem")
    assert files["directory-ca.pem"] == AUTHORITY


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "directory", "directory": {**DIRECTORY, "ca_file": "ca.pem", "member_of": None}},
        {"kind": "oidc", "oidc": {**OIDC, "ca_file": "ca.pem"}, "break_glass": "emergency"},
        {"kind": "oidc", "oidc": OIDC, "directory": DIRECTORY, "groups": {"auditor": ["revision"]}},
    ],
)
def test_a_cluster_reads_the_same_login(platform: Platform, tmp_path: Path, settings: dict[str, Any]) -> None:
    """Word for word, but for the folder in which the files are."""
    (tmp_path / "environments/local").mkdir(parents=True)
    (tmp_path / "environments/local/ca.pem").write_text(AUTHORITY)
    here = with_login(platform, **settings)
    here = replace(here, layout=replace(platform.layout, repository=tmp_path))
    made = login_of(tmp_path, here.environment, here.tenants).files("/there")
    folder = str(here.layout.process_config("roles"))
    local = {name: text.replace(folder, "/there") for name, text in login.files(here, "roles").items()}
    assert made == {name: text for name, text in local.items() if name != SECRETS}


def test_new_groups_restart_nothing_and_another_kind_does(platform: Platform) -> None:
    """The API server reads roles of groups at each login, and the rest when it starts."""
    before = processes(with_login(platform, kind="directory"))["api-server"]
    more = with_login(platform, kind="directory", groups={"security": ["guards"]})
    assert processes(more)["api-server"].fingerprint == before.fingerprint
    keep(platform, login_client_secret="x")
    other = with_login(platform, kind="oidc", oidc=OIDC)
    assert processes(other)["api-server"].fingerprint != before.fingerprint
    third = with_login(platform, kind="oidc", oidc={**OIDC, "client_id": "other"})
    assert processes(third)["api-server"].fingerprint != processes(other)["api-server"].fingerprint


def test_sessions_tokens_and_cookies_follow_the_environment(platform: Platform) -> None:
    """An end that work does not put off, and cookies for this site only."""
    text = processes(with_login(platform, session_minutes=60))["api-server"].files["airflow.cfg"]
    config = configparser.ConfigParser(interpolation=None)
    config.read_string(text)
    assert config["fab"]["session_lifetime_minutes"] == config["fab"]["session_max_lifetime_minutes"] == "60"
    assert config["api_auth"]["jwt_expiration_time"] == "3600"
    assert config["fab"]["cookie_samesite"] == "Lax" and config["fab"]["cookie_secure"] == "False"
    assert config["aerodrome"]["login_kind"] == "database"
    assert json.loads(config["aerodrome"]["central_alert_channel"])["target"] == "central.jsonl"


def test_a_directory_runs_here_where_the_login_asks_for_one(platform: Platform) -> None:
    """With a user and a port of its own, and no file that others may read."""
    assert directory.NAME not in processes(platform)
    found = with_login(platform, kind="directory")
    process = processes(found)[directory.NAME]
    assert process.ports == {"directory": 8389} and process.umask == "077"
    rooted = replace(found, layout=replace(platform.layout, root=True))
    platform.layout.state.mkdir(exist_ok=True)
    rooted.layout.venv.symlink_to(platform.layout.venv)
    assert processes(rooted)[directory.NAME].user == "aerodrome-directory"
    assert "aerodrome-directory" in rooted.accounts.services(rooted.zones, directory=True)
    assert "aerodrome-directory" not in rooted.accounts.services(rooted.zones)
    told = settings(found)["directory"]
    assert told["start_tls"] and told["url"] == "ldap://127.0.0.1:8389"


def test_slapd_that_is_not_installed_is_told_with_what_installs_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is changed."""
    monkeypatch.setattr(directory, "program", lambda: "/nowhere/slapd")
    with pytest.raises(UserError, match=r"(?s)not installed.*apt-get install slapd.*login\.directory\.url"):
        login.require_usable(with_login(platform, kind="directory"))


def test_no_password_is_shown_and_everybody_is_told_where_theirs_is(platform: Platform) -> None:
    """Example people by name; the user for emergencies with what its login does."""
    found = with_login(platform, kind="directory", break_glass="emergency", groups={"platform": ["crew"]})
    told = logins.told(found)
    assert told["log in as"] == "alpha-viewer, alpha-editor, platform-example"
    assert told["passwords"] == str(platform.layout.secrets / "directory-person-<name>")
    assert "emergency" in told["in an emergency"] and "alert" in told["in an emergency"]
    assert logins.told(platform)["log in as"].startswith("admin")
    assert logins.told(with_login(platform, kind="oidc", oidc=OIDC)) == {
        "log in": "with https://sso.example.org"
    }


def test_a_secret_that_is_given_again_replaces_the_first(platform: Platform) -> None:
    """In a file that nobody else reads."""
    for value in ("first", "second"):
        keep(platform, login_bind_password=value)
    file = platform.layout.secrets / secret.LOGIN_BIND
    assert file.read_text() == "second" and file.stat().st_mode & 0o777 == 0o600
