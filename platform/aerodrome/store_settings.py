"""`secrets:` of environment.yaml: which store holds connections and variables, and for how long a worker keeps them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Literal

from pydantic import Field

from aerodrome import aws_settings, names
from aerodrome.aws_settings import LONGEST_ENVIRONMENT, ROLE, AwsSettings
from aerodrome.errors import did_you_mean
from aerodrome.modelling import Many, Model, Name

_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_URL = re.compile(r"https?://[^\s/@]+(/\S*)?")


class VaultSettings(Model):
    """Where Vault or OpenBao is; ENV=local runs one of its own."""

    url: str = Field("", description="Its address, https. Who deploys logs in with VAULT_TOKEN.")
    ca_file: str | None = Field(
        None, description="PEM file of the authority, beside environment.yaml. Left out: a public one."
    )
    kubernetes_mount: Name = Field("kubernetes", description="Where it lets pods of this cluster log in.")


class SsmSettings(AwsSettings):
    """AWS Systems Manager Parameter Store, one IAM role for each tenant."""

    prefix: str = Field("/aerodrome", description="Path that all parameters begin with.")
    connection_roles: dict[Name, Many[str]] = Field(
        default_factory=dict,
        description="Tenant → ARNs of the roles that its connections of type `aws` may name; a task is lent keys of "
        "the role, for an hour at most.",
    )


class SecretsSettings(Model):
    """The store of connections and variables, and what workers keep of it."""

    store: Literal["vault", "ssm", "none"] = Field(
        "vault",
        description="vault: Vault or OpenBao; ssm: AWS Parameter Store; none: a cluster for trials, whose tasks "
        "have neither connections nor variables.",
    )
    fresh_seconds: int = Field(
        60, ge=0, le=3600, description="A worker asks again for a value that is older."
    )
    stale_seconds: int = Field(
        900,
        ge=0,
        le=86400,
        description="A worker uses a value up to this age while the store does not answer.",
    )
    global_connections: Many[Name] = Field(
        (), description="Connections that every tenant may read, as `global.<name>`."
    )
    global_variables: Many[Name] = Field(
        (), description="Variables that every tenant may read, as `global.<name>`."
    )
    vault: VaultSettings = Field(default_factory=VaultSettings, description="Only with `store: vault`.")
    ssm: SsmSettings | None = Field(None, description="Only with `store: ssm`.")


Mistake = tuple[tuple[str | int, ...], str, str]
"""Keys below `secrets`, message, remedy."""


def mistakes(
    settings: SecretsSettings, environment: str, kind: str, tenants: Collection[str]
) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape; *tenants*: those that there are."""
    if settings.stale_seconds < settings.fresh_seconds:
        yield ("stale_seconds",), "is less than fresh_seconds", f"write {settings.fresh_seconds} or more"
    for key in ("global_connections", "global_variables"):
        listed: tuple[str, ...] = getattr(settings, key)
        for name in sorted({name for name in listed if listed.count(name) > 1}):
            yield (key,), f"'{name}' is named twice", ""
    yield from _vault_mistakes(settings, kind)
    yield from _ssm_mistakes(settings, environment)
    if settings.ssm is not None:
        yield from _bad_roles(settings.ssm, tenants)


def _vault_mistakes(settings: SecretsSettings, kind: str) -> Iterator[Mistake]:
    url, ca_file = settings.vault.url, settings.vault.ca_file
    if settings.store == "none" and kind == "local":
        yield ("store",), "has no effect with kind: local, which runs a store of its own", "remove it"
    if settings.store != "vault":
        if settings.vault != VaultSettings():
            yield ("vault",), f"has no effect with store: {settings.store}", "remove it"
    elif kind == "local":
        said = "has no effect with kind: local, which runs a store of its own"
        yield from (
            (("vault", key), said, "remove it") for key in ("url", "ca_file") if getattr(settings.vault, key)
        )
    elif url and not _URL.fullmatch(url):
        yield ("vault", "url"), "must be an http(s) URL without credentials", ""
    elif ca_file and not url.startswith("https:"):
        yield ("vault", "ca_file"), "has no effect without an address that begins with https", "remove it"


def _ssm_mistakes(settings: SecretsSettings, environment: str) -> Iterator[Mistake]:
    ssm = settings.ssm
    if settings.store != "ssm":
        if ssm is not None:
            yield ("ssm",), f"has no effect with store: {settings.store}", "remove it, or write store: ssm"
        return
    if len(environment) > LONGEST_ENVIRONMENT:
        message = f"an environment with store: ssm has a name of {LONGEST_ENVIRONMENT} characters at most"
        yield ("store",), message, "the names of IAM roles begin with it"
    if ssm is None:
        yield ("store",), "ssm needs a region and a role", "add ssm: {region: …, agent_role: …}"
        return
    yield from _bad_values(ssm)


def _bad_values(ssm: SsmSettings) -> Iterator[Mistake]:
    yield from ((("ssm", key), message, remedy) for key, message, remedy in aws_settings.mistakes(ssm))
    if not _PREFIX.fullmatch(ssm.prefix) or ssm.prefix.startswith(("/aws", "/ssm")):
        yield ("ssm", "prefix"), "must be a path like /aerodrome, and none of AWS's own", ""


def _bad_roles(ssm: SsmSettings, tenants: Collection[str]) -> Iterator[Mistake]:
    for tenant, roles in ssm.connection_roles.items():
        keys = ("ssm", "connection_roles", tenant)
        if tenant not in tenants:
            yield keys, f"unknown tenant '{tenant}'", did_you_mean(tenant, tenants)
        for place, arn in enumerate(roles):
            if arn in roles[:place]:
                yield (*keys, place), f"'{arn}' is named twice", "remove one of the two"
            elif reason := _no_role(arn):
                yield (*keys, place), reason, "as arn:aws:iam::111122223333:role/read-landing"


def _no_role(arn: str) -> str:
    role = ROLE.fullmatch(arn)
    if role is None:
        return "must be the ARN of a role"
    # What reads a tenant's secrets, or is its code, is for nobody's connection to be.
    return "is a role of the platform itself" if names.is_role_path(role["path"]) else ""
