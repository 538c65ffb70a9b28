"""What all settings of a store in AWS have in common: where it is, and as which role a zone's agent asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from aerodrome.modelling import Model

ZONE = "{zone}"
# IAM takes 64 characters for the name of a role: 10 are ours, 31 a tenant's, and a separator.
LONGEST_ENVIRONMENT = 22
ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role(?P<path>/[\w+=,.@/-]+)", re.ASCII)
"""An IAM role, as it is: no wildcard and no variable."""
_AGENT = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/[\w+=,.@/{}-]+")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[\w-]+:\d{12}:key/[\w-]+")
_URL = re.compile(r"https?://[^\s/@]+(/\S*)?")


class AwsSettings(Model):
    """A store in AWS, or in what speaks its protocols, with one IAM role for each tenant."""

    region: str = Field(description="AWS region, such as eu-central-1.")
    agent_role: str = Field(
        description="ARN of the role that a zone's agent runs as, with `{zone}` in it; it may assume tenants' roles."
    )
    kms_key: str | None = Field(
        None, description="ARN of the key that encrypts what is stored. Left out: AWS's own for the account."
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
        """Return the ARN of the role that the agent of *zone* runs as."""
        return self.agent_role.replace(ZONE, zone)

    def _role(self) -> re.Match[str]:
        found = _AGENT.fullmatch(self.agent_role)
        if found is None:
            raise ValueError(f"not the ARN of a role: {self.agent_role}")
        return found


Mistake = tuple[str, str, str]
"""Key, message, remedy."""


def mistakes(settings: AwsSettings) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if not REGION.fullmatch(settings.region):
        yield "region", "is no AWS region", "such as eu-central-1"
    role = settings.agent_role
    if not _AGENT.fullmatch(role) or role.count(ZONE) != 1 or set("{}") & set(role.replace(ZONE, "")):
        remedy = "as arn:aws:iam::123456789012:role/airflow-{zone}"
        yield "agent_role", "must be the ARN of a role, with {zone} in it once", remedy
    if settings.kms_key is not None and not _KEY.fullmatch(settings.kms_key):
        yield "kms_key", "must be the ARN of a KMS key", ""
    if settings.endpoint is not None and not _URL.fullmatch(settings.endpoint):
        yield "endpoint", "must be an http(s) URL without credentials", ""
