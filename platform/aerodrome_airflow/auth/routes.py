"""What a member of a tenant may ask of the API server, route by route; what is not listed is refused.

OPEN shows nothing of any tenant. DAG has the DAG in its path: the member's own, or `~`. NAMED has the name of another
thing in its path. ROWS is a list or a thing with a number: its rows are those of the tenant. CLOSED is refused.
Of a mounted application, one part may be closed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache


class Decision(Enum):
    """How a route is restricted for members of tenants."""

    OPEN = "open"
    DAG = "dag"
    NAMED = "named"
    ROWS = "rows"
    CLOSED = "closed"


_RUN = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}"
_TASK = f"{_RUN}/taskInstances/{{task_id}}"

_TEXTS: dict[Decision, str] = {
    Decision.OPEN: """
        GET /
        GET /api/{_:path}
        GET /api/v1/{_:path}
        GET /api/v2/auth/login
        GET /api/v2/auth/logout
        GET /api/v2/monitor/health
        GET /api/v2/version
        GET /docs
        GET /docs/oauth2-redirect
        GET /health
        GET /openapi.json
        GET /redoc
        GET /ui/auth/me
        GET /ui/auth/menus
        POST /ui/auth/token
        GET /ui/config
        GET /ui/teams
        GET /{rest_of_path:path}
        """,
    Decision.DAG: f"""
        GET /ui/next_run_assets/{{dag_id}}
        GET /ui/dags/{{dag_id}}/dagRuns/{{dag_run_id}}/stats
        GET /ui/dags/{{dag_id}}/dagRuns/{{dag_run_id}}/deadlines
        GET /ui/dags/{{dag_id}}/deadlineAlerts
        GET /ui/dags/{{dag_id}}/latest_run
        GET /ui/pending_partitioned_dag_run/{{dag_id}}
        GET /ui/grid/structure/{{dag_id}}
        GET /ui/grid/runs/{{dag_id}}
        GET /ui/grid/ti_summaries/{{dag_id}}
        GET /ui/gantt/{{dag_id}}/{{run_id}}
        GET /ui/calendar/{{dag_id}}
        GET /api/v2/dags/{{dag_id}}
        PATCH /api/v2/dags/{{dag_id}}
        DELETE /api/v2/dags/{{dag_id}}
        GET /api/v2/dags/{{dag_id}}/details
        POST /api/v2/dags/{{dag_id}}/favorite
        POST /api/v2/dags/{{dag_id}}/unfavorite
        GET /api/v2/dagSources/{{dag_id}}
        GET /api/v2/dags/{{dag_id}}/tasks
        GET /api/v2/dags/{{dag_id}}/tasks/{{task_id}}
        GET /api/v2/dags/{{dag_id}}/dagVersions
        GET /api/v2/dags/{{dag_id}}/dagVersions/{{version_number}}
        GET /api/v2/dags/{{dag_id}}/assets/queuedEvents
        DELETE /api/v2/dags/{{dag_id}}/assets/queuedEvents
        GET /api/v2/dags/{{dag_id}}/assets/{{asset_id}}/queuedEvents
        DELETE /api/v2/dags/{{dag_id}}/assets/{{asset_id}}/queuedEvents
        GET /api/v2/dags/{{dag_id}}/dagRuns
        POST /api/v2/dags/{{dag_id}}/dagRuns
        PATCH /api/v2/dags/{{dag_id}}/dagRuns
        POST /api/v2/dags/{{dag_id}}/dagRuns/list
        POST /api/v2/dags/{{dag_id}}/clearDagRuns
        POST /api/v2/dags/{{dag_id}}/clearPartitions
        POST /api/v2/dags/{{dag_id}}/clearTaskInstances
        GET {_RUN}
        PATCH {_RUN}
        DELETE {_RUN}
        POST {_RUN}/clear
        GET {_RUN}/wait
        GET {_RUN}/upstreamAssetEvents
        GET {_RUN}/hitlDetails
        GET {_RUN}/taskInstances
        PATCH {_RUN}/taskInstances
        POST {_RUN}/taskInstances/list
        PATCH {_RUN}/taskGroupInstances/{{group_id}}
        PATCH {_RUN}/taskGroupInstances/{{group_id}}/dry_run
        GET {_TASK}
        PATCH {_TASK}
        DELETE {_TASK}
        PATCH {_TASK}/dry_run
        GET {_TASK}/links
        GET {_TASK}/listMapped
        GET {_TASK}/dependencies
        GET {_TASK}/tries
        GET {_TASK}/tries/{{task_try_number}}
        GET {_TASK}/logs/{{try_number}}
        GET {_TASK}/externalLogUrl/{{try_number}}
        GET {_TASK}/{{map_index}}
        PATCH {_TASK}/{{map_index}}
        PATCH {_TASK}/{{map_index}}/dry_run
        GET {_TASK}/{{map_index}}/dependencies
        GET {_TASK}/{{map_index}}/tries
        GET {_TASK}/{{map_index}}/tries/{{task_try_number}}
        GET {_TASK}/{{map_index}}/hitlDetails
        PATCH {_TASK}/{{map_index}}/hitlDetails
        GET {_TASK}/{{map_index}}/hitlDetails/tries/{{try_number}}
        GET {_TASK}/state-store
        DELETE {_TASK}/state-store
        GET {_TASK}/state-store/{{key:path}}
        PUT {_TASK}/state-store/{{key:path}}
        PATCH {_TASK}/state-store/{{key:path}}
        DELETE {_TASK}/state-store/{{key:path}}
        GET {_TASK}/xcomEntries
        POST {_TASK}/xcomEntries
        GET {_TASK}/xcomEntries/{{xcom_key:path}}
        PATCH {_TASK}/xcomEntries/{{xcom_key:path}}
        DELETE {_TASK}/xcomEntries/{{xcom_key:path}}
        """,
    Decision.NAMED: """
        GET /api/v2/connections/{connection_id}
        GET /api/v2/pools/{pool_name:path}
        GET /api/v2/variables/{variable_key:path}
        """,
    Decision.ROWS: """
        GET /ui/backfills
        GET /ui/dags
        GET /ui/dashboard/dag_stats
        GET /ui/dashboard/historical_metrics_data
        GET /ui/dependencies
        GET /ui/partitioned_dag_runs
        GET /ui/structure/structure_data
        GET /api/v2/assets
        GET /api/v2/assets/aliases
        GET /api/v2/assets/aliases/{asset_alias_id}
        GET /api/v2/assets/events
        GET /api/v2/assets/{asset_id}
        GET /api/v2/assets/{asset_id}/queuedEvents
        GET /api/v2/assets/{asset_id}/state-store
        GET /api/v2/assets/{asset_id}/state-store/{key:path}
        GET /api/v2/backfills
        POST /api/v2/backfills
        POST /api/v2/backfills/dry_run
        GET /api/v2/backfills/{backfill_id}
        PUT /api/v2/backfills/{backfill_id}/cancel
        PUT /api/v2/backfills/{backfill_id}/pause
        PUT /api/v2/backfills/{backfill_id}/unpause
        GET /api/v2/connections
        GET /api/v2/dagStats
        GET /api/v2/dagTags
        GET /api/v2/dagWarnings
        GET /api/v2/dags
        PATCH /api/v2/dags
        GET /api/v2/eventLogs
        GET /api/v2/eventLogs/{event_log_id}
        GET /api/v2/importErrors
        GET /api/v2/importErrors/{import_error_id}
        PUT /api/v2/parseDagFile/{file_token}
        GET /api/v2/pools
        GET /api/v2/variables
        """,
    # Connections, variables and pools come from the tenant's folder and the secrets store. An event of an asset made
    # by hand, a deleted one, or a value kept with an asset reaches every DAG that waits for it.
    Decision.CLOSED: """
        GET /api/v2/config
        GET /api/v2/config/section/{section}/option/{option}
        GET /api/v2/jobs
        GET /api/v2/plugins
        GET /api/v2/plugins/importErrors
        GET /api/v2/providers
        GET /ui/connections/hook_meta
        POST /api/v2/assets/events
        POST /api/v2/assets/{asset_id}/materialize
        DELETE /api/v2/assets/{asset_id}/queuedEvents
        PUT /api/v2/assets/{asset_id}/state-store/{key:path}
        DELETE /api/v2/assets/{asset_id}/state-store
        DELETE /api/v2/assets/{asset_id}/state-store/{key:path}
        POST /api/v2/connections
        PATCH /api/v2/connections
        PATCH /api/v2/connections/{connection_id}
        DELETE /api/v2/connections/{connection_id}
        POST /api/v2/connections/defaults
        POST /api/v2/connections/test
        GET /api/v2/connections/enqueue-test
        POST /api/v2/connections/enqueue-test
        POST /api/v2/pools
        PATCH /api/v2/pools
        PATCH /api/v2/pools/{pool_name:path}
        DELETE /api/v2/pools/{pool_name:path}
        POST /api/v2/variables
        PATCH /api/v2/variables
        PATCH /api/v2/variables/{variable_key:path}
        DELETE /api/v2/variables/{variable_key:path}
        """,
}

MOUNTS: dict[str, Decision] = {
    # FAB's own pages: each asks for a right that no tenant's role has, or shows the person to themselves.
    "/auth": Decision.OPEN,
    # Task tokens, not people: the guard before it decides.
    "/execution": Decision.OPEN,
    "/static": Decision.OPEN,
}

# FAB's API of people, roles and rights: who may write there makes themselves an administrator.
_CLOSED_BELOW = {"/auth": "/fab/"}


@lru_cache(maxsize=1)
def decisions() -> dict[tuple[str, str], Decision]:
    """Return method and path template → decision."""
    found: dict[tuple[str, str], Decision] = {}
    for decision, text in _TEXTS.items():
        for line in text.split("\n"):
            if line.strip():
                method, template = line.split()
                found[method, template] = decision
    return found


def decide_below(mount: str, template: Callable[[], str]) -> Decision:
    """Return the decision about a route of a mounted application; *template* is asked only where it matters."""
    closed = _CLOSED_BELOW.get(mount)
    if closed is not None and template().startswith(closed):
        return Decision.CLOSED
    return MOUNTS.get(mount, Decision.CLOSED)


def decide(method: str, template: str) -> Decision:
    """Return the decision about a route; CLOSED for one that nobody has thought about."""
    return decisions().get(("GET" if method == "HEAD" else method, template), Decision.CLOSED)
