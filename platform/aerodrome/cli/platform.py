"""The platform team's commands: plan, deploy, status, logs, down, destroy, removed tenants, bundle history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from aerodrome.cli import documents, kinds, options, show
from aerodrome.errors import AerodromeError, UserError

if TYPE_CHECKING:
    from aerodrome.kubernetes.preparation import Preparation
    from aerodrome.local.release.first_runs import FirstRuns
    from aerodrome.plan import Plan


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    for command in (plan, deploy, rollback, status, logs, down, destroy):
        app.command()(command)
    app.command("remove-tenant")(remove_tenant)
    app.command("bundle-history")(bundle_history)
    app.command("bundle-rollback")(bundle_rollback)


def plan(
    env: options.Environment = "local",
    as_json: options.AsJson = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for plan.json and plan.md, instead of .aerodrome/plans.")
    ] = None,
) -> None:
    """Show what a deploy would change, and keep that as a plan that can be applied by its hash; changes nothing."""
    from aerodrome.plan import saved

    root = options.repository_root()
    with show.working(f"comparing {env} with this commit") as say:
        planned = kinds.planned(root, env, say, to_apply=True)
    told = tuple(str(problem) for problem in planned.problems)
    folder = saved.save(root, planned.plan, (*told, *planned.notes), out)
    if as_json:
        show.document(documents.plan(planned))
    else:
        show.plan(planned, folder, saved.command(planned.plan, out))
    show.problems_or_nothing(planned.problems)


def deploy(
    env: options.Environment = "local",
    plan: options.PlanToApply = "",
    yes: options.Yes = False,
    confirm: options.Confirm = "",
) -> None:
    """Bring the environment to what this commit says, or to what a plan says, and show each tenant's DAG and its run.

    On this machine nothing is asked without a plan; of a cluster the plan is shown, and somebody approves it.
    """
    from aerodrome.plan import saved

    root = options.repository_root()
    chosen = saved.chosen(root, env, plan) if plan else None
    if kinds.in_cluster(root, env):
        if chosen is None:
            _make_images(root, env)
        deploy_to_cluster(root, env, chosen, yes=yes, confirm=confirm)
    else:
        _deploy_here(root, env, chosen, confirm)


def deploy_to_cluster(root: Path, env: str, chosen: Plan | None, *, yes: bool, confirm: str) -> None:
    """Apply *chosen*, or what is planned now and approved by somebody."""
    from aerodrome.cli import approval
    from aerodrome.kubernetes.deploy import checked, deploy_cluster

    with show.steps() as progress:
        prepared = checked(root, env, progress)
    if chosen is None:
        chosen, names = _approved(prepared, yes=yes, confirm=confirm)
    else:
        names = approval.confirmed(chosen, confirm)
    with show.steps() as progress:
        result = deploy_cluster(prepared, progress, chosen, names)
    show.line(f"{env}: {show.made(result.plan)}")
    show.notes(result.notes)
    show.problems_or_nothing(result.problems)


def _make_images(root: Path, env: str) -> None:
    from aerodrome.kubernetes.deploy import require_deployable
    from aerodrome.kubernetes.images import make_images

    # What a registry has been given stays there: nothing is pushed for a deploy that could not begin.
    require_deployable(root, env)
    with show.steps() as progress:
        make_images(root, env, progress)


def _approved(prepared: Preparation, *, yes: bool, confirm: str) -> tuple[Plan, frozenset[str]]:
    """Return the plan of now as somebody has approved it."""
    from aerodrome.cli import approval
    from aerodrome.kubernetes.deploy import plan_of

    with show.working(f"comparing {prepared.environment.name} with this commit"):
        planned = plan_of(prepared)
    show.changes(planned.plan.changes)
    show.staying(planned.plan.staying)
    return planned.plan, approval.approved(planned.plan, yes=yes, confirm=confirm)


def rollback(
    env: options.Environment = "local",
    to: Annotated[int, typer.Option(help="Number of a deploy. Left out: the one before the last.")] = 0,
) -> None:
    """Have run again what ran after an earlier deploy, release and DAGs, and try it out on every queue."""
    from aerodrome.kubernetes.deploy import rollback_cluster

    root = options.repository_root()
    if not kinds.in_cluster(root, env):
        raise UserError(
            f"ENV={env} is this machine", "aerodrome bundle-rollback publishes earlier DAGs again"
        )
    with show.steps() as progress:
        entry = rollback_cluster(root, env, progress, to or None)
    show.line(f"{env}: went back to deploy {entry.number} of {entry.when}")


def _deploy_here(root: Path, env: str, chosen: Plan | None, confirm: str) -> None:
    from aerodrome.cli import approval
    from aerodrome.local.release.deploy import deploy_local

    names = approval.confirmed(chosen, confirm) if chosen else frozenset()
    with show.steps() as progress:
        result = deploy_local(root, env, progress, chosen, names)
    show.deployed(result)
    show.problems_or_nothing(result.problems)
    require_well(result.runs, env, result.status.unanswered)


def require_well(runs: FirstRuns, env: str, unanswered: str = "") -> None:
    """Raise AerodromeError where a first run failed, or should have ended and has not, or Airflow tells nothing."""
    if unwell := [*show.unwell(runs), *([unanswered] if unanswered else [])]:
        remedy = f"see the run's log in Airflow, or run it alone: make run ENV={env} DAG=<tenant>.<dag>"
        raise AerodromeError("\n".join(unwell), remedy)


def status(env: options.Environment = "local", as_json: options.AsJson = False) -> None:
    """Show what runs, queues and hosts, DAGs and the last deploys; exit 1 when something that should run does not."""
    root = options.repository_root()
    if kinds.in_cluster(root, env):
        _status_of_cluster(root, env, as_json=as_json)
    from aerodrome.local.release.deploy import status_local

    found = status_local(root, env)
    if as_json:
        show.document(documents.status(env, found))
    else:
        show.status(found)
    raise typer.Exit(0 if found.healthy else 1)


def _status_of_cluster(root: Path, env: str, *, as_json: bool) -> NoReturn:
    from aerodrome.cli import show_cluster
    from aerodrome.kubernetes.status.whole import status_cluster

    with show.working(f"asking the cluster of {env}"):
        found = status_cluster(root, env)
    if as_json:
        show.document(documents.cluster_status(found))
    else:
        show_cluster.status(found)
    raise typer.Exit(0 if found.healthy else 1)


def logs(
    process: Annotated[
        str | None, typer.Argument(help="A process of `status`. Left out: all of them.")
    ] = None,
    env: options.Environment = "local",
    lines: Annotated[int, typer.Option(help="Lines of each process.")] = 20,
) -> None:
    """Show the end of the processes' logs."""
    from aerodrome.local.release.deploy import logs_local

    for line in logs_local(options.repository_root(), env, process, lines):
        show.line(line)


def down(env: options.Environment = "local") -> None:
    """Stop everything and keep all data; the next deploy goes on from there."""
    from aerodrome.local.release.deploy import down_local, is_deployed

    if not is_deployed(options.repository_root(), env):
        show.line("nothing is deployed here")
        return
    with show.steps() as progress:
        down_local(options.repository_root(), env, progress)


def destroy(
    env: options.Environment = "local",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and delete all data of ENV=local, its users included."""
    from aerodrome.local.release.deploy import destroy_local, places_to_destroy

    root = options.repository_root()
    places = places_to_destroy(root, env)
    if not places:
        show.line("nothing is deployed here")
        return
    if not yes:
        show.text("\n".join(str(place) for place in places))
        typer.confirm(f"Delete this, the platform '{env}' on this machine with all its data?", abort=True)
    with show.steps() as progress:
        destroy_local(root, env, progress)


def remove_tenant(
    tenant: Annotated[str, typer.Argument(help="Its folder and DAGs are gone already.", show_default=False)],
    env: options.Environment = "local",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete what a removed tenant has left: Airflow's history of its DAGs, secrets, and files or namespace."""
    root = options.repository_root()
    if kinds.in_cluster(root, env):
        _remove_tenant_of_cluster(root, env, tenant, yes=yes)
        return
    from aerodrome.local.release.deploy import left_of_tenant, remove_tenant_local

    show.line(left_of_tenant(root, env, tenant))
    if not yes:
        typer.confirm("Delete all of this?", abort=True)
    with show.steps() as progress:
        remove_tenant_local(root, env, tenant, progress)


def _remove_tenant_of_cluster(root: Path, env: str, tenant: str, *, yes: bool) -> None:
    from aerodrome.kubernetes.removed_tenants import left_of_tenant, remove_tenant_cluster
    from aerodrome.targets.orphans import sentence

    with show.working(f"asking the cluster of {env}"):
        found, notes = left_of_tenant(root, env, tenant)
    show.line(sentence(tenant, found))
    show.notes(notes)
    if not yes:
        typer.confirm("Delete all of this?", abort=True)
    with show.steps() as progress:
        remove_tenant_cluster(root, env, tenant, progress)


def bundle_history(
    env: options.Environment = "local", number: Annotated[int, typer.Option(help="Newest entries.")] = 20
) -> None:
    """List what was published, newest first."""
    from aerodrome.bundle import history
    from aerodrome.local.release.deploy import bundle_repository

    show.history(history(bundle_repository(options.repository_root(), env), number))


def bundle_rollback(
    to: Annotated[str, typer.Argument(help="A commit of bundle-history.", show_default=False)],
    env: options.Environment = "local",
) -> None:
    """Publish an earlier bundle again, as a new commit."""
    from aerodrome.local.release.deploy import rollback_local

    show.line(rollback_local(options.repository_root(), env, to))
