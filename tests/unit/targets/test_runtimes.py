"""The tenants' virtual environments: built where missing, and one that fails harms its tenant only."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.runtime import Tools, Workshop, read_source
from aerodrome.runtime.build import is_whole
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
    assert str(target.failures[0]).startswith("tenants/beta/requirements.lock:1: 'nosuch==1.0' has no hash\n")
    assert [change.what for change in target.changes()] == ["environment of beta"]


def test_a_mended_lock_is_no_failure_any_more(target: RuntimesTarget, place: Any) -> None:
    """The next apply starts without what went wrong before."""
    write_tenant(place, "beta", "")
    target.apply((), lambda _: None)
    mended = RuntimesTarget([read_source(place.root / "tenants/beta")], target.workshop, target.into)  # type: ignore[list-item]
    mended.apply(mended.changes(), lambda _: None)
    assert mended.failed == frozenset() and mended.changes() == ()


def test_a_fault_of_the_machine_harms_its_tenant_only(target: RuntimesTarget) -> None:
    """It is told beside a tenant's mistake, and alone it is the exit code of a fault."""
    target.into.mkdir()
    (target.into / "alpha").write_text("")
    target.apply((), lambda _: None)
    assert target.failed == {"alpha", "beta"} and is_whole(target.into / "gamma" / target.sources[2].digest)
    told = target.failures[0]
    assert str(told).startswith("tenants/alpha: its environment cannot be built: ") and told.remedy
    assert [ProblemsFound(some).exit_code for some in (target.failures, [told])] == [2, 1]


def test_a_missing_interpreter_ends_in_problems(target: RuntimesTarget) -> None:
    """One for each tenant, and no traceback."""
    shop = target.workshop(lambda _: None)
    nothing = replace(shop, tools=Tools(Path("/nonexistent/python"), shop.tools.uv))
    broken = RuntimesTarget(target.sources, lambda _: nothing, target.into)
    broken.apply((), lambda _: None)
    assert broken.failed == {"alpha", "beta", "gamma"}
    assert broken.failures[0].message.startswith("no virtual environment can be made: ")


def test_no_workshop_is_opened_for_nothing(tmp_path: Path) -> None:
    """The users that build may not exist yet, and asking which changes there are needs none."""

    def closed(_: object) -> Workshop:
        raise AssertionError("asked for")

    assert RuntimesTarget((), closed, tmp_path).changes() == ()
