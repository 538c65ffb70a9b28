"""What the deploy wrote down about the login, as processes read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.directory import settings

DOCUMENT: dict[str, Any] = {
    "kind": "directory",
    "directory": {
        "url": "ldaps://ldap.example.org",
        "people": {"base": "ou=people,dc=x", "name": "sAMAccountName", "filter": None},
        "groups": {"base": "ou=groups,dc=x"},
        "member_of": None,
        "bind_dn": None,
    },
    "roles_of_group": {
        "Flight Analysts": ["flights.editor"],
        "flight  analysts": ["flights.admin"],
        "ops": ["platform"],
    },
    "protected": ["Admin"],
}


def test_a_file_becomes_settings(tmp_path: Path) -> None:
    """What is left out is as usual; a null says the same, but for the attribute of the groups."""
    (tmp_path / settings.FILE_NAME).write_text(json.dumps(DOCUMENT))
    found = settings.load(tmp_path)
    assert found.directory is not None and found.directory.member_of is None and found.directory.bind_dn == ""
    assert (found.directory.people.name, found.directory.people.last_name) == ("sAMAccountName", "sn")
    assert found.directory.people.filter == "(objectClass=person)"
    assert (found.protected, found.removal_brake) == (frozenset({"admin"}), 0.2)


def test_groups_are_compared_without_regard_to_case_and_blanks() -> None:
    """Two spellings are one group."""
    found = settings.parsed(DOCUMENT)
    assert found.roles_of(["FLIGHT ANALYSTS", "unknown"]) == {"flights.editor", "flights.admin"}
    assert found.roles_of([]) == frozenset()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "directory", "directory": {"url": "x"}}'])
def test_an_unusable_file_is_told(tmp_path: Path, text: str) -> None:
    """With its path."""
    (tmp_path / settings.FILE_NAME).write_text(text)
    with pytest.raises(settings.SettingsError, match=r"login\.json"):
        settings.load(tmp_path)


def test_secrets_are_in_a_file_of_their_own_and_in_no_message(tmp_path: Path) -> None:
    """Not there: none."""
    assert settings.load_secrets(tmp_path) == settings.Secrets()
    (tmp_path / settings.SECRETS_FILE_NAME).write_text('{"bind_password": "hush", "client_secret": null}')
    found = settings.load_secrets(tmp_path)
    assert (found.bind_password, found.client_secret) == ("hush", "") and "hush" not in repr(found)
    (tmp_path / settings.SECRETS_FILE_NAME).write_text('{"bind_password": "hush"')
    with pytest.raises(settings.SettingsError) as refused:
        settings.load_secrets(tmp_path)
    assert "hush" not in str(refused.value)
