"""The routes of the running API server, as it lists them itself: a new one is attacked by itself."""

from __future__ import annotations

from urllib.parse import urlencode

from suite.place import Place

# They end the session, or wait for the end of a run.
_LEFT_OUT = ("/auth/login", "/auth/logout", "/wait")
# Where something of a tenant's is found at other ids, or by more than what is required.
_PATHS = {"/api/v2/dags/{dag_id}/assets/{asset_id}/queuedEvents": {"{dag_id}": "{tenant}.report"}}
_QUERIES = {
    # Without it Airflow's own query fails with psycopg 3, whoever asks.
    "/ui/dependencies": {"dependency_type": "data", "node_id": "asset:{asset}"},
}
_VALUES = {"start_date": "2025-01-01T00:00:00Z", "end_date": "2027-01-01T00:00:00Z"}


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


def own_address(place: Place, path: str, whose: str) -> str:
    """Return *path* with the ids of the tenant *whose*, and all that the route requires after a question mark."""
    template = with_other_ids(path)
    values = {name: _VALUES.get(name, f"{{{name}}}") for name in _required(place, path)}
    query = urlencode(values | _QUERIES.get(path, {}), safe="{}:")
    return str(place.served.path(f"{template}?{query}" if query else template, whose))


def with_other_ids(path: str) -> str:
    """Return *path* with the ids at which it has something to find, where they are not the usual ones."""
    for name, other in _PATHS.get(path, {}).items():
        path = path.replace(name, other)
    return path


def _required(place: Place, path: str) -> tuple[str, ...]:
    """Return the names that must stand after the question mark, as the server's own document says."""
    described = place.served.defended.described["paths"].get(path.replace(":path}", "}"), {})
    parameters = described.get("get", {}).get("parameters", ())
    return tuple(each["name"] for each in parameters if each["in"] == "query" and each["required"])
