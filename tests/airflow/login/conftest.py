"""API servers whose logins need nothing but wheels, and an OpenID Connect provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import login_servers
import pytest
from login_servers import Browser, Login, LoginServer
from openid_provider import CLIENT, SECRET, Provider
from openid_provider import running as running_provider

COMMON = {
    "roles_of_group": {"alpha team": ["alpha.editor"], "beta readers": ["beta.viewer"]},
    "break_glass": "emergency",
    "protected": ["admin", "emergency"],
}
NOWHERE = {
    "url": "ldap://127.0.0.1:1",
    "start_tls": True,
    "people": {"base": "dc=example"},
    "groups": {"base": "dc=example"},
}


@pytest.fixture(scope="session")
def running_openid_provider() -> Iterator[Provider]:
    """A provider that answers."""
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running_openid_provider: Provider) -> Provider:
    """The provider, honest and with nobody logged in."""
    running_openid_provider.forget()
    return running_openid_provider


@pytest.fixture(scope="package")
def servers(postgres: Any, running_openid_provider: Provider) -> Iterator[dict[str, LoginServer]]:
    """One API server for each kind of login; the directory of the second does not answer."""
    oidc = {
        "issuer": running_openid_provider.issuer,
        "client_id": CLIENT,
        "name_claim": "preferred_username",
        "groups_claim": "groups",
        "scopes": ["openid", "profile"],
    }
    day = {"FAB__SESSION_LIFETIME_MINUTES": "480", "FAB__SESSION_MAX_LIFETIME_MINUTES": "480"}
    logins = {
        "database": Login({"kind": "database", **COMMON}, options=day),
        "directory": Login({"kind": "directory", "directory": NOWHERE, **COMMON}),
        "oidc": Login({"kind": "oidc", "oidc": oidc, **COMMON}, {"client_secret": SECRET}),
    }
    with login_servers.running(postgres, logins) as found:
        yield found


@pytest.fixture(scope="package")
def database(servers: dict[str, LoginServer]) -> LoginServer:
    """Users of Airflow's own database log in here."""
    return servers["database"]


@pytest.fixture(scope="package")
def directory(servers: dict[str, LoginServer]) -> LoginServer:
    """People of a directory that does not answer log in here."""
    return servers["directory"]


@pytest.fixture(scope="package")
def oidc(servers: dict[str, LoginServer]) -> LoginServer:
    """People of the provider log in here."""
    return servers["oidc"]


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser without cookies at the server that the test's file names with `SERVER`."""
    server: LoginServer = request.getfixturevalue(request.module.SERVER)
    with server.browser() as found:
        yield found
