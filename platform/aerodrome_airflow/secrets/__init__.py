"""Connections and variables of tenants, for their own tasks alone.

A worker's tasks ask the secrets agent of their zone, which alone can log in to the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aerodrome_airflow.secrets.backend import TenantSecretsBackend

__all__ = ["TenantSecretsBackend"]


def __getattr__(name: str) -> Any:
    """Return Airflow's half where it is asked for: the agent runs without Airflow."""
    if name == "TenantSecretsBackend":
        from aerodrome_airflow.secrets.backend import TenantSecretsBackend

        return TenantSecretsBackend
    raise AttributeError(name)
