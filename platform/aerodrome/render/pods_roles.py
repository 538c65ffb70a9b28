"""As which IAM role the code of a tenant acts in AWS, from its pods in one zone."""

from __future__ import annotations

from aerodrome import names
from aerodrome.cluster_settings import EksSettings
from aerodrome.environment import Environment


def role_of_pods(environment: Environment, tenant: str, zone: str) -> str | None:
    """Return the ARN of the role of *tenant*'s code in *zone*; None where it is nobody in AWS."""
    if not environment.aws.manage_iam:
        return environment.aws.tenant_roles.get(tenant, {}).get(zone)
    eks, place = eks_of(environment), environment.name
    path, name = names.pods_path(place), names.pods_role(place, tenant, zone)
    return f"arn:{eks.partition}:iam::{eks.account}:role{path}{name}"


def eks_of(environment: Environment) -> EksSettings:
    """Return the cluster of AWS of *environment*; ValueError where it has none."""
    if environment.cluster.eks is None:
        raise ValueError(f"{environment.name} has no cluster of AWS")
    return environment.cluster.eks
