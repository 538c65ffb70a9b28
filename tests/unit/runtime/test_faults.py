"""What the machine and the index do wrong is no mistake of a tenant, and harms no other tenant."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError, UserError
from aerodrome.runtime import Owner, RuntimeSource, Tools, Workshop, build_all, build_runtime, read_source
from aerodrome.runtime.sealing import link_tree

MakeTenant = Callable[..., Path]
LOCK = f"iniconfig==2.3.0 --hash=sha256:{'0' * 64}\n"
OTHER_DISK = Path("/dev/shm")
# A disk of two megabytes, of which nobody else sees anything.
_ON_A_SMALL_DISK = 'mount -t tmpfs -o size=2m none "$1" && exec "$2" -c "$3" "$1" "$4"'
_BUILD = """
import sys; from pathlib import Path
from aerodrome.runtime import Tools, Workshop, build_runtime, read_source
from aerodrome.runtime.uv import find_uv
from aerodrome.errors import AerodromeError
tools = Tools(Path(sys.executable), find_uv())
try:
    build_runtime(read_source(Path(sys.argv[2])), Workshop(Path(sys.argv[1]) / "runtimes", tools))
except AerodromeError as error:
    print(type(error).__name__, error)
"""


def source_of(folder: Path) -> RuntimeSource:
    """Return what the environment of the tenant in *folder* is made of."""
    source = read_source(folder)
    assert source is not None
    return source


def fault(source: RuntimeSource, workshop: Workshop) -> AerodromeError:
    """Return the error of a build that is nobody's mistake."""
    with pytest.raises(AerodromeError) as error:
        build_runtime(source, workshop)
    assert not isinstance(error.value, UserError) and error.value.exit_code == 1 and error.value.remedy
    return error.value


def test_a_missing_interpreter_is_told_for_each_tenant(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """uv cannot make an environment on it; no traceback ends the deploy."""
    broken = replace(workshop, tools=Tools(Path("/nonexistent/python3.11"), workshop.tools.uv))
    _, errors = build_all([source_of(make_tenant(name)) for name in ("one", "two")], broken)
    assert list(errors) == ["one", "two"]
    assert "tenants/one: no virtual environment can be made: " in str(errors["one"])
    assert errors["one"].exit_code == 1 and "/nonexistent/python3.11" in str(errors["one"])


def test_a_missing_uv_is_told(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """With what brings it back."""
    broken = replace(workshop, tools=Tools(workshop.tools.python, Path("/nonexistent/uv")))
    assert "/nonexistent/uv cannot be started: No such file" in str(fault(source_of(make_tenant()), broken))


def test_a_place_that_cannot_be_used_harms_its_tenant_only(
    make_tenant: MakeTenant, workshop: Workshop
) -> None:
    """Where the one's folder should be stands a file; the other is built."""
    workshop.into.mkdir()
    (workshop.into / "bad").write_text("")
    runtimes, errors = build_all([source_of(make_tenant(name)) for name in ("bad", "good")], workshop)
    assert list(runtimes) == ["good"] and errors["bad"].exit_code == 1
    assert str(errors["bad"]).startswith("tenants/bad: its environment cannot be built: ")


def test_an_index_that_never_answers_is_no_mistake_of_the_tenant(
    make_tenant: MakeTenant, workshop: Workshop, silent_index: socket.socket
) -> None:
    """After the time limit the build is given up, and its lock is not blamed."""
    told = fault(source_of(make_tenant(lock=LOCK)), replace(workshop, seconds=2))
    assert "tenants/payments/requirements.lock: cannot be installed: not finished after 2 seconds" in str(
        told
    )
    assert "lock-tenant" not in str(told)


def test_an_index_that_is_gone_is_no_mistake_of_the_tenant(
    make_tenant: MakeTenant, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying again is what helps."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    assert "no answer from the package index" in str(fault(source_of(make_tenant(lock=LOCK)), workshop))


def test_a_full_disk_is_no_mistake_of_the_tenant(make_tenant: MakeTenant, tmp_path: Path) -> None:
    """The remedy is space."""
    (tmp_path / "disk").mkdir()
    own = ["sh", "-c", _ON_A_SMALL_DISK, "sh", str(tmp_path / "disk"), sys.executable, _BUILD]
    folder = make_tenant(code=f"text = {'x' * 3_000_000!r}\n")
    isolated = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    done = subprocess.run([*isolated, *own, str(folder)], capture_output=True, text=True, check=False)
    if "mount" in done.stderr:
        pytest.skip("this machine lets nobody mount a disk of its own")
    assert done.stdout.startswith("AerodromeError tenants/payments"), done.stderr
    assert "No space left on device" in done.stdout and "free space on that disk" in done.stdout


@pytest.mark.parametrize("owner", [None, Owner(54321, 54321)])
def test_a_layer_on_another_disk_is_copied(tmp_path: Path, owner: Owner | None) -> None:
    """No hard link leads from one disk to another; the copy belongs to whom the file belonged to."""
    if not OTHER_DISK.is_dir() or OTHER_DISK.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one disk")
    if owner and os.geteuid() != 0:
        pytest.skip("needs root")
    (tmp_path / "layer" / "bin").mkdir(parents=True)
    (tmp_path / "layer" / "bin" / "tool").write_text("x")
    (tmp_path / "layer" / "bin" / "tool").chmod(0o750)
    target = Path(tempfile.mkdtemp(dir=OTHER_DISK))
    try:
        link_tree(tmp_path / "layer", target / "venv", owner)
        made = (target / "venv" / "bin" / "tool").stat()
        assert made.st_mode & 0o777 == 0o750 and made.st_uid == os.geteuid()
    finally:
        shutil.rmtree(target)
