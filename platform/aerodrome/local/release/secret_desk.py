"""Writing secrets into the store of ENV=local, which must run."""

from __future__ import annotations

from pathlib import Path

from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError
from aerodrome.local.release.preparation import deployed_platform
from aerodrome.local.stores import openbao
from aerodrome.names import SECRETS_MOUNT
from aerodrome.secrets import access
from aerodrome.secrets.values import VaultValues
from aerodrome.secrets.writing import Desk


def local_desk(root: Path, environment: Environment) -> Desk:
    """Return the place where secrets of *environment* are written; AerodromeError where its store does not run."""
    if environment.secrets.store == "ssm":
        return Desk(root, environment, access.parameters(environment))
    # Where it runs is what was deployed, whatever environment.yaml says now.
    platform = deployed_platform(root, environment.name)
    vault = openbao.vault(platform)
    ready = vault.token is not None and vault.state() == "ready"
    if not ready or SECRETS_MOUNT not in vault.mounts():
        raise AerodromeError(
            "the secrets store does not run here", f"make deploy ENV={environment.name} first"
        )
    return Desk(root, environment, VaultValues(vault), vault)
