"""Prints the end of a deploy that never was; run by test_show.py."""

from aerodrome.cli import show
from aerodrome.errors import Problem
from aerodrome.local.processes.status import NO_ISOLATION
from aerodrome.local.release.deploy import Deployed, Status
from aerodrome.local.release.first_runs import DagRow, FirstRuns
from aerodrome.plan import Change, Plan

RUN = "manual__2026-11-21T13:25:14.105331+00:00"
DAGS = (
    DagRow("flights", "delays", RUN, "success", 8.4),
    DagRow("flights", "report"),
    DagRow("routes", "network", RUN, "running"),
    DagRow("routes", "weekly_summary_of_all_the_routes", "odd [red]run[/red] :bug:", "failed", 61.0),
)
ADDRESSES = {
    "Airflow": "http://127.0.0.1:8080",
    "log in as": "admin; the password is in /state/secrets/admin",
}
CHANGES = (Change("bundle", "create", "DAG routes.network", "network.yaml"),)
LEFT = "tenants/gone is gone, kept of it: files in /s/gone; `make remove-tenant TENANT=gone ENV=local` deletes it"

status = Status((), DAGS, ADDRESSES, (NO_ISOLATION,), healthy=True)
runs = FirstRuns(failed=("routes.weekly",), overdue=("routes.network", "flights.report"))
problem = Problem("tenants/routes/dags/x.yaml", 3, 1, "tasks", "is missing")
show.deployed(Deployed(Plan("local", CHANGES), status, (problem,), runs, (LEFT,)))
