"""A whole ENV=local for tests: state, ports and supervisor of its own, from a copy of the source."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import lifecycle
from aerodrome.local.release.preparation import Preparation, prepare
from aerodrome.plan import apply_targets, make_plan
from aerodrome.scaffold import scaffold_tenant
from free_ports import free_ports

PORTS = ("api_server", "postgres", "redis", "openbao", "openbao_cluster", "directory")


def clone(repository: Path, source: Path, target: Path, scaffolded: Sequence[str]) -> Path:
    """Return *target* with the platform's source, *source*'s environments and tenants, and those *scaffolded*.

    The environment's file must end with its section `local`: the ports are written behind it.
    """
    # Whoever edits the source while the tests run does not restart the processes under test.
    target.chmod(0o755)
    for name in ("platform", "common_plugins"):
        shutil.copytree(repository / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock", "README.md"):
        shutil.copy2(repository / name, target / name)
    (target / ".venv").symlink_to(repository / ".venv")
    for tenant in scaffolded:
        scaffold_tenant(target, tenant)
    for name in ("environments", "tenants"):
        shutil.copytree(source / name, target / name, dirs_exist_ok=True)
    with (target / "environments/local/environment.yaml").open("a") as file:
        file.write(f"  ports: {json.dumps(dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))}\n")
    return target


@contextlib.contextmanager
def deployed(
    copy: Path, state: Path, more: Callable[[Preparation], None] = lambda _: None
) -> Iterator[Platform]:
    """Deploy *copy* with its state in *state*, then do *more*; destroy it at the end, whatever happened.

    Nothing is done that a plan did not say before any of it ran.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AERODROME_STATE", str(state))
        prepared = prepare(copy, "local", print)
    assert not prepared.build.problems, prepared.build.problems
    try:
        targets = prepared.targets()
        apply_targets("local", targets, print, make_plan("local", targets))
        assert not prepared.runtimes.failures, prepared.runtimes.failures
        more(prepared)
        yield prepared.platform
    finally:
        lifecycle.destroy(prepared.platform.layout, print)
        state.with_name(f"{state.name}.lock").unlink(missing_ok=True)


def state_folder(name: str, otherwise: Path) -> Path:
    """Return where a platform of this process keeps its state: as root the parents must be open to all users."""
    return Path(f"/var/lib/{name}-{os.getpid()}") if os.geteuid() == 0 else otherwise
