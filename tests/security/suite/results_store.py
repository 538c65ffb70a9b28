"""Large results of both tenants in a folder, read as a task of the attacker reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from aerodrome_airflow.xcom.backend import TenantXCom
from aerodrome_airflow.xcom.errors import DamagedError, RefusedError
from aerodrome_airflow.xcom.settings import settings
from suite.place import Place

WHERE = {"key": "return_value", "task_id": "load", "run_id": "manual"}
LARGE = [os.urandom(8).hex()] * 10_000


@contextmanager
def configured(place: Place) -> Iterator[None]:
    """The settings of a worker whose results go to a folder."""
    store = place.folder / "results"
    store.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("XCOM_STORE", store), ("ENVIRONMENT", "local"), ("XCOM_INLINE_BYTES", 1000)):
            patch.setenv(f"AIRFLOW__AERODROME__{name}", str(value))
        settings.cache_clear()
        yield
    settings.cache_clear()


def kept(value: Any, tenant: str) -> Any:
    """Return what the database keeps of a result of *tenant*."""
    return TenantXCom.serialize_value(value, dag_id=f"{tenant}.daily", **WHERE)  # type: ignore[arg-type]


def read(row: Any, tenant: str) -> str:
    """Return what a task of *tenant* gets for *row*, empty where it is refused."""
    try:
        with structlog.contextvars.bound_contextvars(ti_id="1", dag_id=f"{tenant}.daily"):
            return str(TenantXCom.deserialize_value(SimpleNamespace(value=row)))
    except (RefusedError, DamagedError):
        return ""
