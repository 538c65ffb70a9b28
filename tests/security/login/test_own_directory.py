"""The directory that ENV=local runs for itself, with its example people."""

from __future__ import annotations

import ssl
from typing import Any

import ldap3
import psutil
import pytest
from aerodrome.clients.directory import DirectoryAccess
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import login
from aerodrome.local.stores import directory, directory_people
from aerodrome_airflow.directory.client import Directory
from aerodrome_airflow.directory.settings import load, load_secrets

pytestmark = pytest.mark.all_attacks
GROUPS = {"viewer": ["Staff, all"], "editor": ["analysts"]}


def say(_: str) -> None:
    """Take what is told of progress."""


def asked(platform: Platform) -> Directory:
    """Return the directory as the API server asks it, by the files that it is given."""
    folder = platform.layout.process_config("api-server")
    folder.mkdir(exist_ok=True)
    for name, text in login.files(platform, "api-server").items():
        (folder / name).write_text(text)
    settings = load(folder).directory
    assert settings is not None
    return Directory(settings, load_secrets(folder).bind_password)


def password(platform: Platform, name: str) -> str:
    """Return the password of an example person, as its file holds it."""
    file = platform.layout.secrets / secret.directory_person(name)
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_text()


def test_example_people_log_in_with_the_groups_of_their_tenants(own_slapd: Any) -> None:
    """memberOf is filled, each password is a file of its own, and the login's own code finds both."""
    platform = own_slapd.with_tenants(alpha=GROUPS, beta={"viewer": ["staff, ALL"]})
    assert directory_people.differences(platform)
    directory_people.apply(platform, say)
    assert directory_people.differences(platform) == ()
    found = asked(platform)
    viewer = found.authenticate("alpha-viewer", password(platform, "alpha-viewer"))
    assert viewer is not None and viewer.groups == {"staff, all"}
    assert found.authenticate("beta-viewer", password(platform, "alpha-viewer")) is None
    people = found.people(["analysts", "auditors"])
    assert {name: entry.groups for name, entry in people.items()} == {
        "alpha-editor": {"analysts"},
        "auditor-example": {"auditors"},
    }


def test_what_a_deploy_finds_changed_is_mended_and_what_is_not_its_own_stays(own_slapd: Any) -> None:
    """A password, a member who was taken out; a person whom somebody added stays, in the group too."""
    platform = own_slapd.with_tenants(alpha=GROUPS)
    directory_people.apply(platform, say)
    access = directory.access(platform)
    anne, group = f"uid=anne,{directory.PEOPLE}", f"cn=analysts,{directory.GROUPS}"
    access.add(anne, {"objectClass": ["inetOrgPerson"], "uid": ["anne"], "cn": ["Anne"], "sn": ["A"]})
    access.change(group, "member", add=[anne], remove=[f"uid=alpha-editor,{directory.PEOPLE}"])
    access.set_password(f"uid=alpha-viewer,{directory.PEOPLE}", "another one")
    assert len(directory_people.differences(platform)) == 2
    directory_people.apply(platform, say)
    assert directory_people.differences(platform) == ()
    assert asked(platform).people(["analysts"]).keys() == {"anne", "alpha-editor"}
    assert asked(platform).authenticate("alpha-viewer", password(platform, "alpha-viewer"))


def test_people_of_a_removed_tenant_go_and_groups_never_lose_their_last_member(own_slapd: Any) -> None:
    """Also where the group goes on with people of another tenant."""
    platform = own_slapd.with_tenants(alpha=GROUPS)
    directory_people.apply(platform, say)
    other = own_slapd.with_tenants(beta={"viewer": ["analysts"]})
    directory_people.apply(other, say)
    assert directory_people.differences(other) == ()
    assert asked(other).people(["analysts", "staff, all"]).keys() == {"beta-viewer"}
    assert not (platform.layout.secrets / secret.directory_person("alpha-editor")).exists()


def test_it_takes_no_password_in_the_clear_and_tells_nobody_anything(own_slapd: Any) -> None:
    """Nor does it say who is there to who has no account, or read by another's."""
    platform = own_slapd.with_tenants(alpha=GROUPS)
    directory_people.apply(platform, say)
    server = ldap3.Server("127.0.0.1", platform.ports.directory, get_info=ldap3.NONE)
    plain = ldap3.Connection(server, directory.READER, platform.credentials.get(secret.DIRECTORY_READER))
    assert not plain.bind() and plain.result["description"] == "confidentialityRequired"
    assert not ldap3.Connection(server).bind()
    person = f"uid=alpha-viewer,{directory.PEOPLE}"
    own = DirectoryAccess(
        directory.url(platform),
        person,
        password(platform, "alpha-viewer"),
        start_tls=True,
        authority=directory.authority(platform),
    )
    assert own.answers() and own.entries(directory.SUFFIX, "uid") == {}


def test_another_authority_is_refused(own_slapd: Any) -> None:
    """The deploy's own access verifies too."""
    from aerodrome.local.machine import certificates

    other = certificates.made("127.0.0.1", "localhost").authority
    platform = own_slapd.platform
    access = DirectoryAccess(directory.url(platform), directory.ADMIN, "x", start_tls=True, authority=other)
    with pytest.raises(AerodromeError, match=r"(?i)certificate"):
        access.accepts(directory.ADMIN, "x")
    assert ssl.create_default_context(cadata=directory.authority(platform)).cert_store_stats()["x509_ca"] == 1


def test_it_runs_unprivileged_with_files_of_its_own(own_slapd: Any) -> None:
    """Nothing of the machine's configuration is read, and nothing else listens."""
    process = psutil.Process(own_slapd.process.pid)
    assert process.uids().real != 0
    assert "/etc/ldap" not in " ".join(own_slapd.process.args)
    configuration = directory.files(own_slapd.platform)[directory.CONFIGURATION]
    assert "/etc" not in configuration
    ports = {found.laddr.port for found in process.net_connections() if found.status == psutil.CONN_LISTEN}
    assert ports == {own_slapd.platform.ports.directory}
