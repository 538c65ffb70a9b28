"""Whether the data that starts a DAG is there."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from aerodrome.clients.airflow import Airflow

Key = tuple[str, str]


def is_due(airflow: Airflow, dag_id: str) -> bool:
    """Return whether a DAG that never ran waits for assets, and all that it asks for have come since it is known."""
    wanted = airflow.details(dag_id).get("asset_expression")
    if not wanted:
        return False
    come = {_key(asset) for asset in airflow.assets(dag_id) if _has_come(asset, dag_id)}
    return _holds(wanted, come)


def _key(asset: Mapping[str, Any]) -> Key:
    return (asset["name"], asset["uri"])


def _has_come(asset: Mapping[str, Any], dag_id: str) -> bool:
    last: str | None = (asset.get("last_asset_event") or {}).get("timestamp")
    known = [str(row["created_at"]) for row in asset["scheduled_dags"] if row["dag_id"] == dag_id]
    # What came before the DAG was known does not start it.
    return bool(last and known and datetime.fromisoformat(last) > datetime.fromisoformat(known[0]))


def _holds(expression: Mapping[str, Any], come: Set[Key]) -> bool:
    if parts := expression.get("all"):
        return all(_holds(part, come) for part in parts)
    if parts := expression.get("any"):
        return any(_holds(part, come) for part in parts)
    return "asset" in expression and _key(expression["asset"]) in come
