"""Secrets that a release generates for itself are the same everywhere in one rendering."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from chart_releases import objects

GENERATED = {
    "jwtSecret": ("rel-jwt-secret", "jwt-secret"),
    "apiSecretKey": ("rel-api-secret-key", "api-secret-key"),
    "webserverSecretKey": ("rel-webserver-secret-key", "webserver-secret-key"),
    "redis.password": ("rel-redis-password", "password"),
    "postgresql.auth.postgresPassword": ("rel-postgresql", "postgres-password"),
}
"""Value that says what would be generated otherwise → Secret and key."""
OF_VERSION = {
    "3.3.2": GENERATED.keys() - {"webserverSecretKey"},
    "2.11.0": GENERATED.keys() - {"jwtSecret", "apiSecretKey"},
}


def checksums(release: tuple[Any, ...]) -> dict[str, dict[str, str]]:
    """Return the checksums of secrets that pods of each workload carry."""
    found = {}
    for one in release:
        metadata = ((one.get("spec") or {}).get("template") or {}).get("metadata") or {}
        stamps = metadata.get("annotations") or {}
        found[f"{one['kind']} {one['metadata']['name']}"] = {
            key: text for key, text in stamps.items() if key.startswith("checksum/") and "secret" in key
        }
    return found


def generated(release: tuple[Any, ...]) -> dict[str, Any]:
    """Return what was generated for *release*, as the values that would say so."""
    secrets = {one["metadata"]["name"]: one["data"] for one in release if one["kind"] == "Secret"}
    values: dict[str, Any] = {}
    for path, (name, key) in GENERATED.items():
        *parts, last = path.split(".")
        section = values
        if name in secrets:
            for part in parts:
                section = section.setdefault(part, {})
            section[last] = b64decode(secrets[name][key]).decode()
    return values


@pytest.mark.parametrize("program", ["helm3", "helm4"])
@pytest.mark.parametrize("version", OF_VERSION)
def test_checksums_are_those_of_the_secrets_that_were_generated(
    helm: dict[str, Path], program: str, version: str
) -> None:
    """So the next deploy, which finds the same secrets, restarts nothing."""
    values: dict[str, Any] = {"airflowVersion": version}
    first = objects(helm[program], "company", values=json.dumps(values))
    second = objects(helm[program], "company", values=json.dumps(values | generated(first)))
    assert any(stamps for stamps in checksums(first).values())
    assert checksums(first) == checksums(second)


@pytest.mark.parametrize("version", OF_VERSION)
def test_each_release_has_secrets_of_its_own(helm: dict[str, Path], version: str) -> None:
    """Each of those that it generates differs from another release's."""
    mine, others = (
        generated(objects(helm["helm3"], "company", values=json.dumps({"airflowVersion": version, **labels})))
        for labels in ({}, {"labels": {"a": "b"}})
    )
    assert flat(mine).keys() == flat(others).keys() == OF_VERSION[version]
    assert not set(flat(mine).values()) & set(flat(others).values())


def flat(values: dict[str, Any], before: str = "") -> dict[str, str]:
    """Return values by their paths."""
    found: dict[str, str] = {}
    for key, value in values.items():
        found |= flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return found
