"""The tenant's own loop: scaffold, check, test, run, watch."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from aerodrome.cli import options, show


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command("tenant")(new_tenant)
    app.command()(check)
    app.command()(test)
    app.command()(lock)
    app.command()(run)
    app.command()(dev)


def new_tenant(name: Annotated[str, typer.Argument(help="Lower-case letters and digits, 2 to 31.")]) -> None:
    """Make tenants/NAME: a manifest, a Python package, a test and a lock that pass at once."""
    from aerodrome.scaffold import scaffold_tenant

    show.text(scaffold_tenant(options.repository_root(), name))


def check(
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Only these tenants.")] = None,
    env: options.Environment = "local",
) -> None:
    """Validate, render and import every DAG; all mistakes of all files in one run."""
    from aerodrome.verify import verify

    started = time.monotonic()
    with show.working("validating, rendering and importing") as progress:
        build = verify(options.repository_root(), env, tenants=tenant, progress=progress)
    show.problems_or_summary(build, time.monotonic() - started)


def test(tenant: options.Tenant, env: options.Environment = "local") -> None:
    """Check one tenant, then run its own tests in its own virtual environment."""
    from aerodrome.local.loop.watch import run_tenant_tests

    check([tenant], env)
    raise typer.Exit(run_tenant_tests(options.repository_root(), tenant, show.line))


def lock(
    tenant: options.Tenant,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Newer versions of what is locked, too.")
    ] = False,
) -> None:
    """Resolve the tenant's pyproject.toml into its hashed lock."""
    from aerodrome.local.loop import workbench
    from aerodrome.pipeline import require_tenant

    root = options.repository_root()
    require_tenant(root, tenant)
    show.text(workbench.lock(root, tenant, show.line, upgrade=upgrade))


def run(
    dag: Annotated[str, typer.Argument(help="Tenant and DAG: flights.daily", show_default=False)],
    env: options.Environment = "local",
    conf: Annotated[str, typer.Option(help="Values of its params, as a JSON object.")] = "",
) -> None:
    """Run one DAG once, without a scheduler, and print the logs of its tasks."""
    from aerodrome.local.loop.run_once import run_dag_once

    raise typer.Exit(run_dag_once(options.repository_root(), env, dag, show.line, conf))


def dev(env: options.Environment = "local") -> None:
    """Watch tenants/ and publish on every save, until Ctrl-C."""
    from aerodrome.local.loop.watch import watch_and_publish

    watch_and_publish(options.repository_root(), env, show.line)
