"""Reaching the secrets store of an environment that is no ENV=local."""

from __future__ import annotations

import os
from pathlib import Path

from aerodrome import authority_files
from aerodrome.clients.aws import ParameterStore
from aerodrome.clients.aws_session import require_account, session
from aerodrome.clients.vault import Vault
from aerodrome.environment import FOLDER, Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.secrets.values import Values, VaultValues

TOKEN = "VAULT_TOKEN"  # noqa: S105  (the name of a variable)


def vault(root: Path, environment: Environment) -> Vault:
    """Return the access to Vault or OpenBao that the variable VAULT_TOKEN gives; it answers."""
    settings = environment.secrets.vault
    if not settings.url:
        file = f"{FOLDER}/{environment.name}/environment.yaml"
        raise UserError(f"{file} does not say where Vault is", "add secrets: {vault: {url: https://…}}")
    token = os.environ.get(TOKEN)
    if not token:
        raise UserError(f"the variable {TOKEN} is not set", f"log in to {settings.url} and export it")
    authority(root, environment)
    path = _authority_file(root, environment)
    found = Vault(settings.url, token, None if path is None else str(path))
    try:
        state = found.answered()
    except AerodromeError as problem:
        file = f"{FOLDER}/{environment.name}/environment.yaml"
        remedy = f"try again when it does; its address and authority are url and ca_file of secrets.vault in {file}"
        raise AerodromeError(str(problem.args[0]), remedy) from None
    # Of several servers one may answer that is not the leader: it passes on what is written.
    if state not in ("ready", "starting"):
        raise AerodromeError(f"{found.url} is {state}", "try again when it is ready")
    return found


def vault_for_pods(root: Path, environment: Environment) -> Vault:
    """Return what :func:`vault` does; UserError where it knows no cluster, so that no pod could log in."""
    found, method = vault(root, environment), environment.secrets.vault.kubernetes_mount
    if found.role(f"auth/{method}", "config") is None:
        raise UserError(
            f"the login method {method} of {found.url} knows no cluster: no pod could log in",
            "docs/how-to/let-pods-read-secrets.md tells what to give it, once",
        )
    return found


def authority(root: Path, environment: Environment) -> str:
    """Return the text of Vault's authority, empty where it is a public one; UserError where its file is none."""
    path = _authority_file(root, environment)
    if path is None:
        return ""
    return authority_files.required(path, "secrets.vault.ca_file", path.relative_to(root))


def parameters(environment: Environment) -> ParameterStore:
    """Return AWS's store of *environment*, with the rights of who runs this command.

    UserError where that is somebody of another AWS account than the cluster's.
    """
    settings, eks = environment.secrets.ssm, environment.cluster.eks
    assert settings is not None
    if eks is not None:
        require_account(eks, environment.name)
    return ParameterStore(settings.region, settings.prefix, settings.kms_key, settings.endpoint, session(eks))


def values(root: Path, environment: Environment) -> Values:
    """Return the connections and variables of *environment*, with the rights of who runs this command."""
    if environment.secrets.store == "ssm":
        return parameters(environment)
    return VaultValues(vault(root, environment))


def _authority_file(root: Path, environment: Environment) -> Path | None:
    name = environment.secrets.vault.ca_file
    return root / FOLDER / environment.name / name if name else None
