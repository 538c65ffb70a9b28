"""`backup:` of environment.yaml: how the metadata database is kept before a deploy migrates it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from pydantic import Field

from aerodrome.aws_settings import REGION
from aerodrome.modelling import Model
from aerodrome.quantities import Duration, Memory

_IMAGE = re.compile(
    r"(?P<repository>[a-z0-9][a-z0-9.-]*(:\d{1,5}/[a-z0-9])?[a-z0-9._/-]*)"
    r"(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_INSTANCE = re.compile(r"[A-Za-z](-?[A-Za-z0-9]){0,62}")


class DumpSettings(Model):
    """A dump by a job in the cluster, written into a volume."""

    image: str = Field(
        description="Image with pg_dump and pg_restore, of the server's version or a newer one, with its tag or "
        "digest: docker.io/library/postgres:18@sha256:…. Its registry is one of `deploymentPolicy.images.registries`."
    )
    claim: str = Field(
        "airflow-backups",
        description="Volume claim, in the release's namespace, that takes the dumps. A deploy makes it where there is "
        "none, and removes neither it nor a dump.",
    )
    size: Memory = Field(10 * 2**30, description="Size that the claim is made with.")
    storage_class: str | None = Field(
        None, description="Storage class that the claim is made with. Left out: the cluster's default."
    )
    connection_secret: str | None = Field(
        None,
        description="Secret whose key `connection` is the address of the database itself. Needed with PgBouncer. "
        "Left out: the one that Airflow uses.",
    )
    longest: Duration = Field(timedelta(hours=1), description="A dump that takes longer fails.")

    @property
    def image_parts(self) -> dict[str, str]:
        """Return repository, and tag, digest or both, of the image."""
        found = _IMAGE.fullmatch(self.image)
        return {key: text for key, text in found.groupdict().items() if text} if found else {}


class RdsSettings(Model):
    """A snapshot of an instance of AWS RDS."""

    instance: str = Field(description="Identifier of the instance.")
    region: str = Field(description="AWS region, such as eu-central-1.")
    longest: Duration = Field(
        timedelta(hours=2), description="A snapshot that is not there after that fails the deploy."
    )


class BackupSettings(Model):
    """What a deploy makes before it migrates the metadata database."""

    kind: Literal["dump", "rds"] = Field(
        description="dump: by pg_dump, into a volume of the cluster. rds: a snapshot of the instance, by AWS."
    )
    dump: DumpSettings | None = Field(None, description="Only with `kind: dump`.")
    rds: RdsSettings | None = Field(None, description="Only with `kind: rds`.")

    def __str__(self) -> str:
        """Return in a few words what is made, and where."""
        if self.dump is not None:
            return f"a dump into the volume claim {self.dump.claim}"
        return f"a snapshot of the RDS instance {self.rds.instance}" if self.rds else self.kind


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `backup`, message, remedy."""


def mistakes(settings: BackupSettings | None, kind: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if settings is None:
        return
    if kind != "kubernetes":
        yield (), f"has no effect with kind: {kind}", "remove it"
        return
    found = {"dump": settings.dump, "rds": settings.rds}
    if found[settings.kind] is None:
        needed = {
            "dump": "an image: add dump: {image: …}",
            "rds": "an instance: add rds: {instance: …, region: …}",
        }
        what, _, remedy = needed[settings.kind].partition(": ")
        yield ("kind",), f"{settings.kind} needs {what}", remedy
    for other in found.keys() - {settings.kind}:
        if found[other] is not None:
            yield (other,), f"has no effect with kind: {settings.kind}", f"remove it, or write kind: {other}"
    if settings.dump is not None:
        yield from ((("dump", key), message, remedy) for key, message, remedy in _of_dump(settings.dump))
    if settings.rds is not None:
        yield from ((("rds", key), message, remedy) for key, message, remedy in _of_rds(settings.rds))


def _of_dump(dump: DumpSettings) -> Iterator[tuple[str, str, str]]:
    if not {"tag", "digest"} & dump.image_parts.keys():
        yield "image", "is no image with a tag or digest", "registry/repository:tag@sha256:…"
    for key in ("claim", "storage_class", "connection_secret"):
        text = getattr(dump, key)
        if text is not None and not _NAME.fullmatch(text):
            yield key, "is no name that Kubernetes takes", "lower-case letters, digits, '-' and '.'"


def _of_rds(rds: RdsSettings) -> Iterator[tuple[str, str, str]]:
    if not _INSTANCE.fullmatch(rds.instance):
        yield (
            "instance",
            "is no identifier of an RDS instance",
            "letters, digits and '-'; it begins with a letter",
        )
    if not REGION.fullmatch(rds.region):
        yield "region", "is no AWS region", "such as eu-central-1"
