"""`secrets:` of environment.yaml: which store holds connections and variables, and for how long a worker keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from aerodrome.modelling import Many, Model, Name

ZONE = "{zone}"
# IAM takes 64 characters for the name of a role: 10 are ours, 31 a tenant's, and a separator.
LONGEST_ENVIRONMENT = 22
_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/[\w+=,.@/{}-]+")
_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_URL = re.compile(r"https?://[^\s/@]+(/\S*)?")


class VaultSettings(Model):
    """Where Vault or OpenBao is; ENV=local runs one of its own."""

    url: str = Field("", description="Its address, https. Who deploys logs in with VAULT_TOKEN.")
    kubernetes_mount: Name = Field("kubernetes", description="Where it lets pods of this cluster log in.")


class SsmSettings(Model):
    """AWS Systems Manager Parameter Store, one IAM role for each tenant."""

    region: str = Field(description="Region of the parameters, such as eu-central-1.")
    prefix: str = Field("/aerodrome", description="Path that all parameters begin with.")
    kms_key: str | None = Field(
        None, description="ARN of the key that encrypts the parameters. Left out: AWS's own for the account."
    )
    agent_role: str = Field(
        description="ARN of the role that workers of a zone run as, with `{zone}` in it; it may assume tenants' roles."
    )
    endpoint: str | None = Field(None, description="Address of the API, where it is not AWS's public one.")

    @property
    def account(self) -> str:
        """Return the number of the AWS account."""
        return self._role()["account"]

    @property
    def partition(self) -> str:
        """Return the part of AWS that the account is in, nearly always `aws`."""
        return self._role()["partition"]

    def agent(self, zone: str) -> str:
        """Return the ARN of the role that the workers of *zone* run as."""
        return self.agent_role.replace(ZONE, zone)

    def _role(self) -> re.Match[str]:
        found = _ROLE.fullmatch(self.agent_role)
        if found is None:
            raise ValueError(f"not the ARN of a role: {self.agent_role}")
        return found


class SecretsSettings(Model):
    """The store of connections and variables, and what workers keep of it."""

    store: Literal["vault", "ssm"] = Field(
        "vault", description="vault: Vault or OpenBao; ssm: AWS Parameter Store."
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


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `secrets`, message, remedy."""


def mistakes(settings: SecretsSettings, environment: str, kind: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if settings.stale_seconds < settings.fresh_seconds:
        yield ("stale_seconds",), "is less than fresh_seconds", f"write {settings.fresh_seconds} or more"
    for key in ("global_connections", "global_variables"):
        names: tuple[str, ...] = getattr(settings, key)
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield (key,), f"'{name}' is named twice", ""
    yield from _vault_mistakes(settings, kind)
    yield from _ssm_mistakes(settings, environment)


def _vault_mistakes(settings: SecretsSettings, kind: str) -> Iterator[Mistake]:
    url = settings.vault.url
    if settings.store != "vault":
        if settings.vault != VaultSettings():
            yield ("vault",), f"has no effect with store: {settings.store}", "remove it"
    elif kind == "local":
        if url:
            yield (
                ("vault", "url"),
                "has no effect with kind: local, which runs a store of its own",
                "remove it",
            )
    elif url and not _URL.fullmatch(url):
        yield ("vault", "url"), "must be an http(s) URL without credentials", ""


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
    if not _REGION.fullmatch(ssm.region):
        yield ("ssm", "region"), "is no AWS region", "such as eu-central-1"
    if not _PREFIX.fullmatch(ssm.prefix) or ssm.prefix.startswith(("/aws", "/ssm")):
        yield ("ssm", "prefix"), "must be a path like /aerodrome, and none of AWS's own", ""
    role = _ROLE.fullmatch(ssm.agent_role)
    if role is None or ssm.agent_role.count(ZONE) != 1 or set("{}") & set(ssm.agent_role.replace(ZONE, "")):
        remedy = "as arn:aws:iam::123456789012:role/airflow-{zone}"
        yield ("ssm", "agent_role"), "must be the ARN of a role, with {zone} in it once", remedy
    if ssm.kms_key is not None and not re.fullmatch(
        r"arn:aws[a-z-]*:kms:[\w-]+:\d{12}:key/[\w-]+", ssm.kms_key
    ):
        yield ("ssm", "kms_key"), "must be the ARN of a KMS key", ""
    if ssm.endpoint is not None and not _URL.fullmatch(ssm.endpoint):
        yield ("ssm", "endpoint"), "must be an http(s) URL without credentials", ""
