"""Reaching the secrets store of an environment that is no ENV=local."""

from __future__ import annotations

import os

from aerodrome.clients.aws import ParameterStore
from aerodrome.clients.aws_session import require_account, session
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.secrets.values import Values, VaultValues

TOKEN = "VAULT_TOKEN"  # noqa: S105  (the name of a variable)


def vault(environment: Environment) -> Vault:
    """Return the access to Vault or OpenBao that the variable VAULT_TOKEN gives; it answers."""
    if not environment.secrets.vault.url:
        file = f"environments/{environment.name}/environment.yaml"
        raise UserError(f"{file} does not say where Vault is", "add secrets: {vault: {url: https://…}}")
    token = os.environ.get(TOKEN)
    if not token:
        raise UserError(
            f"the variable {TOKEN} is not set", f"log in to {environment.secrets.vault.url} and export it"
        )
    found = Vault(environment.secrets.vault.url, token)
    # Of several servers one may answer that is not the leader: it passes on what is written.
    if (state := found.state()) not in ("ready", "starting"):
        raise AerodromeError(f"{found.url} is {state}", "try again when it answers")
    return found


def values(environment: Environment) -> Values:
    """Return the connections and variables of *environment*, with the rights of who runs this command.

    UserError where that is somebody of another AWS account than the cluster's.
    """
    settings = environment.secrets.ssm
    if environment.secrets.store == "ssm" and settings is not None:
        eks = environment.cluster.eks
        if eks is not None:
            require_account(eks, environment.name)
        who = session(eks)
        return ParameterStore(settings.region, settings.prefix, settings.kms_key, settings.endpoint, who)
    return VaultValues(vault(environment))
