"""API servers whose people are in a real directory: by StartTLS, by LDAPS, and in two ways that must fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import directory
import login_servers
import pytest
from directory import BASE, GROUPS, PASSWORD, PEOPLE, READER, Slapd
from login_servers import Browser, Login, LoginServer
from openid_provider import CLIENT, SECRET, Provider
from openid_provider import running as running_provider

# Test folders are no packages: the modules beside this file have names of their own.
sys.path.insert(0, str(Path(__file__).parent))
import own_directory

COMMON = {
    "kind": "directory",
    "roles_of_group": {
        "alpha-editors": ["alpha.editor"],
        "alpha-viewers": ["alpha.viewer"],
        "beta-viewers": ["beta.viewer"],
    },
    "break_glass": "emergency",
    "protected": ["admin", "emergency"],
}


@pytest.fixture(scope="session")
def login_slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A directory with people, a group inside a group, and names that look like others."""
    with directory.running(tmp_path_factory.mktemp("login") / "slapd") as slapd:
        anne, mira, nia, zoe = (slapd.person(name) for name in ("anne", "mira", "nia", "zoe"))
        slapd.group("alpha-editors", [anne, mira])
        slapd.group("alpha-viewers", [slapd.group("alpha-interns", [nia])])
        slapd.group("gardeners", [zoe])
        both = [slapd.person(name) for name in ("admin", "emergency", "local")]
        slapd.group("beta-viewers", both)
        slapd.person("drowned", mail="anne@example.org")
        slapd.change(f"cn=beta-viewers,{GROUPS}", member=("MODIFY_ADD", [f"uid=drowned,{PEOPLE}"]))
        yield slapd


def _settings(slapd: Slapd, **changes: Any) -> dict[str, Any]:
    found = {
        "url": slapd.settings.url,
        "start_tls": True,
        "ca_file": str(slapd.folder / "ca.pem"),
        "bind_dn": READER,
        "people": {"base": BASE, "filter": "(objectClass=person)"},
        "groups": {"base": GROUPS},
    }
    return {**COMMON, "directory": {**found, **changes}}


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """An OpenID Connect provider."""
    with running_provider() as found:
        yield found


@pytest.fixture(scope="session")
def login_servers_of_slapd(
    postgres: Any, login_slapd: Slapd, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, LoginServer]]:
    """One API server for each way to the directory."""
    other = tmp_path_factory.mktemp("other")
    directory.write_certificates(other, ("localhost",))
    encrypted = {"url": f"ldaps://localhost:{login_slapd.encrypted_port}", "start_tls": False}
    ways: dict[str, dict[str, Any]] = {
        "start_tls": {},
        "ldaps": encrypted,
        "foreign": {"ca_file": str(other / "ca.pem")},
        "plain": {"start_tls": False},
    }
    password = {"bind_password": PASSWORD}
    logins = {name: Login(_settings(login_slapd, **way), password) for name, way in ways.items()}
    oidc = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "name_claim": "preferred_username",
        "groups_claim": "groups",
        "scopes": ["openid"],
    }
    settings = {**_settings(login_slapd), "kind": "oidc", "oidc": oidc}
    logins["oidc"] = Login(settings, {**password, "client_secret": SECRET})
    with login_servers.running(postgres, logins) as found:
        yield found


@pytest.fixture(scope="session")
def server(login_servers_of_slapd: dict[str, LoginServer]) -> LoginServer:
    """The API server that asks by StartTLS."""
    return login_servers_of_slapd["start_tls"]


@pytest.fixture
def browser(server: LoginServer) -> Iterator[Browser]:
    """A browser without cookies."""
    with server.browser() as found:
        yield found


@pytest.fixture
def own_slapd(tmp_path: Path) -> Iterator[Any]:
    """The platform's own directory, run from its own configuration."""
    with own_directory.running(tmp_path) as found:
        yield found
