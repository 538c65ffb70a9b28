"""`hosts.logs` and `logs` of environment.yaml: where the task logs of hosts outside the cluster and of pods go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from aerodrome.aws_settings import ZONE
from aerodrome.modelling import Model
from aerodrome.quantities import Memory

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# What stands in a policy as it is: no wildcard and no variable.
_PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_FOLDER = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/{}-]+")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[\w-]+:\d{12}:key/[\w-]+")
_URL = re.compile(r"https?://([^\s/@:\[\]]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?")
_ROLES = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/([\w+=,.@-]+/)*", re.ASCII)


class BucketPlace(Model):
    """A bucket of S3, or of what speaks its protocols: S3 for the logs, STS for roles that end after minutes."""

    bucket: str = Field(description="Name of the bucket; it is not made by a deploy.")
    prefix: str = Field("airflow-logs", description="What all keys begin with, as a path.")
    region: str = Field(description="AWS region, such as eu-central-1.")
    endpoint: str | None = Field(None, description="Address of S3 and STS, where it is not AWS's public one.")
    kms_key: str | None = Field(
        None, description="ARN of the key that encrypts the bucket. Left out: S3's own."
    )

    def base(self, environment: str) -> str:
        """Return what the keys of *environment* begin with; it ends with a slash."""
        return f"{self.prefix}/{environment}/"


class LogsBucket(BucketPlace):
    """A bucket for the logs of hosts."""

    authority: str | None = Field(
        None,
        description="File on the machine that deploys, from the clone or absolute: who signed the endpoint's "
        "certificate, as PEM. Left out: whom the machines trust.",
    )
    role: str = Field(
        description="ARN of the role that a zone's agent lends to what sends logs, with `{zone}` in it. It needs "
        "s3:PutObject below the prefix; what is lent reaches the zone's own folder there and reads nothing."
    )
    login_file: str = Field(
        description="File on the machine that deploys, as with authority, with `{zone}` in it: "
        '{"access_key": …, "secret_key": …} of a user who may assume the role and nothing else. Mode 0600.'
    )
    reader_login_file: str | None = Field(
        None,
        description="The same for the API server of ENV=local, with s3:GetObject and s3:ListBucket below the prefix. "
        "Left out: what its surroundings give it, such as the role of its pod.",
    )


class LogsHdfs(Model):
    """A folder of HDFS, reached by WebHDFS."""

    url: str = Field(
        description="Address of the NameNode's web server, such as https://namenode.example.org:9871."
    )
    folder: str = Field(
        "/airflow-logs", description="Below it each environment has a folder, and in it each zone."
    )
    ticket: str | None = Field(
        None,
        description="Ticket cache of Kerberos, at one place on every host and on the API server's machine, which its "
        "readers may read and somebody keeps fresh. Left out: no Kerberos, so that HDFS believes everybody's name.",
    )
    authority: str | None = Field(None, description="As with s3: who signed the NameNode's certificate.")


class LogsSettings(Model):
    """Task logs of hosts."""

    kind: Literal["s3", "hdfs", "none"] = Field(
        "none", description="none: they stay on the host, and the API server does not show them."
    )
    s3: LogsBucket | None = Field(None, description="Only with `kind: s3`.")
    hdfs: LogsHdfs | None = Field(None, description="Only with `kind: hdfs`.")
    kept_hours: int = Field(24, ge=1, description="Hours for which a host keeps a log that has been sent.")
    unsent_days: int = Field(
        14, ge=1, description="Days for which a host keeps a log that could not be sent."
    )
    largest: Memory = Field(
        8 * 2**30,
        description="Of all logs on a host; beyond it the oldest go, those that have been sent first.",
    )


class PodsBucket(BucketPlace):
    """A bucket for the logs of pods, which are IAM roles by tokens of the cluster."""

    roles: str | None = Field(
        None,
        description="What the ARNs of these roles begin with, such as arn:aws:iam::111122223333:role/logs/, where "
        "somebody else looks after them. Left out: a deploy makes them. Not with `aws.manage_iam`.",
    )
    ca_file: str | None = Field(
        None,
        description="PEM file of who signed the endpoint's certificate, beside environment.yaml. Left out: a "
        "public authority.",
    )


class PodsLogsSettings(Model):
    """Task logs of pods: of Celery workers in the cluster, and of tenants' tasks."""

    kind: Literal["s3", "none"] = Field(
        "none", description="none: they go with their pod, and Airflow shows those of pods that run at most."
    )
    s3: PodsBucket | None = Field(None, description="Only with `kind: s3`.")


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `hosts.logs` or `logs`, message, remedy."""


def mistakes(settings: LogsSettings) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    for kind, part in (("s3", settings.s3), ("hdfs", settings.hdfs)):
        if part is not None and settings.kind != kind:
            yield (kind,), f"has no effect with kind: {settings.kind}", f"remove it, or write kind: {kind}"
        if part is None and settings.kind == kind:
            yield ("kind",), f"{kind} needs its own settings beside it", f"add {kind}: {{…}}"
    if settings.s3 is not None:
        yield from ((("s3", key), message, remedy) for key, message, remedy in _of_bucket(settings.s3))
    if settings.hdfs is not None:
        yield from ((("hdfs", key), message, remedy) for key, message, remedy in _of_hdfs(settings.hdfs))


def pods_mistakes(settings: PodsLogsSettings, kind: str, *, managed: bool) -> Iterator[Mistake]:
    """Yield what is wrong with `logs` of an environment of *kind*; *managed*: its deploys make IAM roles."""
    if kind != "kubernetes":
        if settings != PodsLogsSettings():
            yield (), f"has no effect with kind: {kind}", "remove it: hosts.logs is for hosts"
        return
    if settings.s3 is None:
        if settings.kind == "s3":
            yield ("kind",), "s3 needs its own settings beside it", "add s3: {bucket: …, region: …}"
        return
    if settings.kind != "s3":
        yield ("s3",), f"has no effect with kind: {settings.kind}", "remove it, or write kind: s3"
    yield from ((("s3", key), message, remedy) for key, message, remedy in _of_pods(settings.s3, managed))


def _of_pods(s3: PodsBucket, managed: bool) -> Iterator[tuple[str, str, str]]:
    yield from _of_place(s3)
    if s3.roles is None and not managed:
        remedy = "write aws: {manage_iam: true}, or what the ARNs of roles begin with that somebody else made"
        yield "roles", "is missing, and a deploy makes no roles", remedy
    elif s3.roles is not None and managed:
        yield "roles", "has no effect with aws.manage_iam, which makes them", "remove one of the two"
    elif s3.roles is not None and not _ROLES.fullmatch(s3.roles):
        yield (
            "roles",
            "is no beginning of the ARN of a role",
            "as arn:aws:iam::111122223333:role/ or with a path",
        )
    if s3.ca_file is not None and not (s3.endpoint or "").startswith("https:"):
        yield "ca_file", "has no effect without an endpoint that begins with https", "remove it"


def _of_bucket(s3: LogsBucket) -> Iterator[tuple[str, str, str]]:
    yield from _of_place(s3)
    if not _ROLE.fullmatch(s3.role) or s3.role.count(ZONE) != 1:
        remedy = "as arn:aws:iam::123456789012:role/airflow-logs-{zone}"
        yield "role", "must be the ARN of a role, with {zone} in it once", remedy
    if s3.login_file.count(ZONE) != 1:
        yield (
            "login_file",
            "must hold {zone} once: each zone logs in as itself",
            "as secrets/logs-{zone}.json",
        )


def _of_place(s3: BucketPlace) -> Iterator[tuple[str, str, str]]:
    if not _BUCKET.fullmatch(s3.bucket):
        yield "bucket", "is no name of a bucket", "3 to 63 lower-case letters, digits, '-' and '.'"
    if not _PREFIX.fullmatch(s3.prefix):
        yield "prefix", "must be a path such as team/airflow", "letters, digits, '_' and '-' between slashes"
    if not _REGION.fullmatch(s3.region):
        yield "region", "is no AWS region", "such as eu-central-1"
    if s3.endpoint is not None and not _URL.fullmatch(s3.endpoint):
        yield "endpoint", "must be an http(s) URL without a path", "such as https://s3.example.org:9000"
    if s3.kms_key is not None and not _KEY.fullmatch(s3.kms_key):
        yield "kms_key", "must be the ARN of a KMS key", ""


def _of_hdfs(hdfs: LogsHdfs) -> Iterator[tuple[str, str, str]]:
    if not _URL.fullmatch(hdfs.url):
        yield "url", "must be an http(s) URL without a path", "such as https://namenode.example.org:9871"
    if hdfs.ticket is not None and not _FOLDER.fullmatch(hdfs.ticket):
        yield "ticket", "must be an absolute path", "such as /run/aerodrome-logs-ticket/cache"
    if not _FOLDER.fullmatch(hdfs.folder):
        yield "folder", "must be an absolute path of HDFS", "such as /airflow-logs"
