"""Whether the data that starts a DAG is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from datetime import datetime
from typing import Any

from aerodrome.clients.airflow import Airflow

Key = tuple[str, str]


def due(airflow: Airflow, dag_ids: Collection[str]) -> frozenset[str]:
    """Return which of *dag_ids*, none of which ever ran, wait for assets that have all come since the DAG is known."""
    if not dag_ids:
        return frozenset()
    come = _come(airflow.assets())
    return frozenset(
        dag_id
        for dag_id in come.keys() & set(dag_ids)
        if _holds(airflow.details(dag_id).get("asset_expression") or {}, come[dag_id])
    )


def _come(assets: Iterable[Mapping[str, Any]]) -> dict[str, set[Key]]:
    """Return DAG → those of the assets that start it that have come."""
    found = defaultdict(set)
    for asset in assets:
        last: str | None = (asset.get("last_asset_event") or {}).get("timestamp")
        for row in asset["scheduled_dags"] if last else ():
            # What came before the DAG was known does not start it.
            if datetime.fromisoformat(str(last)) > datetime.fromisoformat(row["created_at"]):
                found[row["dag_id"]].add(_key(asset))
    return found


def _key(asset: Mapping[str, Any]) -> Key:
    return (asset["name"], asset["uri"])


def _holds(expression: Mapping[str, Any], come: Set[Key]) -> bool:
    if parts := expression.get("all"):
        return all(_holds(part, come) for part in parts)
    if parts := expression.get("any"):
        return any(_holds(part, come) for part in parts)
    return "asset" in expression and _key(expression["asset"]) in come
