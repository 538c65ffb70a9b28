"""plan, deploy, status, logs, down and destroy of ENV=local."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from aerodrome import runtime
from aerodrome.bundle import named_runtimes, rollback, runtimes_of
from aerodrome.errors import AerodromeError, Problem, UserError, counted, did_you_mean
from aerodrome.local.machine import ownership, state
from aerodrome.local.machine.lock import alone, lock_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access, logins
from aerodrome.local.processes import lifecycle
from aerodrome.local.processes import status as processes
from aerodrome.local.release import first_runs, idle_dags, removed_tenants, unserved_queues
from aerodrome.local.release.first_runs import DagRow, FirstRuns
from aerodrome.local.release.hosts_behind import HostsBehind
from aerodrome.local.release.hosts_target import DeployedHosts
from aerodrome.local.release.preparation import Preparation, deployed_layout, deployed_platform, prepare
from aerodrome.manifest.folder import tenant_folders
from aerodrome.plan import Plan, Planned, Target, apply_targets, make_plan, require_same
from aerodrome.progress import Progress, Step
from aerodrome.runtime.build import is_whole
from aerodrome.targets.bundle import source_commit
from aerodrome.targets.orphans import with_orphans


@dataclass(frozen=True)
class Status:
    """What `status` shows; *unanswered* is what keeps Airflow, which runs, from telling its DAGs."""

    processes: tuple[processes.Row, ...]
    dags: tuple[DagRow, ...]
    addresses: Mapping[str, str]
    warnings: tuple[str, ...]
    healthy: bool
    unanswered: str = ""


@dataclass(frozen=True)
class Deployed:
    """What a deploy changed, how the platform is now, what kept single DAGs out, and how first runs went."""

    plan: Plan
    status: Status
    problems: tuple[Problem, ...]
    runs: FirstRuns = field(default_factory=FirstRuns)
    notes: tuple[str, ...] = ()


def plan_local(root: Path, environment: str, say: Progress) -> Planned:
    """Return what a deploy would change now; changes nothing."""
    state.require_whole(state.locate(root))
    prepared = prepare(root, environment, say)
    hosts = DeployedHosts(prepared.platform)
    behind = HostsBehind(prepared, hosts)
    targets = _targets(behind.holding_back(), hosts, behind)
    made = make_plan(environment, targets, source_commit(root), prepared.desired())
    away = tuple(f"host {problem.field}: {problem.message}" for problem in hosts.problems)
    problems = (*prepared.build.problems, *behind.problems)
    looks = removed_tenants.looks(prepared.platform, tenant_folders(root))
    return with_orphans(Planned(made, problems, (*away, *hosts.notes)), root, looks)


def _targets(prepared: Preparation, hosts: DeployedHosts, behind: HostsBehind) -> tuple[Target, ...]:
    """Return what a deploy changes; hosts before the DAGs, whose tasks want their tenants' code there."""
    *others, bundle = prepared.targets()
    return (*others, *((hosts, behind) if prepared.platform.hosts else ()), bundle)


def deploy_local(
    root: Path, environment: str, step: Step, planned: Plan | None = None, confirmed: Collection[str] = ()
) -> Deployed:
    """Bring the platform to what the repository says and run each DAG that never ran.

    Safe to interrupt and repeat. A manifest with mistakes keeps what was published of it before. While the runs
    are waited for, another deploy may begin.

    With *planned* that and nothing else is done, see :func:`aerodrome.plan.apply_targets`; UserError, and nothing is
    changed, where anything has moved since that plan was made.
    """
    layout = state.locate(root)
    _require_ours(layout)
    with alone(lock_file(root)):
        if planned is not None:
            state.require_whole(layout)
        _finish_destroy(layout, step)
        prepared = _prepared(root, environment, step)
        hosts = DeployedHosts(prepared.platform)
        behind = HostsBehind(prepared, hosts)
        prepared = behind.holding_back()
        targets = _targets(prepared, hosts, behind)
        if planned is not None:
            step("check", "comparing with the plan")
            commit = source_commit(root)
            require_same(planned, make_plan(environment, targets, commit, prepared.desired()))
        made = apply_targets(environment, targets, step, planned, confirmed)
        prepared.remember(behind.kept_back)
        if made.changes:
            _prune(prepared)
        begun = _begin_first_runs(prepared, step)
        left, published = _left_behind(root, prepared), prepared.bundle.dag_ids()
    runs = _follow_first_runs(prepared, begun, step)
    kept_out = (*prepared.build.problems, *prepared.runtimes.failures, *behind.problems)
    problems = (*kept_out, *hosts.problems)
    return Deployed(made, status_of(prepared.platform, published), problems, runs, (*left, *hosts.notes))


def _require_ours(layout: state.Layout) -> None:
    # Before there is a lock: in a place that is not ours nothing is made, be it beside it.
    state.require_not_foreign(layout)
    state.require_own(layout)


def _finish_destroy(layout: state.Layout, step: Step) -> None:
    # Users that are made anew get other numbers than those that the rest belongs to.
    if state.is_being_destroyed(layout):
        step("destroy", "a destroy was interrupted here: removing what it has left")
        lifecycle.destroy(layout, lambda text: step("destroy", text))


def _prepared(root: Path, environment: str, step: Step) -> Preparation:
    step("check", "validating, rendering and importing every DAG")
    prepared = prepare(root, environment, lambda text: step("check", text))
    built = prepared.build
    dags, tenants = counted(len(built.dags), "DAG"), counted(len(built.tenants), "tenant")
    step("check", f"{dags} of {tenants} fit to publish")
    return prepared


def _prune(prepared: Preparation) -> None:
    layout = prepared.platform.layout
    named = named_runtimes(layout.bundle)
    runtime.prune_all(layout.runtimes, named, prepared.platform.tenants)


def _left_behind(root: Path, prepared: Preparation) -> tuple[str, ...]:
    return removed_tenants.told(prepared.platform, tenant_folders(root))


def _begin_first_runs(prepared: Preparation, step: Step) -> tuple[str, ...]:
    # While nobody else deploys: no DAG is begun twice, and none that is waited for is taken away.
    if not prepared.platform.local.run_new_dags_once:
        return ()
    airflow = access.admin_access(prepared.platform)
    published, say = prepared.bundle.dag_ids(), partial(step, "runs")
    first_runs.wait_visible(airflow, published, say)
    wanted = unserved_queues.without_waiting(prepared.platform, airflow, published, say)
    return first_runs.begin(airflow, wanted, say)


def _follow_first_runs(prepared: Preparation, begun: tuple[str, ...], step: Step) -> FirstRuns:
    if not begun:
        return FirstRuns()
    airflow = access.admin_access(prepared.platform)
    return first_runs.follow(airflow, begun, lambda text: step("runs", text))


def status_local(root: Path, environment: str) -> Status:
    """Return processes, DAGs and addresses as they are now."""
    return status_of(deployed_platform(root, environment))


def status_of(platform: Platform, published: Collection[str] | None = None) -> Status:
    """Return processes, addresses and DAGs, where they are known the *published* ones; also when Airflow fails."""
    found = processes.status(platform)
    running = [row.name for row in found.rows if row.state == "running"]
    if "api-server" not in running:
        return Status(found.rows, (), _addresses(platform), found.warnings, found.healthy)
    warnings = (*found.warnings, *unserved_queues.told(platform))
    try:
        dags, errors = _told_by_airflow(platform, published)
    except AerodromeError as problem:
        # What runs and what does not is what helps to find out why.
        told = f"Airflow runs and does not tell its DAGs: {problem}"
        return Status(found.rows, (), _addresses(platform), (*warnings, told), False, told)
    return Status(found.rows, dags, _addresses(platform), (*warnings, *errors), found.healthy)


def _told_by_airflow(
    platform: Platform, published: Collection[str] | None
) -> tuple[tuple[DagRow, ...], tuple[str, ...]]:
    """Return the DAGs with their newest runs, and lines on files that Airflow does not import and on idle DAGs."""
    airflow = access.admin_access(platform)
    # Airflow lists what was taken away for some seconds more: a deploy knows better.
    listed = [row["dag_id"] for row in airflow.dags()] if published is None else published
    errors = tuple(
        f"Airflow does not import {row['filename']}: see Airflow's first page"
        for row in airflow.import_errors()
    )
    return first_runs.newest_runs(airflow, listed), (*errors, *idle_dags.told(platform, airflow))


def _addresses(platform: Platform) -> dict[str, str]:
    if not state.exists(platform.layout):
        return {}
    return {"Airflow": platform.api_url, **logins.told(platform)}


def logs_local(root: Path, environment: str, process: str | None, lines: int) -> Iterator[str]:
    """Yield the end of one process's log, or of all of them."""
    if not is_deployed(root, environment):
        raise AerodromeError("nothing is deployed here", f"make deploy ENV={environment}")
    layout = state.locate(root)
    found = sorted(path.stem for path in layout.logs.glob("*.log")) if layout.logs.is_dir() else []
    if process is not None and process not in found:
        raise UserError(f"there is no log of a process '{process}'", did_you_mean(process, found))
    for name in [process] if process else found:
        yield f"==> {layout.process_log(name)}"
        yield ownership.tail(layout.process_log(name), lines)


def down_local(root: Path, environment: str, step: Step) -> None:
    """Stop every process and keep all data."""
    _require_ours(deployed_layout(root, environment))
    with alone(lock_file(root)):
        lifecycle.down(deployed_layout(root, environment), lambda text: step("down", text))


def places_to_destroy(root: Path, environment: str) -> tuple[Path, ...]:
    """Return what :func:`destroy_local` deletes; UserError where the state folder was made by no deploy."""
    layout = deployed_layout(root, environment)
    _require_ours(layout)
    lock = lock_file(root)
    return (*lifecycle.places(layout), *((lock,) if lock.exists() else ()))


def destroy_local(root: Path, environment: str, step: Step) -> None:
    """Stop every process and delete all data, also what an interrupted deploy or destroy left half done."""
    _require_ours(deployed_layout(root, environment))
    with alone(lock_file(root)):
        lifecycle.destroy(deployed_layout(root, environment), lambda text: step("destroy", text))


def left_of_tenant(root: Path, environment: str, tenant: str) -> str:
    """Return what is kept of *tenant* as a sentence; UserError where it is in use or has left nothing."""
    platform, folders = deployed_platform(root, environment), tenant_folders(root)
    if tenant in folders:
        raise UserError(f"tenants/{tenant} exists", f"remove it, then make deploy ENV={environment}")
    if tenant in platform.tenants:
        raise UserError(f"{tenant} is deployed still", f"make deploy ENV={environment} first")
    left = removed_tenants.known(platform, folders)
    if tenant not in left:
        raise UserError(f"no removed tenant '{tenant}' has left anything here", did_you_mean(tenant, left))
    return removed_tenants.kept(platform, folders, tenant)


def remove_tenant_local(root: Path, environment: str, tenant: str, step: Step) -> None:
    """Delete what a removed tenant has left: history in Airflow, files, database, secrets, operating system user."""
    _require_ours(state.locate(root))
    with alone(lock_file(root)):
        left_of_tenant(root, environment, tenant)
        platform = deployed_platform(root, environment)
        removed_tenants.delete(platform, tenant, lambda text: step("remove", text))


def is_deployed(root: Path, environment: str) -> bool:
    """Return whether there is anything of a deployment here, be it of an interrupted one."""
    return deployed_layout(root, environment).state.exists()


def bundle_repository(root: Path, environment: str) -> Path:
    """Return the central DAG repository; AerodromeError where nothing is deployed."""
    repository = deployed_layout(root, environment).bundle
    if not repository.is_dir():
        raise AerodromeError("nothing was published yet", f"make deploy ENV={environment}")
    return repository


def rollback_local(root: Path, environment: str, to: str) -> str:
    """Publish the earlier bundle *to* again and return what was done as a sentence.

    UserError where a virtual environment that it names was cleared away: its tasks could not run.
    """
    repository = bundle_repository(root, environment)
    layout = state.locate(root)
    _require_ours(layout)
    with alone(lock_file(root)):
        needed = runtimes_of(repository, to)
        gone = {
            tenant
            for tenant, digests in needed.items()
            if not all(is_whole(layout.runtimes / tenant / digest) for digest in digests)
        }
        if gone := gone | _not_on_hosts(deployed_platform(root, environment), needed):
            raise UserError(
                f"{to} needs virtual environments that were cleared away since, of {', '.join(sorted(gone))}",
                "check out the source commit of that publish (make bundle-history) and deploy it",
            )
        return rollback(repository, to)


def _not_on_hosts(platform: Platform, needed: Mapping[str, Collection[str]]) -> set[str]:
    """Return the tenants with tasks on hosts and other environments than these have: they keep those of now alone."""
    environment, now = platform.environment, named_runtimes(platform.layout.bundle, publishes=1)
    outside = {name for name, queue in environment.queues.items() if environment.on_hosts(queue.zone)}
    served = {tenant for tenant, model in platform.tenants.items() if outside & set(model.queues)}
    return {tenant for tenant, digests in needed.items() if tenant in served and not set(digests) <= now}
