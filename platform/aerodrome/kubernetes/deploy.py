"""plan and deploy of environments of kind kubernetes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.clients.cluster_lease import LostError
from aerodrome.errors import AerodromeError, Problem, UserError, counted
from aerodrome.hosts.inventory import load_inventory
from aerodrome.kubernetes.as_deployed import last_deployed
from aerodrome.kubernetes.connection import Connection, connect
from aerodrome.kubernetes.desk import PATIENCE_SECONDS, ClusterDesk, desk
from aerodrome.kubernetes.ending import Ending, entry_to_go_back_to
from aerodrome.kubernetes.migration import Migrating, Trail, backed_up, require_backup, trail_of
from aerodrome.kubernetes.preparation import Preparation, bundle_of, cluster_environment, prepare
from aerodrome.kubernetes.promotion import require_committed
from aerodrome.kubernetes.record import Entry, Record
from aerodrome.kubernetes.removed_tenants import looks
from aerodrome.kubernetes.required_rights import require_rights
from aerodrome.kubernetes.targets import deployed_hosts, hosts_behind, memories, release_of, targets
from aerodrome.kubernetes.tenant_namespaces import made_by_release
from aerodrome.kubernetes.unserved_queues import unserved_queues
from aerodrome.manifest.folder import tenant_folders
from aerodrome.manifest.load import load_repository
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.plan import Plan, Planned, Target, apply_targets, make_plan, require_same
from aerodrome.progress import Progress, Step
from aerodrome.secrets import access
from aerodrome.targets.orphans import with_orphans
from aerodrome.targets.release import Guard, MigratedError, ReleaseTarget
from aerodrome.targets.remote_bundle import PublishedBundle


@dataclass(frozen=True)
class Deployed:
    """What a deploy changed, what kept single DAGs out and which hosts were not done, and what else to know."""

    plan: Plan
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looked:
    """The targets as they were compared, and the plan that follows."""

    targets: tuple[Target, ...]
    plan: Plan


def plan_cluster(root: Path, name: str, say: Progress, *, to_apply: bool = False) -> Planned:
    """Return what a deploy would change now; changes nothing.

    UserError where the plan is *to_apply*, and the environment takes no files that are in no commit.
    """
    environment = cluster_environment(root, name)
    if to_apply:
        require_committed(root, environment)
    # Who cannot reach the cluster need not wait for the DAGs first.
    connect(root, environment)
    return plan_of(prepare(root, name, say))


def require_deployable(root: Path, name: str) -> None:
    """Do nothing where a deploy of this work tree could begin: what is quickly asked, and needs no image.

    UserError or AerodromeError where files are in no commit, the inventory has mistakes, the account is another one,
    cluster or secrets store do not answer whoever deploys, or the cluster lets them not do what a deploy does.
    """
    environment = cluster_environment(root, name)
    require_committed(root, environment)
    load_inventory(root, environment)
    connection = connect(root, environment)
    connection.cluster.get("/version")
    _require_rights(connection, load_repository(root, environment).tenants)
    if environment.secrets.store == "vault":
        access.vault_for_pods(root, environment)


def _require_rights(connection: Connection, tenants: Iterable[LoadedTenant]) -> None:
    made = made_by_release(connection.root, connection.environment, tenants)
    require_rights(connection.cluster, connection.environment, made)


def checked(root: Path, name: str, step: Step) -> Preparation:
    """Return what this work tree asks for, told step by step; UserError where it is not fit to be deployed."""
    step("check", "validating, rendering and importing every DAG")
    prepared = prepare(root, name, partial(step, "check"))
    require_committed(root, prepared.environment)
    dags, tenants = counted(len(prepared.build.dags), "DAG"), counted(len(prepared.build.tenants), "tenant")
    step("check", f"{dags} of {tenants} fit to publish")
    return prepared


def plan_of(prepared: Preparation) -> Planned:
    """Return what a deploy of *prepared* would change now; changes nothing."""
    connection = connect(prepared.root, prepared.environment)
    with desk(connection.cluster, prepared.environment) as people:
        found = _look(prepared, connection, people)
        planned = Planned(found.plan, _problems(prepared, found), _told_of_hosts(found.targets))
        return with_orphans(planned, prepared.root, looks(connection, people, tenant_folders(prepared.root)))


def deploy_cluster(
    prepared: Preparation, step: Step, planned: Plan, confirmed: Collection[str] = ()
) -> Deployed:
    """Bring about exactly what *planned* says of *prepared*, and run the smoke test.

    That is left out where what runs was seen to work. UserError, and nothing changed, where something else would be
    done. Where a step or the smoke test fails, release and DAGs go back to what was seen to work last; not so a deploy
    that migrates the database, which is backed up before anything else: it stops where it is.
    """
    connection = connect(prepared.root, prepared.environment)
    _require_rights(connection, prepared.tenants)
    with (
        connection.locked(partial(step, "lock")) as lease,
        desk(connection.cluster, prepared.environment, PATIENCE_SECONDS) as people,
    ):
        # A record that nobody can read would be found out when everything is changed.
        _record(connection).entries()
        found = _look(prepared, connection, people)
        require_same(planned, found.plan)
        ending = _ending(connection, release_of(found.targets), people, lease.check, step)
        touched = partial(_hosts_had_their_turn, found)
        ending = replace(ending, rights=memories(found.targets), hosts_had_their_turn=touched)
        migrating = backed_up(connection, ending.release, prepared.commit, step)
        trail = trail_of(found.targets, found.plan, lease.check)
        ending.bundle.begin()
        with followed(trail, ending, migrating):
            made = _applied(found, step, planned, confirmed, trail)
            ending.try_out(prepared.commit, prepared.digests, changed=bool(made.changes))
        last_deployed(connection).remember(prepared.models)
    hosts = deployed_hosts(found.targets)
    own = (hosts.problems, hosts.notes) if hosts else ((), ())
    return Deployed(made, (*_problems(prepared, found), *own[0]), own[1])


@contextmanager
def followed(trail: Trail, ending: Ending, migrating: Migrating | None = None) -> Iterator[None]:
    """Have what the block fails with tell how far it came, and what was done about it; a signal is told as a step."""
    try:
        yield
    except (LostError, UnreachableError) as problem:
        # Somebody else works there, or nobody can: nothing goes back.
        told = trail.told(problem)
        raise (migrating.told(told) if migrating else told) from None
    except AerodromeError as problem:
        if migrating:
            raise migrating.stop(problem, ending, trail) from None
        ending.take_back(trail.told(problem))
    except (KeyboardInterrupt, SystemExit):
        ending.step("interrupted", f"{trail}; the next deploy goes on from there")
        raise


def rollback_cluster(root: Path, name: str, step: Step, number: int | None = None) -> Entry:
    """Have run again what ran after deploy *number*, or after the one before the last; return that deploy.

    UserError, and nothing changed, where there is none, or whoever asks may not do what a deploy does.
    """
    environment = cluster_environment(root, name)
    connection = connect(root, environment)
    require_rights(connection.cluster, environment)
    with connection.locked(partial(step, "lock")) as lease, desk(connection.cluster, environment) as people:
        ending = _ending(connection, connection.release({}), people, lease.check, step)
        entry = entry_to_go_back_to(ending.record, number)
        try:
            ending.go_back(entry)
        except MigratedError as refused:
            raise UserError(f"{refused.args[0]}\n{ending.backups_since(entry)}", refused.remedy) from None
    return entry


def _ending(
    connection: Connection, release: ReleaseTarget, people: ClusterDesk, guard: Guard, step: Step
) -> Ending:
    release.guard = guard
    environment = connection.environment
    bundle = PublishedBundle(bundle_of(connection.root, environment))
    inventory = load_inventory(connection.root, environment)
    return Ending(
        release,
        bundle,
        people,
        _record(connection),
        guard,
        step,
        unserved=unserved_queues(connection.cluster, environment, inventory),
        hosts=tuple(host.name for host in inventory.hosts),
    )


def _record(connection: Connection) -> Record:
    return Record(connection.cluster, connection.environment.cluster.namespace)


def _problems(prepared: Preparation, found: Looked) -> tuple[Problem, ...]:
    """Return what keeps single DAGs out: mistakes in them, and hosts that lack what they run in."""
    behind = hosts_behind(found.targets)
    return (*prepared.problems, *(behind.problems if behind else ()))


def _hosts_had_their_turn(found: Looked) -> bool:
    hosts = deployed_hosts(found.targets)
    return hosts is not None and hosts.had_their_turn


def _told_of_hosts(found: tuple[Target, ...]) -> tuple[str, ...]:
    """Return which hosts a plan could not look at, and which a deploy leaves as they are."""
    hosts = deployed_hosts(found)
    if hosts is None:
        return ()
    return (*(f"host {problem.field}: {problem.message}" for problem in hosts.problems), *hosts.notes)


def _applied(found: Looked, step: Step, planned: Plan, confirmed: Collection[str], trail: Trail) -> Plan:
    # Where nothing differs there is no turn to look again before.
    if not found.plan.changes:
        return found.plan
    return apply_targets(planned.environment, trail.turns, step, planned, confirmed)


def _look(prepared: Preparation, connection: Connection, people: ClusterDesk) -> Looked:
    values = prepared.values()
    found = targets(prepared, connection, values, people)
    plan = make_plan(prepared.environment.name, found, prepared.commit, prepared.desired(values))
    require_backup(connection, release_of(found))
    return Looked(found, replace(plan, staying=tuple(sorted(prepared.staying.tenants))))
