"""What Airflow's configuration says of large results, section [aerodrome]."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowConfigException

from aerodrome_airflow.xcom.content import Limits
from aerodrome_airflow.xcom.folder import FolderStore
from aerodrome_airflow.xcom.objects import OneStore, Stores

SECTION = "aerodrome"


@dataclass(frozen=True)
class Settings:
    """Which environment this is, where results go, from which size on, and whose are sealed."""

    environment: str
    stores: Stores
    limits: Limits
    sealed_tenants: frozenset[str]


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    usual = Limits()
    return Settings(
        conf.get(SECTION, "environment"),
        _stores(conf.get(SECTION, "xcom_store")),
        Limits(
            conf.getint(SECTION, "xcom_inline_bytes", fallback=usual.inline),
            conf.getint(SECTION, "xcom_largest_bytes", fallback=usual.largest),
        ),
        frozenset(conf.get(SECTION, "xcom_sealed_tenants", fallback="").replace(",", " ").split()),
    )


def _stores(address: str) -> Stores:
    """Return the stores at *address*: the path of a folder, or `s3://bucket/prefix`."""
    if address.startswith("/"):
        return OneStore(FolderStore(Path(address)))
    url = urlsplit(address)
    if url.scheme != "s3" or not url.netloc:
        raise AirflowConfigException(f"[aerodrome] xcom_store is neither a folder nor s3://…: {address!r}")
    return _in_bucket(url.netloc, url.path.strip("/"))


def _in_bucket(name: str, base: str) -> Stores:
    from aerodrome_airflow.secrets.client import AgentClient
    from aerodrome_airflow.xcom.bucket import Bucket, BucketStores

    socket = _text("xcom_agent_socket")
    if socket is None:
        message = (
            "[aerodrome] xcom_store is a bucket: xcom_agent_socket must name the agent that lends its roles"
        )
        raise AirflowConfigException(message)
    bucket = Bucket(name, f"{base}/" if base else "", _text("xcom_s3_region"), _text("xcom_s3_endpoint"))
    return BucketStores(bucket, AgentClient(Path(socket)))


def _text(option: str) -> str | None:
    return conf.get(SECTION, option, fallback=None) or None
