"""Authorities that an environment names: PEM files beside environment.yaml."""

from __future__ import annotations

from pathlib import Path

from aerodrome.errors import UserError

_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def text(path: Path) -> str:
    """Return what the file holds, empty where it cannot be read: who only looks need not be stopped by it."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def required(path: Path, key: str, shown: object = None) -> str:
    """Return what the file holds; UserError names the file (or *shown*) and the *key* where it holds no certificate."""
    found = text(path)
    if _CERTIFICATE not in found:
        remedy = f"{key} names it: a PEM file beside environment.yaml"
        raise UserError(f"{shown or path} is missing, or holds no certificate", remedy)
    return found
