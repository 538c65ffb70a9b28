"""A tenant's environment on a host: packed here, unpacked and built there by the platform's own code."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.runtime import Tools, runtime_digest
from aerodrome.runtime.on_host import Order, Wanted, build, look
from aerodrome.runtime.packing import packed, packed_for_host
from aerodrome.runtime.uv import find_uv

MakeTenant = Callable[..., Path]
SYSTEM_PYTHON = Path("/usr/bin/python3.11")


@pytest.fixture
def host() -> Iterator[Path]:
    """A folder that every user can reach, as a host's is."""
    with tempfile.TemporaryDirectory(prefix="aerodrome-host-") as made:
        Path(made).chmod(0o755)
        (Path(made) / "runtimes").mkdir()
        yield Path(made)


@pytest.fixture
def order(host: Path, spare_users: tuple[str, ...]) -> Callable[..., Order]:
    """Return what orders environments of tenants' folders, which arrive as files; the tenants share a spare user."""
    if os.geteuid() != 0 or not SYSTEM_PYTHON.exists() or len(spare_users) < 2:
        pytest.skip("needs root, two spare users and a Python that every user can run")

    def make(*folders: Path, unpack: bool = True) -> Order:
        incoming = host / "runtimes/.incoming"
        wanted = tuple(Wanted(each.name, spare_users[0], runtime_digest(each) or "") for each in folders)
        for folder in folders if unpack else ():
            with tarfile.open(packed_for_host(folder, host / "cache", wheels=False)) as tar:
                tar.extractall(incoming, filter="tar")
        tools = Tools(SYSTEM_PYTHON, find_uv())
        return Order(host / "runtimes", incoming, tools, spare_users[1], "", wanted)

    return make


def test_what_is_packed_is_what_an_environment_is_made_of(make_tenant: MakeTenant, tmp_path: Path) -> None:
    """Neither the tenant's DAGs nor its tests; and once for each digest."""
    folder = make_tenant("alpha")
    (folder / "dags").mkdir()
    (folder / "dags/one.yaml").write_text("dag_id: one")
    made = packed(folder, tmp_path / "cache", wheels=False)
    with tarfile.open(made) as tar:
        names = set(tar.getnames())
    files = ("pyproject.toml", "requirements.lock", "src/alpha/__init__.py", "tenant.yaml")
    assert names == {f"alpha/{name}" for name in files}
    before = made.stat().st_mtime_ns
    assert packed(folder, tmp_path / "cache", wheels=False).stat().st_mtime_ns == before


def test_a_host_builds_what_it_lacks(make_tenant: MakeTenant, order: Callable[..., Order]) -> None:
    """As the tenant's user; nothing is left of what came, and nothing is built twice."""
    wanted = order(make_tenant("alpha"))
    assert look(wanted) == {"missing": ["alpha"]}
    answer = build(wanted)
    python = wanted.into / "alpha" / wanted.tenants[0].digest / "bin/python"
    done = subprocess.run(
        [python, "-I", "-c", "import alpha; print(alpha.answer())"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer["failed"] == {} and answer["built"] == {"alpha": wanted.tenants[0].digest}
    assert done.stdout == "42\n" and not wanted.incoming.exists() and look(wanted) == {"missing": []}


def test_a_tenant_that_fails_harms_itself_alone(
    make_tenant: MakeTenant,
    order: Callable[..., Order],
    silent_index: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its lock names what nobody has; one line says which file, and the command that mends it."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    lock = f"no-such-package-of-anybody==1.0 --hash=sha256:{'0' * 64}\n"
    answer = build(order(make_tenant("alpha"), make_tenant("beta", lock=lock)))
    assert list(answer["built"]) == ["alpha"]
    text = answer["failed"]["beta"]
    assert "tenants/beta/requirements.lock" in text and "make lock-tenant TENANT=beta" in text
    assert len(text.splitlines()) == 1


def test_what_did_not_come_is_told(make_tenant: MakeTenant, order: Callable[..., Order]) -> None:
    """By the tenant's name, and what to do."""
    answer = build(order(make_tenant("alpha"), unpack=False))
    assert (
        answer["built"] == {} and "tenants/alpha: what came is not what was sent" in answer["failed"]["alpha"]
    )


def test_why_wheels_could_not_be_fetched_reaches_the_answer(
    make_tenant: MakeTenant, order: Callable[..., Order]
) -> None:
    """A lock without hashes is refused before anything is fetched."""
    folder = make_tenant("alpha", lock="idna==3.10\n")
    wanted = order(folder, unpack=False)
    with tarfile.open(packed_for_host(folder, folder.parent / "cache", wheels=True)) as tar:
        tar.extractall(wanted.incoming, filter="tar")
    text = build(wanted)["failed"]["alpha"]
    assert "'idna==3.10' has no hash" in text and "make lock-tenant TENANT=alpha" in text


def test_a_wheel_that_no_index_has_is_told_with_lock_and_remedy(
    make_tenant: MakeTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pip's own words, as one line."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    lock = f"no-such-package-of-anybody==1.0 --hash=sha256:{'0' * 64}\n"
    with pytest.raises(AerodromeError) as told:
        packed(make_tenant("alpha", lock=lock), tmp_path / "cache", wheels=True)
    message = str(told.value.args[0])
    begin = "tenants/alpha/requirements.lock: its wheels cannot be fetched: Could not find a version"
    assert message.startswith(begin) and "no-such-package-of-anybody==1.0" in message
    assert "\n" not in message and "ERROR" not in message
    assert told.value.remedy.startswith("make lock-tenant TENANT=alpha, or look")


def test_an_environment_that_a_job_runs_in_stays(
    make_tenant: MakeTenant, order: Callable[..., Order]
) -> None:
    """However old it is, and though nothing names it; the three newest stay as everywhere."""
    wanted = order(make_tenant("alpha"))
    build(wanted)
    names = [f"{number:016x}" for number in range(5)]
    for age, name in enumerate(names):
        (wanted.into / "alpha" / name / "bin").mkdir(parents=True)
        os.utime(wanted.into / "alpha" / name, (age, age))
    path = f"{wanted.into / 'alpha' / names[0] / 'bin'}:/usr/bin:/bin"
    with subprocess.Popen(["/bin/sleep", "60"], env={"PATH": path}) as job:
        removed = build(wanted)["removed"]
        job.kill()
    assert removed == {"alpha": [names[1]]}


def test_an_unknown_action_is_told() -> None:
    """By one line, with exit code 2."""
    command = [sys.executable, "-I", "-m", "aerodrome.runtime.on_host", "destroy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("usage: ")
