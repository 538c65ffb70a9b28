"""The routes of the running API server, as it lists them itself: a new one is attacked by itself."""

from __future__ import annotations

from suite.place import Place

# They end the session, or wait for the end of a run.
_LEFT_OUT = ("/auth/login", "/auth/logout", "/wait")
_QUERIES = {
    "/api/v2/backfills": "dag_id={dag_id}",
    "/ui/structure/structure_data": "dag_id={dag_id}",
    "/ui/dashboard/historical_metrics_data": "start_date=2025-01-01T00:00:00Z&end_date=2027-01-01T00:00:00Z",
    "/ui/pending_partitioned_dag_run/{dag_id}": "partition_key=x",
}


def open_routes(place: Place, method: str) -> tuple[str, ...]:
    """Return the paths with *method* of everything but the pages of files and of the login."""
    return tuple(
        sorted(
            route["path"]
            for route in place.api.server.routes["core"]
            if method in route["methods"]
            and route["path"].startswith(("/api/", "/ui/"))
            and not route["path"].endswith(_LEFT_OUT)
        )
    )


def own_query(place: Place, path: str, whose: str) -> str:
    """Return what *path* needs after a question mark, or an empty text."""
    return f"?{place.served.path(_QUERIES[path], whose)}" if path in _QUERIES else ""
