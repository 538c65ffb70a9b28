"""Roles and databases on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from aerodrome.clients.postgres import RoleLimits, Server
from aerodrome.errors import AerodromeError

TENANTS = ("tenant_one", "tenant_two")


@pytest.fixture
def server(postgres: Any) -> Iterator[Server]:
    """A server with the databases of two tenants."""
    made = Server("127.0.0.1", postgres.port, "tester", postgres.password)
    for name in TENANTS:
        assert made.ensure_database(name, name, name)
    yield made
    for name in TENANTS:
        made.drop_database(name, name)


def connect(postgres: Any, user: str, database: str) -> str:
    """Return the name of the database that *user* got into."""
    address = {"host": "127.0.0.1", "port": postgres.port, "user": user, "password": user}
    with psycopg.connect(dbname=database, **address) as connection:
        return connection.info.dbname


def test_a_database_is_its_owners_alone(postgres: Any, server: Server) -> None:
    """Its owner connects, another tenant does not."""
    assert connect(postgres, "tenant_one", "tenant_one") == "tenant_one"
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(postgres, "tenant_two", "tenant_one")


def test_a_database_that_stands_open_is_closed_by_the_next_deploy(postgres: Any, server: Server) -> None:
    """Whoever made it may have been interrupted before it was closed."""
    with psycopg.connect(postgres.uri, autocommit=True) as admin:
        admin.execute("GRANT ALL ON DATABASE tenant_one TO PUBLIC")
    assert connect(postgres, "tenant_two", "tenant_one") == "tenant_one"
    assert not server.ensure_database("tenant_one", "tenant_one", "tenant_one")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(postgres, "tenant_two", "tenant_one")


def test_a_lost_password_is_replaced(postgres: Any, server: Server) -> None:
    """The one that is asked for last holds."""
    server.ensure_database("tenant_one", "tenant_one", "another")
    with pytest.raises(AerodromeError, match="password authentication failed"):
        Server("127.0.0.1", postgres.port, "tenant_one", "tenant_one").databases()


def test_a_role_takes_no_more_connections_than_it_may(postgres: Any, server: Server) -> None:
    """One tenant's tasks do not take those of all others."""
    server.ensure_database("tenant_one", "tenant_one", "tenant_one", RoleLimits(1))
    uri = f"postgres://tenant_one:tenant_one@127.0.0.1:{postgres.port}/tenant_one"
    refused = pytest.raises(psycopg.OperationalError, match="too many connections for role")
    with psycopg.connect(uri), refused:
        connect(postgres, "tenant_one", "tenant_one")
    assert server.limits()["tenant_one"] == RoleLimits(1)


def test_settings_hold_for_a_roles_sessions(postgres: Any, server: Server) -> None:
    """A limit of files is not the role's own to raise."""
    limits = RoleLimits(5, {"temp_file_limit": "1MB"})
    server.ensure_database("tenant_one", "tenant_one", "tenant_one", limits)
    assert server.limits()["tenant_one"] == limits
    address = {"host": "127.0.0.1", "port": postgres.port, "user": "tenant_one", "password": "tenant_one"}
    with psycopg.connect(dbname="tenant_one", **address) as connection:
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            connection.execute("SELECT count(DISTINCT n) FROM generate_series(1, 3000000) n")
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET temp_file_limit = '1GB'")


def test_a_roles_own_settings_stay(postgres: Any, server: Server) -> None:
    """A deploy puts its limits right, and what the tenant set for itself is no difference."""
    limits = RoleLimits(5, {"statement_timeout": "1min"})
    server.ensure_database("tenant_one", "tenant_one", "tenant_one", limits)
    uri = f"postgres://tenant_one:tenant_one@127.0.0.1:{postgres.port}/tenant_one"
    for own, met in (("SET search_path = mine", True), ("RESET statement_timeout", False)):
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE CURRENT_USER {own}")
        assert limits.met_by(server.limits()["tenant_one"]) is met
    server.ensure_database("tenant_one", "tenant_one", "tenant_one", limits)
    live = server.limits()["tenant_one"]
    assert limits.met_by(live) and live.settings["search_path"] == "mine"


def test_reserved_connections_are_granted_and_taken_back(server: Server) -> None:
    """They are Airflow's, whatever tenants have taken."""
    server.ensure_database("tenant_one", "tenant_one", "tenant_one", RoleLimits(reserved=True))
    assert server.limits()["tenant_one"].reserved
    server.ensure_database("tenant_one", "tenant_one", "tenant_one")
    assert not server.limits()["tenant_one"].reserved and not server.limits()["tenant_two"].reserved
