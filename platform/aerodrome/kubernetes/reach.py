"""How the cluster of an environment is reached, with the account that the environment is in."""

from __future__ import annotations

from aerodrome.clients import cluster_access, eks
from aerodrome.clients.aws_session import require_account
from aerodrome.clients.cluster_access import Access
from aerodrome.environment import Environment


def access(environment: Environment) -> Access:
    """Return the access to the cluster of *environment*; UserError where AWS is asked with another account's login."""
    settings = environment.cluster
    if settings.eks is None:
        return cluster_access.access(settings.context)
    require_account(settings.eks, environment.name)
    return eks.access(settings)
