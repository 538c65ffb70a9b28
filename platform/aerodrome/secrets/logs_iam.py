"""The AWS IAM roles by which pods send task logs and the API server shows them, as they should be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aerodrome import names
from aerodrome.clients.aws import Role
from aerodrome.environment import Environment
from aerodrome.logs_settings import PodsBucket
from aerodrome.render import pods_logs
from aerodrome.render.pods_roles import eks_of
from aerodrome.secrets import usable
from aerodrome.secrets.iam_documents import (
    Statement,
    allow,
    document,
    of_key,
    subject,
    subjects,
    web_identity,
)
from aerodrome.secrets.usable import Tenants

_WRITES = ("s3:PutObject", "s3:AbortMultipartUpload")


def desired(environment: Environment, tenants: Tenants) -> dict[str, Role]:
    """Return name → role of each zone with workers in the cluster, of each tenant's pods there, and of the reader.

    The first write logs of the zone, a tenant's those of its own DAGs on the zone's queues, and neither reads. The
    reader's reads all and writes nothing. Where logs of pods go nowhere there is none.
    """
    if pods_logs.bucket_of(environment) is None:
        return {}
    zones = [zone for zone in usable.zones(environment) if environment.in_cluster(zone)]
    of_zones = {names.logs_role(environment.name, zone): _of_zone(environment, zone) for zone in zones}
    of_tenants = {
        names.logs_role(environment.name, zone, tenant): _of_tenant(environment, zone, tenant)
        for zone in zones
        for tenant in usable.tenants_of(environment, zone, tenants)
    }
    return {**of_zones, **of_tenants, names.logs_reader_role(environment.name): _reader(environment)}


def bucket_of(environment: Environment) -> PodsBucket:
    """Return where *environment* keeps task logs of pods; ValueError where they go nowhere."""
    found = pods_logs.bucket_of(environment)
    if found is None:
        raise ValueError(f"{environment.name} keeps no logs of pods")
    return found


def _of_zone(environment: Environment, zone: str) -> Role:
    cluster = environment.cluster
    workers = subject(cluster.namespace, names.worker_account(cluster.release, zone))
    below = f"{bucket_of(environment).base(environment.name)}{zone}/*"
    return Role(_trust(environment, [workers]), document(_writer(environment, [below])))


def _of_tenant(environment: Environment, zone: str, tenant: str) -> Role:
    base = bucket_of(environment).base(environment.name)
    # Queue by queue: a wildcard before the DAG would match another tenant's log with this tenant's name behind it.
    queues = sorted(
        name for name, queue in environment.queues.items() if queue.zone == zone and queue.tenants
    )
    below = [f"{base}{zone}/queue={queue}/dag_id={tenant}{names.SEPARATOR}*" for queue in queues]
    accounts = subjects(environment, tenant, zone)
    return Role(_trust(environment, accounts), document(_writer(environment, below)))


def _reader(environment: Environment) -> Role:
    cluster, base = environment.cluster, bucket_of(environment).base(environment.name)
    account = subject(cluster.namespace, names.api_server_account(cluster.release))
    return Role(_trust(environment, [account]), document(_reads(environment, base)))


def _writer(environment: Environment, below: Iterable[str]) -> Iterator[Statement]:
    yield allow(_WRITES, [f"{_bucket(environment)}/{each}" for each in below])
    # In parts a large log is encrypted anew with each of them.
    yield from of_key(bucket_of(environment), "s3", "kms:GenerateDataKey", "kms:Decrypt")


def _reads(environment: Environment, base: str) -> Iterator[Statement]:
    yield allow(["s3:ListBucket"], [_bucket(environment)], {"StringLike": {"s3:prefix": [f"{base}*"]}})
    yield allow(["s3:GetObject"], [f"{_bucket(environment)}/{base}*"])
    yield from of_key(bucket_of(environment), "s3", "kms:Decrypt")


def _trust(environment: Environment, accounts: list[str]) -> dict[str, object]:
    return document([web_identity(environment, eks_of(environment), names.LOGS_AUDIENCE, accounts)])


def _bucket(environment: Environment) -> str:
    return f"arn:{eks_of(environment).partition}:s3:::{bucket_of(environment).bucket}"
