"""An environment and tenants that exist on paper only."""

from __future__ import annotations

from typing import Any

from aerodrome.environment import Environment
from aerodrome.manifest.tenant import TenantManifest

PLACE = "prod-eu"


def environment(
    kind: str = "local", name: str = PLACE, cluster: dict[str, Any] | None = None, **secrets: Any
) -> Environment:
    """Return an environment with zones default, pii and platform."""
    vault = {"vault": {"url": "http://127.0.0.1:1"}} if kind == "kubernetes" else {}
    return Environment.model_validate(
        {
            "name": name,
            "kind": kind,
            "zones": {"default": {}, "pii": {}, "platform": {}},
            "queues": {
                "default": {"zone": "default"},
                "pii": {"zone": "pii", "personal_data": True, "shared": False},
                "maintenance": {"zone": "platform", "tenants": False},
            },
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "secrets": {**vault, **secrets},
            "cluster": cluster or {},
        }
    )


def tenant(**settings: Any) -> TenantManifest:
    """Return a tenant with *settings*."""
    return TenantManifest.model_validate(
        {"owners": [{"name": "Team", "email": "team@example.org"}], **settings}
    )


def many(number: int = 20) -> dict[str, TenantManifest]:
    """Return tenants t00, t01, … with one connection each; every fourth is a tenant for personal data."""
    return {
        f"t{index:02}": tenant(
            queues=["pii" if index % 4 == 0 else "default"], connections={"db": {"type": "postgres"}}
        )
        for index in range(number)
    }
