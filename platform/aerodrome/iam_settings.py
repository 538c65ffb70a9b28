"""`aws:` of environment.yaml: as which IAM roles the code of tenants acts in AWS, and who looks after these roles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from aerodrome.aws_settings import ROLE
from aerodrome.errors import did_you_mean
from aerodrome.modelling import Many, Model, Name

# What AWS lets a role have, unless somebody asked for more.
MOST_POLICIES = 10
_POLICY = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}|aws):policy/[\w+=,.@/-]+")


class IamSettings(Model):
    """What the code of tenants may do in AWS, from their pods: one IAM role for each tenant and zone."""

    manage_iam: bool = Field(
        False,
        description="True: a deploy makes these roles, and removes those of tenants that are gone. Needs "
        "`cluster.eks` and `cluster.oidc_issuer`.",
    )
    tenant_policies: dict[Name, Many[str]] = Field(
        default_factory=dict,
        description="Tenant → ARNs of the managed policies that its roles have. Left out: they may do nothing. "
        "Only with `manage_iam`.",
    )
    zone_policies: dict[Name, dict[Name, Many[str]]] = Field(
        default_factory=dict,
        description="Tenant → zone → ARNs of those that its role in that zone alone has beside, such as for personal "
        "data. Only with `manage_iam`.",
    )
    permissions_boundary: str | None = Field(
        None,
        description="ARN of the managed policy beyond which none of these roles goes, whatever else it has. "
        "Only with `manage_iam`.",
    )
    tenant_roles: dict[Name, dict[Name, str]] = Field(
        default_factory=dict,
        description="Tenant → zone → ARN of a role that somebody else looks after. Not with `manage_iam`.",
    )

    def policies(self, tenant: str, zone: str) -> tuple[str, ...]:
        """Return the ARNs of the managed policies that the role of *tenant* in *zone* has."""
        return (*self.tenant_policies.get(tenant, ()), *self.zone_policies.get(tenant, {}).get(zone, ()))


@dataclass(frozen=True)
class IamAround:
    """What decides whether such settings make sense."""

    kind: str
    account: str | None
    has_issuer: bool
    zones: tuple[str, ...]
    """Those with pods."""
    tenants: tuple[str, ...]


Keys = tuple[str | int, ...]
Mistake = tuple[Keys, str, str]
"""Keys below `aws`, message, remedy."""


def mistakes(settings: IamSettings, around: IamAround) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if around.kind != "kubernetes":
        if settings != IamSettings():
            yield (), f"has no effect with kind: {around.kind}", "remove it"
        return
    yield from _bad_together(settings, around)
    yield from _unknown("tenant_policies", settings.tenant_policies, around)
    for key, by_zone in (("zone_policies", settings.zone_policies), ("tenant_roles", settings.tenant_roles)):
        yield from _unknown(key, by_zone, around)
        yield from _unknown_zones(key, by_zone, around)
    yield from _bad_roles(settings)
    yield from _too_many(settings)
    for keys, policies in _named(settings):
        yield from _bad_policies(keys, policies, around.account)
    if settings.permissions_boundary is not None:
        yield from _bad_policy(("permissions_boundary",), settings.permissions_boundary, around.account)


def _bad_together(settings: IamSettings, around: IamAround) -> Iterator[Mistake]:
    if not settings.manage_iam:
        for key in ("tenant_policies", "zone_policies", "permissions_boundary"):
            if getattr(settings, key):
                yield (key,), "has no effect without manage_iam", "add manage_iam: true, or remove it"
        return
    if around.account is None:
        remedy = "add cluster: {eks: {name: …, region: …, account: …}}"
        yield ("manage_iam",), "needs the account that the cluster is in", remedy
    if not around.has_issuer:
        remedy = "add cluster: {oidc_issuer: https://oidc.eks.…}"
        yield ("manage_iam",), "needs the cluster's OIDC issuer, by which pods show who they are", remedy
    if settings.tenant_roles:
        remedy = "remove one of the two"
        yield ("tenant_roles",), "manage_iam makes the roles of all tenants", remedy


def _unknown(key: str, named: Mapping[str, object], around: IamAround) -> Iterator[Mistake]:
    for tenant in named:
        if tenant not in around.tenants:
            yield (key, tenant), f"unknown tenant '{tenant}'", did_you_mean(tenant, around.tenants)


def _unknown_zones(
    key: str, named: Mapping[str, Mapping[str, object]], around: IamAround
) -> Iterator[Mistake]:
    for tenant, by_zone in named.items():
        for zone in by_zone:
            if zone not in around.zones:
                remedy = did_you_mean(zone, around.zones)
                yield (key, tenant, zone), f"no zone with pods is named '{zone}'", remedy


def _bad_roles(settings: IamSettings) -> Iterator[Mistake]:
    for tenant, roles in settings.tenant_roles.items():
        for zone, arn in roles.items():
            keys = ("tenant_roles", tenant, zone)
            if not ROLE.fullmatch(arn):
                yield keys, "must be the ARN of a role", "as arn:aws:iam::111122223333:role/flights"


def _named(settings: IamSettings) -> Iterator[tuple[Keys, tuple[str, ...]]]:
    for tenant, policies in settings.tenant_policies.items():
        yield ("tenant_policies", tenant), policies
    for tenant, by_zone in settings.zone_policies.items():
        for zone, policies in by_zone.items():
            yield ("zone_policies", tenant, zone), policies


def _too_many(settings: IamSettings) -> Iterator[Mistake]:
    said, remedy = f"AWS gives a role {MOST_POLICIES} managed policies at most", "write one for several"
    for tenant, policies in settings.tenant_policies.items():
        if len(policies) > MOST_POLICIES:
            yield ("tenant_policies", tenant), said, remedy
    for tenant, by_zone in settings.zone_policies.items():
        for zone in by_zone:
            if len(settings.policies(tenant, zone)) > MOST_POLICIES:
                yield ("zone_policies", tenant, zone), said, remedy


def _bad_policies(keys: Keys, policies: tuple[str, ...], account: str | None) -> Iterator[Mistake]:
    for arn in sorted({arn for arn in policies if policies.count(arn) > 1}):
        yield keys, f"'{arn}' is named twice", ""
    for place, arn in enumerate(policies):
        yield from _bad_policy((*keys, place), arn, account)


def _bad_policy(keys: Keys, arn: str, account: str | None) -> Iterator[Mistake]:
    policy = _POLICY.fullmatch(arn)
    if policy is None:
        remedy = f"as arn:aws:iam::{account or '111122223333'}:policy/read-landing"
        yield keys, "must be the ARN of a managed policy", remedy
    elif account is not None and policy["account"] not in ("aws", account):
        said = f"is a policy of the account {policy['account']}, and the cluster is in {account}"
        yield keys, said, "a role has policies of its own account, or AWS's own"
