"""Authorities that a login names: PEM files beside environment.yaml."""

from __future__ import annotations

from pathlib import Path

from aerodrome.environment import FOLDER, Environment
from aerodrome.errors import UserError
from aerodrome.render.login import AUTHORITIES

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def texts(root: Path, environment: Environment) -> dict[str, str]:
    """Return the authorities by the name of the file in which they are handed on; empty where one cannot be read."""
    return {AUTHORITIES[key]: _text_of(path) for key, path in _paths(root, environment).items()}


def require(root: Path, environment: Environment) -> None:
    """Do nothing where the files that the login names are there; UserError elsewhere."""
    for key, path in _paths(root, environment).items():
        if _CERTIFICATE not in _text_of(path):
            remedy = f"login.{key}.ca_file names it: a PEM file beside environment.yaml"
            raise UserError(f"{path} is missing, or holds no certificate", remedy)


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


def _text_of(path: Path) -> str:
    # Who only looks at the platform need not be stopped by a file that a deploy will ask for.
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
