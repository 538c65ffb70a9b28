"""`results:` of environment.yaml: where results of tasks go that are too large for the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from aerodrome import aws_settings
from aerodrome.aws_settings import LONGEST_ENVIRONMENT, AwsSettings
from aerodrome.modelling import Many, Model, Name
from aerodrome.quantities import Memory

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# What stands in an IAM policy as it is: no wildcard and no variable.
_PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
LONGEST_PREFIX = 200


class BucketSettings(AwsSettings):
    """A bucket of S3, in which each tenant's results are reached as an IAM role of that tenant's own."""

    bucket: str = Field(description="Name of the bucket; it is not made by a deploy.")
    prefix: str = Field("aerodrome", description="What all keys begin with, as a path.")

    def base(self, environment: str) -> str:
        """Return what the keys of *environment* begin with; it ends with a slash."""
        return f"{self.prefix}/{environment}/"


class ResultsSettings(Model):
    """Results of tasks that are too large for the database."""

    kind: Literal["folder", "s3"] = Field(
        "folder",
        description="folder: on the machine of ENV=local; in a cluster there is none, and a larger result fails its "
        "task. s3: a bucket.",
    )
    s3: BucketSettings | None = Field(None, description="Only with `kind: s3`.")
    inline: int = Field(64 * 1024, ge=0, le=2**20, description="Bytes; larger results go to the store.")
    largest: Memory = Field(4 * 2**30, description="A larger result fails its task.")
    encrypted_tenants: Many[Name] = Field(
        (), description="Tenants whose stored results are encrypted with their variable `xcom_key`."
    )


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `results`, message, remedy."""


def mistakes(settings: ResultsSettings, environment: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if settings.kind != "s3":
        if settings.s3 is not None:
            yield ("s3",), f"has no effect with kind: {settings.kind}", "remove it, or write kind: s3"
        return
    if len(environment) > LONGEST_ENVIRONMENT:
        message = f"an environment with kind: s3 has a name of {LONGEST_ENVIRONMENT} characters at most"
        yield ("kind",), message, "the names of IAM roles begin with it"
    if settings.s3 is None:
        remedy = "add s3: {bucket: …, region: …, agent_role: …}"
        yield ("kind",), "s3 needs a bucket, its region and a role", remedy
    else:
        yield from _bucket_mistakes(settings.s3)


def _bucket_mistakes(s3: BucketSettings) -> Iterator[Mistake]:
    yield from ((("s3", key), message, remedy) for key, message, remedy in aws_settings.mistakes(s3))
    if not _BUCKET.fullmatch(s3.bucket):
        yield ("s3", "bucket"), "is no name of a bucket", "3 to 63 lower-case letters, digits, '-' and '.'"
    if not _PREFIX.fullmatch(s3.prefix) or len(s3.prefix) > LONGEST_PREFIX:
        remedy = f"letters, digits, '_' and '-' between slashes, {LONGEST_PREFIX} characters at most"
        yield ("s3", "prefix"), "must be a path such as team/airflow", remedy
