"""What a deploy to a cluster changes, in the order it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aerodrome.kubernetes.connection import Connection
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.kubernetes.preparation import Preparation
from aerodrome.plan import Target
from aerodrome.secrets import access
from aerodrome.targets.iam import IamTarget, pods_target, results_target, roles_of
from aerodrome.targets.release import ReleaseTarget
from aerodrome.targets.roles import RolesTarget
from aerodrome.targets.secrets import VaultTarget


def targets(
    prepared: Preparation, connection: Connection, values: Mapping[str, Any], desk: ClusterDesk
) -> tuple[Target, ...]:
    """Return the targets: who may read secrets before the pods that do, DAGs when all is there that runs them."""
    release = connection.release(values)
    roles = RolesTarget(prepared.environment, prepared.models, desk)
    return (*_secrets(prepared), *_in_aws(prepared), release, roles, prepared.bundle)


def release_of(found: tuple[Target, ...]) -> ReleaseTarget:
    """Return the release among *found*."""
    (release,) = (target for target in found if isinstance(target, ReleaseTarget))
    return release


def _secrets(prepared: Preparation) -> Iterator[Target]:
    environment = prepared.environment
    if environment.secrets.store == "ssm":
        yield IamTarget(environment, prepared.models, roles_of(environment))
    elif environment.secrets.store == "vault":
        yield VaultTarget(environment, prepared.models, access.vault(environment))


def _in_aws(prepared: Preparation) -> Iterator[Target]:
    if prepared.environment.aws.manage_iam:
        yield pods_target(prepared.environment, prepared.models)
    if prepared.environment.results.kind == "s3":
        yield results_target(prepared.environment, prepared.models)
