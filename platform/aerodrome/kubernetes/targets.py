"""What a deploy to a cluster changes, in the order it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Inventory, load_inventory
from aerodrome.kubernetes.connection import Connection
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.kubernetes.host_rights import let_in
from aerodrome.kubernetes.hosts import access_of, hosts_for, record_of
from aerodrome.kubernetes.hosts_behind import HostsBehind
from aerodrome.kubernetes.hosts_target import DeployedHosts, HostAccessTarget
from aerodrome.kubernetes.login import login_target
from aerodrome.kubernetes.preparation import Preparation
from aerodrome.plan import Target
from aerodrome.runtime.worker_packages import worker_lock
from aerodrome.secrets import access as secrets_access
from aerodrome.secrets.layout import Hosts
from aerodrome.secrets.usable import Tenants
from aerodrome.targets.database_version import of_lock
from aerodrome.targets.iam import IamTarget, logs_target, pods_target, results_target, roles_of
from aerodrome.targets.login import LoginTarget
from aerodrome.targets.part import Part, Restore
from aerodrome.targets.release import ReleaseTarget
from aerodrome.targets.roles import RolesTarget
from aerodrome.targets.secrets import VaultTarget


def targets(
    prepared: Preparation, connection: Connection, values: Mapping[str, Any], desk: ClusterDesk
) -> tuple[Target, ...]:
    """Return the targets: what pods read before the pods themselves, DAGs when all is there that runs them.

    What is taken away goes the other way round: the DAGs of a tenant that leaves before what their tasks need, rights
    that nobody is to have any more last, when what used them is gone.
    """
    login = login_target(connection, prepared.models)
    release = connection.release(values, of_lock(worker_lock(connection.root)))
    roles = RolesTarget(prepared.environment, prepared.models, desk)
    environment, inventory = prepared.environment, load_inventory(prepared.root, prepared.environment)
    record = record_of(connection)

    def zones() -> Hosts:
        return record.read().zones if environment.host_zones else {}

    rights = (
        *secrets_targets(prepared.root, environment, prepared.models, inventory, zones),
        *_in_aws(prepared),
    )
    given, taken = ([replace(each, part=part) for each in rights] for part in (Part.GRANTS, Part.REMOVALS))
    hosts = tuple(_hosts(prepared, connection, inventory, let_in=bool(zones())))
    behind = hosts_behind(hosts)
    leaving = prepared.bundle(part=Part.REMOVALS)
    bundle = prepared.bundle(lambda: behind.kept_back if behind else (), Part.GRANTS)
    return (*given, leaving, login, release, roles, *hosts, bundle, *reversed(taken))


def memories(found: tuple[Target, ...]) -> tuple[Restore, ...]:
    """Return what brings back the rights and the login of now, which *found* may change."""
    rights = (each for each in found if isinstance(each, VaultTarget | IamTarget))
    given = (each for each in rights if each.part is Part.GRANTS)
    login = (each for each in found if isinstance(each, LoginTarget))
    return tuple(each.remember() for each in (*given, *login))


def release_of(found: tuple[Target, ...]) -> ReleaseTarget:
    """Return the release among *found*."""
    (release,) = (target for target in found if isinstance(target, ReleaseTarget))
    return release


def secrets_targets(
    root: Path, environment: Environment, tenants: Tenants, inventory: Inventory, zones: Callable[[], Hosts]
) -> Iterator[VaultTarget | IamTarget]:
    """Yield the secrets store's rights as a target; those of hosts that were let in are among them.

    *zones* tells the hosts that are known to have been, and for which zone.
    """
    if environment.secrets.store == "ssm":
        yield IamTarget(environment, tenants, roles_of(environment))
    elif environment.secrets.store == "vault":
        vault = secrets_access.vault_for_pods(root, environment)

        def hosts() -> Hosts:
            return let_in(environment, inventory.hosts, vault, zones())

        yield VaultTarget(environment, tenants, vault, hosts=hosts)


def deployed_hosts(found: tuple[Target, ...]) -> DeployedHosts | None:
    """Return the hosts among *found*; None where the environment has none."""
    return next((target for target in found if isinstance(target, DeployedHosts)), None)


def hosts_behind(found: tuple[Target, ...]) -> HostsBehind | None:
    """Return what keeps DAGs back whose hosts lack what they run in; None where the environment has no hosts."""
    return next((target for target in found if isinstance(target, HostsBehind)), None)


def _hosts(
    prepared: Preparation, connection: Connection, inventory: Inventory, *, let_in: bool
) -> Iterator[HostAccessTarget | DeployedHosts | HostsBehind]:
    """Yield who may come in, where anybody ever could, the hosts of the inventory, and what those that fail mean."""
    access = access_of(connection, prepared.models, inventory)
    if inventory.hosts or let_in:
        yield HostAccessTarget(access)
    if inventory.hosts:
        hosts = DeployedHosts(hosts_for(connection, prepared.models, inventory), access)
        yield from (hosts, HostsBehind(prepared, hosts, access))


def _in_aws(prepared: Preparation) -> Iterator[IamTarget]:
    if prepared.environment.aws.manage_iam:
        yield pods_target(prepared.environment, prepared.models)
        yield logs_target(prepared.environment, prepared.models)
    if prepared.environment.results.kind == "s3":
        yield results_target(prepared.environment, prepared.models)
