"""`login:` of environment.yaml."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import ProblemsFound

START = """\
kind: local
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""
PEOPLE = "people: {base: 'ou=people,dc=x'}, groups: {base: 'ou=groups,dc=x'}"
DIRECTORY = f"login: {{kind: directory, directory: {{url: 'ldaps://ldap.example.org', {PEOPLE}}}}}"
OIDC = "login: {kind: oidc, oidc: {issuer: 'https://sso.example.org', client_id: airflow}}"


def load(root: Path, text: str) -> Environment | str:
    """Return the environment, or what is said about it."""
    (root / "environments/local").mkdir(parents=True, exist_ok=True)
    (root / "environments/local/environment.yaml").write_text(START + text + "\n")
    try:
        return load_environment(root, "local")
    except ProblemsFound as found:
        return str(found)


def test_without_a_word_people_are_users_of_the_database(tmp_path: Path) -> None:
    """Nothing of a directory runs or is asked."""
    found = load(tmp_path, "")
    assert isinstance(found, Environment)
    assert found.login.kind == "database"
    assert not found.login.runs_directory and not found.login.has_directory


def test_a_directory_without_an_address_is_one_that_runs_here(tmp_path: Path) -> None:
    """And one with an address does not; a provider has one only where it is named."""
    for text, runs, has in (
        ("login: {kind: directory}", True, True),
        (DIRECTORY, False, True),
        (OIDC, False, False),
        (OIDC.replace("}}", f"}}, directory: {{url: 'ldaps://l', {PEOPLE}}}}}"), False, True),
    ):
        found = load(tmp_path, text)
        assert isinstance(found, Environment), found
        assert (found.login.runs_directory, found.login.has_directory) == (runs, has)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("login: {kind: →ldap}", "login.kind: unknown value 'ldap'"),
        ("login: {kind: →oidc}", "login.kind: oidc needs a provider\n    add oidc: {issuer: …, client_id: …}"),
        (OIDC.replace("'https://sso.example.org'", "→'http://sso.example.org'"), "login.oidc.issuer: must be an https URL without credentials"),
        (OIDC.replace("'https://sso.example.org'", "→'https://u:p@sso'"), "login.oidc.issuer: must be an https URL without credentials"),
        (OIDC.replace("airflow}", "airflow, scopes: →[profile]}"), "login.oidc.scopes: without 'openid' the provider tells no identity\n    add openid"),
        (OIDC.replace("kind: oidc", "kind: directory").replace("oidc: {", "oidc: →{"), "login.oidc: has no effect with kind: directory\n    remove it, or write another kind"),
        (DIRECTORY.replace("kind: directory, directory: {", "kind: database, directory: →{"), "login.directory: has no effect with kind: database\n    remove it, or write another kind"),
        ("login: {break_glass: →emergency}", "login.break_glass: has no effect with kind: database\n    remove it, or write another kind"),
        ("login: {kind: directory, break_glass: →admin}", "login.break_glass: 'admin' is the deploy's own user, not a person's\n    choose another name, such as emergency"),
        (DIRECTORY.replace("'ldaps://ldap", "→'ldap://ldap"), "login.directory.url: would send passwords as they are typed\n    add start_tls: true, or write ldaps://"),
        (DIRECTORY.replace("'ldaps://ldap.example.org'", "→'ldaps://u:p@ldap.example.org'"), "login.directory.url: must be ldaps://host or ldap://host, with a port where needed"),
        (DIRECTORY.replace("org', people", "org', start_tls: →true, people"), "login.directory.start_tls: has no effect with ldaps://\n    remove it"),
        (DIRECTORY.replace("org', people", "org', bind_dn: →reader, people"), "login.directory.bind_dn: is no distinguished name\n    such as ou=people,dc=example,dc=org"),
        (DIRECTORY.replace("'ou=groups,dc=x'", "→'groups'"), "login.directory.groups.base: is no distinguished name\n    such as ou=people,dc=example,dc=org"),
        (DIRECTORY.replace("'ou=people,dc=x'", "'ou=people,dc=x', filter: →'objectClass=person'"), "login.directory.people.filter: is no filter\n    such as (objectClass=person)"),
        (DIRECTORY.replace("'ou=people,dc=x'", "'ou=people,dc=x', filter: →'(a=b))(c=d'"), "login.directory.people.filter: is no filter\n    such as (objectClass=person)"),
        (DIRECTORY.replace("'ou=people,dc=x'", "'ou=people,dc=x', filter: →'(a=b)(c=d)'"), "login.directory.people.filter: is no filter\n    such as (objectClass=person)"),
        ("login: {kind: directory, groups: {auditor: [revision, →' ']}}", "login.groups.auditor[1]: is no name of a group\n    remove it"),
        ("login: {kind: directory, grups: {}}", "login.grups: unknown key 'grups'\n    did you mean 'groups'?"),
    ],
)  # fmt: skip
def test_mistakes_in_a_login_are_placed(tmp_path: Path, text: str, said: str) -> None:
    """File, line, column, field, remedy."""
    found = str(load(tmp_path, text.replace("→", "")))
    column = text.index("→") + 1 if "→" in text else text.index("grups") + 1
    assert found.startswith(f"environments/local/environment.yaml:5:{column}: {said}"), found


@pytest.mark.parametrize("minutes", [4, 7 * 24 * 60 + 1, 0, -1])
def test_a_session_has_a_reasonable_end(tmp_path: Path, minutes: int) -> None:
    """Five minutes to a week."""
    assert "login.session_minutes" in str(load(tmp_path, f"login: {{session_minutes: {minutes}}}"))


@pytest.mark.parametrize("share", [0.0, 1.5, -0.1])
def test_the_brake_is_a_share(tmp_path: Path, share: float) -> None:
    """More than nothing, at most all."""
    assert "login.removal_brake" in str(load(tmp_path, f"login: {{removal_brake: {share}}}"))


def test_only_a_local_environment_runs_a_directory_of_its_own(tmp_path: Path) -> None:
    """Elsewhere it must be named."""
    (tmp_path / "environments/prod").mkdir(parents=True)
    text = START.replace("kind: local", "kind: kubernetes") + "login: {kind: directory}\n"
    (tmp_path / "environments/prod/environment.yaml").write_text(text)
    with pytest.raises(ProblemsFound, match=r"login\.kind: only ENV=local runs a directory of its own"):
        load_environment(tmp_path, "prod")


def test_usual_settings_of_directories_are_taken(tmp_path: Path) -> None:
    """OpenLDAP with StartTLS, Active Directory with its own attributes, an address of version 6."""
    directory = (
        "{url: 'ldap://[::1]:389', start_tls: true, bind_dn: 'CN=Svc\\, Airflow,OU=Users,DC=corp', member_of: null,"
        " people: {base: 'OU=Users,DC=corp', filter: '(&(objectClass=user)(!(x=1)))', name: sAMAccountName},"
        " groups: {base: 'OU=Groups,DC=corp'}}"
    )
    found = load(tmp_path, f"login: {{kind: directory, directory: {directory}}}")
    assert isinstance(found, Environment), found
    assert found.login.directory is not None and found.login.directory.member_of is None
