"""The tenants' virtual environments: built where missing, and one that fails harms its tenant only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from aerodrome.runtime import Tools, Workshop, read_source
from aerodrome.runtime.uv import find_uv
from aerodrome.targets.runtimes import RuntimesTarget

PYPROJECT = """\
[build-system]
requires = ["uv_build>=0.9"]
build-backend = "uv_build"
[project]
name = "%s"
version = "0.1.0"
"""


def write_tenant(place: Any, name: str, lock: str) -> None:
    """Write a tenant with a package and *lock*."""
    place.tenant(name, more="dependencies: requirements.lock\n")
    place.write(f"tenants/{name}/requirements.lock", lock)
    place.write(f"tenants/{name}/pyproject.toml", PYPROJECT % name)
    place.write(f"tenants/{name}/src/{name}/__init__.py", "")


@pytest.fixture
def target(place: Any, tmp_path: Path) -> RuntimesTarget:
    """Three tenants, of which beta's lock cannot be installed."""
    for name, lock in (("alpha", ""), ("beta", "nosuch==1.0\n"), ("gamma", "")):
        write_tenant(place, name, lock)
    into = tmp_path / "runtimes"
    sources = [
        source
        for name in ("alpha", "beta", "gamma")
        if (source := read_source(place.root / "tenants" / name))
    ]
    tools = Tools(Path(sys.executable), find_uv())

    def workshop(say: Any) -> Workshop:
        return Workshop(into, tools, {}, lambda name, text: say(f"{name}: {text}"))

    return RuntimesTarget(sources, workshop, into)


def test_a_lock_that_fails_harms_its_tenant_only(target: RuntimesTarget) -> None:
    """The others are built; the failure is told as a problem of the tenant's lock."""
    said: list[str] = []
    changes = target.changes()
    assert [change.what for change in changes] == [
        f"environment of {name}" for name in ("alpha", "beta", "gamma")
    ]
    target.apply(changes, said.append)
    assert target.failed == {"beta"} and {"alpha: ready", "gamma: ready"} <= set(said)
    assert str(target.failures[0]).startswith("tenants/beta/requirements.lock: 'nosuch==1.0' has no hash\n")
    assert [change.what for change in target.changes()] == ["environment of beta"]


def test_a_mended_lock_is_no_failure_any_more(target: RuntimesTarget, place: Any) -> None:
    """The next apply starts without what went wrong before."""
    write_tenant(place, "beta", "")
    target.apply((), lambda _: None)
    mended = RuntimesTarget([read_source(place.root / "tenants/beta")], target.workshop, target.into)  # type: ignore[list-item]
    mended.apply(mended.changes(), lambda _: None)
    assert mended.failed == frozenset() and mended.changes() == ()


def test_no_workshop_is_opened_for_nothing(tmp_path: Path) -> None:
    """The users that build may not exist yet, and asking which changes there are needs none."""

    def closed(_: object) -> Workshop:
        raise AssertionError("asked for")

    assert RuntimesTarget((), closed, tmp_path).changes() == ()
