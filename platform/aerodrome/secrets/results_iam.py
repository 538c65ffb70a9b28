"""The AWS IAM roles by which large results of one environment are reached, as they should be. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from aerodrome import names
from aerodrome.clients.aws import Role
from aerodrome.environment import Environment
from aerodrome.results_settings import BucketSettings
from aerodrome.secrets import usable
from aerodrome.secrets.iam_documents import Statement, agent, allow, document, of_key, trust
from aerodrome.secrets.usable import Tenants


def desired(environment: Environment, tenants: Tenants) -> dict[str, Role]:
    """Return name → role of each tenant that has a queue, and of the collector.

    A tenant's role reads, writes and removes below the tenant's own prefix; nothing lists as a tenant. The collector's
    lists and removes below the environment's prefix and reads nothing.
    """
    place, s3 = environment.name, bucket_of(environment)
    zones = {tenant: usable.zones_of(environment, model) for tenant, model in sorted(tenants.items())}
    own = {
        names.results_role(place, tenant): Role(
            trust(environment, s3, tenant, inside), document(_of_tenant(s3, s3.base(place) + tenant))
        )
        for tenant, inside in zones.items()
        if inside
    }
    collector = Role(document([agent(s3, names.COLLECTOR)]), document(_of_collector(s3, s3.base(place))))
    return {**own, names.results_collector_role(place): collector}


def bucket_of(environment: Environment) -> BucketSettings:
    """Return where *environment* keeps large results; ValueError where it is a folder."""
    if environment.results.s3 is None:
        raise ValueError(f"{environment.name} keeps no results in S3")
    return environment.results.s3


def _of_tenant(s3: BucketSettings, prefix: str) -> Iterator[Statement]:
    actions = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
    yield allow(actions, [f"{_arn(s3)}/{prefix}/*"])
    yield from of_key(s3, "s3", "kms:GenerateDataKey", "kms:Decrypt")


def _of_collector(s3: BucketSettings, base: str) -> Iterator[Statement]:
    yield allow(["s3:ListBucket"], [_arn(s3)], {"StringLike": {"s3:prefix": [f"{base}*"]}})
    # AWS tells this action no prefix that a condition could ask for; it gives keys and never content.
    yield allow(["s3:ListBucketMultipartUploads"], [_arn(s3)])
    yield allow(["s3:DeleteObject", "s3:AbortMultipartUpload"], [f"{_arn(s3)}/{base}*"])


def _arn(s3: BucketSettings) -> str:
    return f"arn:{s3.partition}:s3:::{s3.bucket}"
