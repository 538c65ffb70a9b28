"""Whom to turn to about a tenant's DAGs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from aerodrome.environment import Environment
from aerodrome.manifest.folder import tenant_folders
from aerodrome.manifest.load import load_repository
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.policy.facts import PLATFORM_FOLDER


def contacts(root: Path, environment: Environment, tenants: Collection[str]) -> dict[str, str]:
    """Return tenant → its owners with their addresses, or why nobody can be named; for each of *tenants*."""
    here = sorted(set(tenants) & set(tenant_folders(root)))
    found = load_repository(root, environment, here).tenants if here else ()
    models = {tenant.name: tenant.model for tenant in found}
    return {tenant: _contact(tenant, models.get(tenant), tenant in here) for tenant in sorted(tenants)}


def _contact(tenant: str, model: TenantManifest | None, exists: bool) -> str:
    if model:
        return ", ".join(f"{owner.name} <{owner.email}>" for owner in model.owners)
    if tenant == PLATFORM_FOLDER:
        return "the platform's own"
    return "its tenant.yaml has mistakes" if exists else f"tenants/{tenant} is gone"
