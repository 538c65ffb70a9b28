"""What a tenant's user finds on the machine of a platform that root deployed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import postgres, secrets_store

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user")
TENANT = "alpha"
# The platform's programs, which every user here may run.
PROGRAMS = ("venv", "python", "code")


def found(platform: Platform, *test: str) -> set[str]:
    """Return what of the state passes *test* of `find` for the tenant's user, its own folders and programs left out."""
    state = platform.layout.state
    own = [path for place in ("homes", "runtimes") for path in ("-path", state / place / TENANT, "-o")]
    left_out = [*own, *(part for name in PROGRAMS for part in ("-path", f"{state / name}*", "-o"))][:-1]
    command = ["find", state, "(", *left_out, ")", "-prune", "-o", *test, "-print"]
    user = platform.os_user(TENANT)
    done = subprocess.run(
        command, user=user, group=user, extra_groups=[], capture_output=True, text=True, check=False
    )
    return {str(Path(line).relative_to(state)) for line in done.stdout.splitlines()}


def test_files_that_a_tenant_can_read_say_nothing(platform: Platform) -> None:
    """No rendered DAG, log, password, configuration or environment of another tenant."""
    marks = {"made-by-aerodrome", ".venv.history", ".code.history"}
    assert found(platform, "-type", "f", "-readable") <= marks


def test_a_tenant_writes_nowhere_but_at_home(platform: Platform) -> None:
    """Nor opens a lock or a socket that something of the platform waits for."""
    assert found(platform, "-writable", "-not", "-type", "l") == set()


def test_a_tenant_writes_nothing_of_the_platforms_programs(platform: Platform) -> None:
    """They run as the platform's users."""
    user = platform.os_user(TENANT)
    places = [platform.layout.state / name for name in (*PROGRAMS, f"runtimes/{TENANT}")]
    command = ["find", "-H", *places, "-writable", "-not", "-type", "l"]
    done = subprocess.run(
        command, user=user, group=user, extra_groups=[], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_limits_of_databases_are_those_of_their_tenants(platform: Platform) -> None:
    """Airflow alone has reserved connections; a deploy has nothing to change."""
    limits = postgres.server(platform).limits()
    assert limits["airflow"].reserved
    tenants = {tenant for tenant, _ in secrets_store.provisioned(platform)}
    assert tenants
    for tenant in tenants & {"alpha", "beta", "gamma"}:
        assert limits[postgres.tenant_database(tenant)] == postgres.tenant_limits(platform, tenant)


def test_a_tenants_role_is_held_to_its_connections(platform: Platform) -> None:
    """What one tenant opens is not taken from Airflow or from the others."""
    import psycopg

    (tenant, *_) = sorted(name for name, _ in secrets_store.provisioned(platform))
    offer = next(offer for (name, _), offer in secrets_store.provisioned(platform).items() if name == tenant)
    value = secrets_store.value_of(platform, tenant, offer)
    uri = f"postgres://{value['login']}:{value['password']}@127.0.0.1:{value['port']}/{value['schema']}"
    opened = []
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            for _ in range(postgres.TENANT_CONNECTIONS + 1):
                opened.append(psycopg.connect(uri))
    finally:
        for connection in opened:
            connection.close()
    assert len(opened) <= postgres.tenant_limits(platform, tenant).connections
