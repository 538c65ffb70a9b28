"""plan and deploy of environments of kind kubernetes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aerodrome.errors import AerodromeError, Problem, counted
from aerodrome.kubernetes.connection import Connection, connect
from aerodrome.kubernetes.desk import ClusterDesk, desk
from aerodrome.kubernetes.preparation import Preparation, prepare
from aerodrome.kubernetes.smoke import SmokeTest
from aerodrome.kubernetes.targets import release_of, targets
from aerodrome.plan import Plan, Planned, Target, apply_targets, make_plan, require_same
from aerodrome.progress import Progress, Step
from aerodrome.targets.release import Guard


@dataclass(frozen=True)
class Deployed:
    """What a deploy changed, and what kept single DAGs out."""

    plan: Plan
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Looked:
    """The targets as they were compared, and the plan that follows."""

    targets: tuple[Target, ...]
    plan: Plan


def plan_cluster(root: Path, name: str, say: Progress) -> Planned:
    """Return what a deploy would change now; changes nothing."""
    prepared = prepare(root, name, say)
    connection = connect(root, prepared.environment)
    with desk(connection.cluster, prepared.environment) as people:
        found = _look(prepared, connection, people)
    return Planned(found.plan, prepared.build.problems)


def deploy_cluster(
    root: Path, name: str, step: Step, planned: Plan, confirmed: Collection[str] = ()
) -> Deployed:
    """Bring about exactly what *planned* says, and run the smoke test where that changed anything.

    UserError, and nothing changed, where something else would be done.
    """
    prepared = _prepared(root, name, step)
    connection = connect(root, prepared.environment)
    with (
        connection.locked(partial(step, "lock")) as lease,
        desk(connection.cluster, prepared.environment) as people,
    ):
        found = _look(prepared, connection, people)
        require_same(planned, found.plan)
        release_of(found.targets).guard = lease.check
        prepared.bundle.begin()
        made = apply_targets(name, found.targets, step, planned, confirmed)
        if made.changes:
            _smoke(prepared, people, lease.check, partial(step, "smoke test"))
    return Deployed(made, prepared.build.problems)


def _look(prepared: Preparation, connection: Connection, people: ClusterDesk) -> Looked:
    values = prepared.values()
    found = targets(prepared, connection, values, people)
    plan = make_plan(prepared.environment.name, found, prepared.commit, prepared.desired(values))
    return Looked(found, plan)


def _smoke(prepared: Preparation, people: ClusterDesk, guard: Guard, say: Progress) -> None:
    airflow = people.administrator()
    if airflow is None:
        raise AerodromeError("Airflow's API server does not answer", "make status shows its pods")
    SmokeTest(airflow, prepared.environment.queues, guard, say).run()


def _prepared(root: Path, name: str, step: Step) -> Preparation:
    step("check", "validating, rendering and importing every DAG")
    prepared = prepare(root, name, partial(step, "check"))
    dags, tenants = counted(len(prepared.build.dags), "DAG"), counted(len(prepared.build.tenants), "tenant")
    step("check", f"{dags} of {tenants} fit to publish")
    return prepared
