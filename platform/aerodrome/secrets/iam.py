"""The AWS IAM roles of one environment, one for each tenant, as they should be. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aerodrome import names
from aerodrome.clients.aws import Role
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.secrets import usable
from aerodrome.secrets.iam_documents import Statement, allow, document, in_zone, of_key, trust
from aerodrome.secrets.usable import Tenants
from aerodrome.store_settings import SsmSettings

POLICY = "aerodrome"
# All inline policies of a role together; AWS does not count white space.
LARGEST = 10_240
_READ = ("ssm:GetParameter", "ssm:GetParameters")
_ASSUME = ("sts:AssumeRole",)


def desired(environment: Environment, tenants: Tenants) -> dict[str, Role]:
    """Return name → role of each tenant that has a queue.

    The workers of a zone assume a tenant's role with their zone as a session tag, and with no other one; a tenant's
    own pods are their tenant's role by their account, which is one of a zone. The role reads in each zone what the
    tenant's tasks may use there; where a connection of type aws is among that, it may go on as the roles that
    environment.yaml lists for the tenant's connections.
    """
    ssm = _settings(environment)
    zones = {tenant: usable.zones_of(environment, model) for tenant, model in sorted(tenants.items())}
    return {
        names.iam_role(environment.name, tenant): Role(
            trust(environment, ssm, tenant, inside), _policy(environment, tenant, tenants[tenant])
        )
        for tenant, inside in zones.items()
        if inside
    }


def _settings(environment: Environment) -> SsmSettings:
    if environment.secrets.ssm is None:
        raise ValueError(f"{environment.name} keeps no secrets in AWS")
    return environment.secrets.ssm


def _policy(environment: Environment, tenant: str, model: TenantManifest) -> dict[str, Any]:
    made = document(_statements(environment, tenant, model))
    size = len(json.dumps(made, separators=(",", ":")))
    if size > LARGEST:
        remedy = "split the tenant, or shorten secrets.ssm.prefix"
        raise AerodromeError(
            f"the connections, variables and roles of {tenant} do not fit into one IAM policy", remedy
        )
    return made


def _statements(environment: Environment, tenant: str, model: TenantManifest) -> Iterator[Statement]:
    ssm = _settings(environment)
    for zone in usable.zones_of(environment, model):
        paths = usable.paths(environment, tenant, model, zone)
        roles = _roles(environment, tenant, model, zone)
        for condition in in_zone(environment, tenant, zone):
            if paths:
                yield allow(_READ, [_arn(ssm, path) for path in paths], condition)
            if roles:
                yield allow(_ASSUME, roles, condition)
    yield from of_key(ssm, "ssm", "kms:Decrypt")


def _roles(environment: Environment, tenant: str, model: TenantManifest, zone: str) -> tuple[str, ...]:
    usable_there = usable.connections(environment, model, zone)
    if not any(model.connections[name].type == "aws" for name in usable_there):
        return ()
    return _settings(environment).connection_roles.get(tenant, ())


def _arn(ssm: SsmSettings, path: str) -> str:
    return f"arn:{ssm.partition}:ssm:{ssm.region}:{ssm.account}:parameter{ssm.prefix}/{path}"
