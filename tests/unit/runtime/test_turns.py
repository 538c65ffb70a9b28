"""Whose turn it is to build for a tenant is decided where the tenant has no say."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.runtime import Workshop, build_runtime, read_source
from aerodrome.runtime.turns import open_lock, take

MakeTenant = Callable[..., Path]
HOLD = """
import fcntl, sys
for path in sys.argv[1:]:
    try:
        fcntl.flock(open(path), fcntl.LOCK_EX | fcntl.LOCK_NB)
        print("held", path)
    except OSError as problem:
        print(type(problem).__name__, path)
"""


def test_a_build_that_waits_too_long_says_for_whom(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """A lock that somebody holds for ever must not hold a deploy for ever."""
    source = read_source(make_tenant())
    assert source is not None
    workshop.into.mkdir()
    with open_lock(workshop.into, "payments") as lock:
        assert take(lock)
        told = rf"tenants/payments: process {os.getpid()} \(since .*\) builds or clears away there for more than 0 s"
        with pytest.raises(AerodromeError, match=told) as error:
            build_runtime(source, replace(workshop, patience=0.3))
    assert error.value.exit_code == 1 and "end it" in error.value.remedy


def test_a_lock_is_its_makers_alone(tmp_path: Path) -> None:
    """Whoever can open it, be it to read, can hold it."""
    with open_lock(tmp_path, "payments") as lock:
        assert stat.S_IMODE(os.fstat(lock.fileno()).st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / ".locks").stat().st_mode) == 0o700


def test_a_tenant_holds_no_lock_of_a_build(make_tenant: MakeTenant, owned_workshop: Workshop) -> None:
    """Its user opens no file that a later build waits for."""
    source = read_source(make_tenant())
    assert source is not None
    build_runtime(source, owned_workshop)
    python, user = owned_workshop.tools.python, owned_workshop.owners["payments"]
    locks = [str(path) for path in owned_workshop.into.rglob(".lock*") if path.is_file()]
    locks += [str(path) for path in (owned_workshop.into / ".locks").iterdir()]
    options: dict[str, Any] = {"user": user.uid, "group": user.gid, "extra_groups": [], "cwd": "/"}
    done = subprocess.run([python, "-c", HOLD, *locks], capture_output=True, text=True, check=True, **options)
    assert locks and "held" not in done.stdout, done.stdout
