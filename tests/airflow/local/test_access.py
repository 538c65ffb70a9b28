"""What people make in Airflow itself outlives deploys; what a deploy made for a tenant goes with the tenant."""

from __future__ import annotations

from dataclasses import replace

from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access

ANNA = {
    "username": "anna",
    "first_name": "Anna",
    "last_name": "Berg",
    "email": "anna@example.org",
    "password": "correct horse",
    "roles": [{"name": "passing.editor"}],
}


def test_a_colleague_and_a_pool_outlive_the_tenant_that_they_served(
    platform: Platform, airflow: Airflow
) -> None:
    """Both were made by hand; the tenant's example user, roles and pool are gone."""
    more = replace(platform, tenants={**platform.tenants, "passing": platform.tenants["beta"]})
    access.apply(more, print)
    assert {"passing"} <= airflow.users().keys() & airflow.pools().keys()
    airflow._call("POST", "/auth/fab/v1/users", json=ANNA)
    airflow._call("POST", "/api/v2/pools", json={"name": "machine", "slots": 3})
    assert access.differences(more) == ()
    access.apply(platform, print)
    assert access.differences(platform) == ()
    assert airflow.users()["anna"].roles == frozenset() and airflow.pools()["machine"] == (3, "")
    left = {*airflow.users(), *airflow.roles(), *airflow.pools()}
    assert not [name for name in left if name.startswith("passing")]
