"""Debian's packages for tests: installed when they are missing, without starting what they bring."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

POLICY = Path("/usr/sbin/policy-rc.d")
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


class NotHereError(Exception):
    """This machine cannot have the packages; the text says why."""


def ensure(packages: Sequence[str]) -> None:
    """Install those of *packages* that are missing, and say so first; NotHereError where that is not possible."""
    missing = [name for name in packages if not _installed(name)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NotHereError(f"needs {', '.join(missing)}: only root can install them, on Debian")
    print(f"installing with apt-get: {', '.join(missing)}", flush=True)
    with _services_stay_down():
        _run("update", "-qq")
        _run("install", "-y", "-qq", "--no-install-recommends", *missing)


def leave_out_without(
    packages: Sequence[str], place: Path, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out the tests at *place*, which need *packages*: `pytest --hosts` installs these and runs them."""
    if config.getoption("--hosts", default=False):
        ensure(packages)
        return
    left_out = [item for item in items if item.path.is_relative_to(place)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _installed(package: str) -> bool:
    command = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout == "installed"
    return False


def _run(*arguments: str) -> None:
    environment = {**os.environ, **QUIET}
    done = subprocess.run(
        ["apt-get", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotHereError(f"apt-get {arguments[0]} failed:\n{(done.stderr or done.stdout)[-2000:]}")


@contextlib.contextmanager
def _services_stay_down() -> Iterator[None]:
    """Debian asks this program whether a service that was just installed may start."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
