"""Airflow's XCom: small values in its database, large ones in the object store of the platform."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.execution_time.comms import DeleteXCom

from aerodrome_airflow.secrets import scrub
from aerodrome_airflow.xcom import codec, content, keys, reference
from aerodrome_airflow.xcom.asker import asking_tenant
from aerodrome_airflow.xcom.errors import RefusedError, StoreError
from aerodrome_airflow.xcom.objects import Found
from aerodrome_airflow.xcom.place import Place
from aerodrome_airflow.xcom.reference import Inline, Reference
from aerodrome_airflow.xcom.settings import settings
from aerodrome_airflow.xcom.streams import StoredStream
from aerodrome_airflow.xcom.watched import Watched


@dataclass(frozen=True)
class _Row:
    value: Any


class TenantXCom(BaseXCom):
    """Results of any size, of which only tasks of the same tenant read the large ones.

    A table comes back as a table, bytes as bytes, JSON as JSON, a stream as a `StoredStream`.
    """

    @staticmethod
    def serialize_value(  # noqa: PLR0913 - Airflow's own parameters
        value: Any,
        *,
        key: str | None = None,
        task_id: str | None = None,
        dag_id: str | None = None,
        run_id: str | None = None,
        map_index: int | None = None,
    ) -> Any:
        """Return what the database keeps of *value*; a large one is in the store when this returns."""
        kind = codec.kind_of(value)
        plain = scrub.redacted(BaseXCom.serialize_value(value)) if kind == "json" else value
        if reference.is_marked(plain):
            raise RefusedError(
                f"the result has the key {reference.MARK!r}, by which the platform marks results"
            )
        if key is None or dag_id is None or run_id is None or task_id is None:
            return _unplaced(plain, kind)
        kept = _keep(plain, kind, _place(dag_id, run_id, task_id, map_index), key)
        return plain if isinstance(kept, Inline) and kind == "json" else kept.to_json()

    @staticmethod
    def deserialize_value(result: Any) -> Any:
        """Return the value of a row; RefusedError where it leads to what is not the running task's tenant's."""
        if not reference.is_marked(result.value):
            return BaseXCom.deserialize_value(result)
        found = reference.parse(result.value)
        if isinstance(found, Inline):
            return _value_of_inline(found)
        tenant = asking_tenant()
        reference.require_own(found, settings().environment, tenant)
        return _value_of(found, tenant)

    @classmethod
    def delete(cls, key: str, task_id: str, dag_id: str, run_id: str, map_index: int | None = None) -> None:
        """Delete the row, then the object that it leads to, if it is this task's own."""
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        row = {"key": key, "dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
        old = cls._get_xcom_db_ref(**row)  # type: ignore[arg-type]
        # A row without an object is an error for its reader; an object without a row is the collector's.
        SUPERVISOR_COMMS.send(DeleteXCom(**row))
        with contextlib.suppress(StoreError, RefusedError):
            _remove(old.value, _place(dag_id, run_id, task_id, map_index))


def _place(dag_id: str, run_id: str, task_id: str, map_index: int | None) -> Place:
    return Place(settings().environment, dag_id, run_id, task_id, -1 if map_index is None else map_index)


def _keep(value: Any, kind: reference.Kind, place: Place, key: str) -> Reference | Inline:
    tenant = _owner(place)
    seal = keys.sealing_key(tenant) if tenant in settings().sealed_tenants else None
    spill = content.Spill(settings().stores.of(tenant), place, key, settings().limits, seal)
    try:
        if kind == "json":
            codec.write(value, kind, spill)
        else:
            with Watched(spill) as watched:
                codec.write(value, kind, watched)
        return spill.finish(kind, getattr(value, "form", ""))
    except BaseException:
        spill.abort()
        raise


def _owner(place: Place) -> str:
    try:
        return place.tenant
    except ValueError:
        raise RefusedError(f"the DAG '{place.dag_id}' is no tenant's: its results have no place") from None


def _unplaced(value: Any, kind: reference.Kind) -> Any:
    """Return *value* for a database that is not told whose it is: Airflow passes some values without their task."""
    if kind != "json":
        raise RefusedError("a table, bytes or a stream can only be the result of a task")
    return value


def _value_of(found: Reference, tenant: str) -> Any:
    def opened() -> Any:
        key = keys.opening_key(tenant, found.seal) if found.seal else None
        return content.verified(settings().stores.of(tenant), found, key)

    if found.kind == "stream":
        return StoredStream(found.size, found.form, opened)
    with opened() as source:
        value = codec.read(found.kind, source)
    return BaseXCom.deserialize_value(_Row(value)) if found.kind == "json" else value


def _value_of_inline(found: Inline) -> Any:
    if found.kind == "stream":
        return StoredStream(len(found.content), found.form, lambda: io.BytesIO(found.content))
    return codec.read(found.kind, io.BytesIO(found.content))


def _remove(value: Any, place: Place) -> None:
    if not reference.is_marked(value):
        return
    found = reference.parse(value)
    if isinstance(found, Reference) and found.key.startswith(place.prefix):
        settings().stores.of(place.tenant).remove(Found(found.key, datetime.now(UTC)))
