"""What Airflow's configuration says of large results, section [aerodrome]."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowConfigException

from aerodrome_airflow.xcom.content import Limits
from aerodrome_airflow.xcom.folder import FolderStore
from aerodrome_airflow.xcom.objects import ObjectStore

SECTION = "aerodrome"
# One attempt in a task's time; the task's own retries are the long wait.
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 5, 60, 5


@dataclass(frozen=True)
class Settings:
    """Which environment this is, where results go, from which size on, and whose are sealed."""

    environment: str
    store: ObjectStore
    limits: Limits
    sealed_tenants: frozenset[str]


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    usual = Limits()
    return Settings(
        conf.get(SECTION, "environment"),
        store_at(
            conf.get(SECTION, "xcom_store"),
            endpoint=conf.get(SECTION, "xcom_s3_endpoint", fallback=None) or None,
            region=conf.get(SECTION, "xcom_s3_region", fallback=None) or None,
        ),
        Limits(
            conf.getint(SECTION, "xcom_inline_bytes", fallback=usual.inline),
            conf.getint(SECTION, "xcom_largest_bytes", fallback=usual.largest),
        ),
        frozenset(conf.get(SECTION, "xcom_sealed_tenants", fallback="").replace(",", " ").split()),
    )


def store_at(address: str, *, endpoint: str | None = None, region: str | None = None) -> ObjectStore:
    """Return the store at *address*: the path of a folder, or `s3://bucket/prefix`."""
    if address.startswith("/"):
        return FolderStore(Path(address))
    url = urlsplit(address)
    if url.scheme != "s3" or not url.netloc:
        raise AirflowConfigException(f"[aerodrome] xcom_store is neither a folder nor s3://…: {address!r}")
    from aerodrome_airflow.xcom.s3 import S3Store

    base = url.path.strip("/")
    return S3Store(_client(endpoint, region), url.netloc, f"{base}/" if base else "")


def _client(endpoint: str | None, region: str | None) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
    )
    return boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config)
