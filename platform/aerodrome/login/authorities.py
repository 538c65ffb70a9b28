"""Authorities that a login names: PEM files beside environment.yaml."""

from __future__ import annotations

from pathlib import Path

from aerodrome import authority_files
from aerodrome.environment import FOLDER, Environment
from aerodrome.render.login import AUTHORITIES


def texts(root: Path, environment: Environment) -> dict[str, str]:
    """Return the authorities by the name of the file in which they are handed on; empty where one cannot be read."""
    return {AUTHORITIES[key]: authority_files.text(path) for key, path in _paths(root, environment).items()}


def require(root: Path, environment: Environment) -> None:
    """Do nothing where the files that the login names are there; UserError elsewhere."""
    for key, path in _paths(root, environment).items():
        authority_files.required(path, f"login.{key}.ca_file")


def of_directory(root: Path, environment: Environment) -> str | None:
    """Return the authority of the directory that the login names, as PEM; None: the machine's own."""
    return texts(root, environment).get(AUTHORITIES["directory"])


def _paths(root: Path, environment: Environment) -> dict[str, Path]:
    login, folder = environment.login, root / FOLDER / environment.name
    named = {
        "directory": login.directory.ca_file if login.directory else None,
        "oidc": login.oidc.ca_file if login.oidc else None,
    }
    return {key: folder / name for key, name in named.items() if name}
