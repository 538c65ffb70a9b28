"""The AWS IAM roles as which the code of tenants acts, one for each tenant and zone, as they should be. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from aerodrome import names
from aerodrome.clients.aws import Role
from aerodrome.environment import Environment
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render.pods_roles import eks_of
from aerodrome.secrets import usable
from aerodrome.secrets.iam_documents import Statement, document, subject, web_identity
from aerodrome.secrets.usable import Tenants


def desired(environment: Environment, tenants: Tenants) -> dict[str, Role]:
    """Return name → role of each tenant in each zone in which it has pods.

    One service account may be it, that of the pods which run the tenant's code there. What it may do is said by the
    policies that environment.yaml names for the tenant, and by nothing else.
    """
    settings = environment.aws
    return {
        names.pods_role(environment.name, tenant, zone): Role(
            document([_trust(environment, tenant, zone)]),
            managed=frozenset(settings.policies(tenant, zone)),
            boundary=settings.permissions_boundary or "",
        )
        for tenant, model in sorted(tenants.items())
        for zone in _zones(environment, model)
    }


def _zones(environment: Environment, model: TenantManifest) -> Iterator[str]:
    return (zone for zone in usable.zones_of(environment, model) if environment.in_cluster(zone))


def _trust(environment: Environment, tenant: str, zone: str) -> Statement:
    account = subject(names.namespace(tenant), names.service_account(tenant, zone))
    return web_identity(environment, eks_of(environment), names.AWS_AUDIENCE, account)
