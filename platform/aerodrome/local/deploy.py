"""plan, deploy, status, logs, down and destroy of ENV=local."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from aerodrome import runtime
from aerodrome.bundle import named_runtimes, rollback, runtimes_of
from aerodrome.errors import AerodromeError, Problem, UserError, counted, did_you_mean
from aerodrome.local import access, first_runs, lifecycle, ownership, state
from aerodrome.local import status as processes
from aerodrome.local.first_runs import DagRow
from aerodrome.local.lock import alone, lock_file
from aerodrome.local.platform import Platform
from aerodrome.local.preparation import Preparation, deployed_platform, prepare
from aerodrome.plan import Plan, apply_targets, make_plan
from aerodrome.runtime.build import is_whole

Step = Callable[[str, str], None]


@dataclass(frozen=True)
class Status:
    """What `status` shows."""

    processes: tuple[processes.Row, ...]
    dags: tuple[DagRow, ...]
    addresses: tuple[str, ...]
    warnings: tuple[str, ...]
    healthy: bool


@dataclass(frozen=True)
class Deployed:
    """What a deploy changed, how the platform is now, what kept single DAGs out, and whose first run failed."""

    plan: Plan
    status: Status
    problems: tuple[Problem, ...]
    failed: tuple[str, ...] = ()


def plan_local(root: Path, environment: str, say: Callable[[str], None]) -> tuple[Plan, tuple[Problem, ...]]:
    """Return what a deploy would change now, and the mistakes that keep single DAGs out of it."""
    prepared = prepare(root, environment, say)
    return make_plan(environment, prepared.targets()), prepared.build.problems


def deploy_local(root: Path, environment: str, step: Step) -> Deployed:
    """Bring the platform to what the repository says and run each DAG that never ran.

    Safe to interrupt and repeat. A manifest with mistakes keeps what was published of it before.
    """
    with alone(lock_file(root)):
        step("check", "validating, rendering and importing every DAG")
        prepared = prepare(root, environment, lambda text: step("check", text))
        found = prepared.build
        dags, tenants = counted(len(found.dags), "DAG"), counted(len(found.tenants), "tenant")
        step("check", f"{dags} of {tenants} fit to publish")
        made = apply_targets(environment, prepared.targets(), step)
        prepared.remember()
        if made.changes:
            _prune(prepared)
        failed = _first_runs(prepared, step)
        problems = (*prepared.build.problems, *prepared.runtimes.failures)
        return Deployed(made, _status(prepared.platform, prepared.bundle.dag_ids()), problems, failed)


def _prune(prepared: Preparation) -> None:
    layout = prepared.platform.layout
    named = named_runtimes(layout.bundle)
    for tenant in prepared.platform.tenants:
        runtime.prune(layout.runtimes, tenant, named)


def _first_runs(prepared: Preparation, step: Step) -> tuple[str, ...]:
    if not prepared.platform.local.run_new_dags_once:
        return ()
    airflow = access.admin_access(prepared.platform)
    published = prepared.bundle.dag_ids()
    first_runs.wait_visible(airflow, published, lambda text: step("runs", text))
    return first_runs.run_new_dags(airflow, published, lambda text: step("runs", text))


def status_local(root: Path, environment: str) -> Status:
    """Return processes, DAGs and addresses as they are now."""
    return _status(deployed_platform(root, environment))


def _status(platform: Platform, published: Collection[str] | None = None) -> Status:
    found = processes.status(platform)
    running = [row.name for row in found.rows if row.state == "running"]
    if "api-server" not in running:
        return Status(found.rows, (), _addresses(platform), found.warnings, found.healthy)
    airflow = access.admin_access(platform)
    # Airflow lists what was taken away for some seconds more: a deploy knows better.
    listed = [row["dag_id"] for row in airflow.dags()] if published is None else published
    dags = first_runs.newest_runs(airflow, listed)
    errors = [
        f"Airflow does not import {row['filename']}: see Airflow's first page"
        for row in airflow.import_errors()
    ]
    return Status(found.rows, dags, _addresses(platform), (*found.warnings, *errors), found.healthy)


def _addresses(platform: Platform) -> tuple[str, ...]:
    if not state.exists(platform.layout):
        return ()
    file, _ = access.login(platform, access.ADMIN)
    return (
        f"Airflow          {platform.api_url}",
        f"log in as        {access.ADMIN}; the password is in {file}",
        "tenants' logins  the tenant's name; passwords in the same folder",
    )


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
    with alone(lock_file(root)):
        lifecycle.down(deployed_platform(root, environment), lambda text: step("down", text))


def destroy_local(root: Path, environment: str, step: Step) -> None:
    """Stop every process and delete all data, also what an interrupted deploy left half made."""
    with alone(lock_file(root)):
        lifecycle.destroy(deployed_platform(root, environment), lambda text: step("destroy", text))
        lock_file(root).unlink(missing_ok=True)


def is_deployed(root: Path, environment: str) -> bool:
    """Return whether there is anything of a deployment here, be it of an interrupted one."""
    return deployed_platform(root, environment).layout.state.exists()


def bundle_repository(root: Path, environment: str) -> Path:
    """Return the central DAG repository; AerodromeError where nothing is deployed."""
    repository = deployed_platform(root, environment).layout.bundle
    if not repository.is_dir():
        raise AerodromeError("nothing was published yet", f"make deploy ENV={environment}")
    return repository


def rollback_local(root: Path, environment: str, to: str) -> str:
    """Publish the earlier bundle *to* again and return what was done as a sentence.

    UserError where a virtual environment that it names was cleared away: its tasks could not run.
    """
    repository = bundle_repository(root, environment)
    layout = state.locate(root)
    with alone(lock_file(root)):
        gone = sorted(
            tenant
            for tenant, digests in runtimes_of(repository, to).items()
            if not all(is_whole(layout.runtimes / tenant / digest) for digest in digests)
        )
        if gone:
            raise UserError(
                f"{to} needs virtual environments that were cleared away since, of {', '.join(gone)}",
                "check out the source commit of that publish (make bundle-history) and deploy it",
            )
        return rollback(repository, to)
