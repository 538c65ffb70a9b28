"""Whose task asks."""

from __future__ import annotations

from aerodrome_airflow.secrets.whose import NobodyError
from aerodrome_airflow.secrets.whose import asking_tenant as tenant_that_asks
from aerodrome_airflow.xcom.errors import RefusedError


def asking_tenant() -> str:
    """Return the tenant of the task that this process runs; RefusedError where it runs none of a tenant."""
    try:
        return tenant_that_asks()
    except NobodyError:
        raise RefusedError("only a running task of a tenant reads results from the store") from None
