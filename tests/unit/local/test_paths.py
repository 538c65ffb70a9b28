"""Folders whose names must be quoted, with the real servers."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome import names
from aerodrome.clients.redis import Broker
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine import state
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import ensure_folder, write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import folders, supervision, topology
from aerodrome.local.processes.topology import Process
from aerodrome.local.stores import broker, openbao, secrets_store
from free_ports import free_ports

FOLDER = "Bob's \\ Work"
PORTS = ("postgres", "redis", "openbao", "openbao_cluster")


@pytest.fixture
def platform(platform: Platform, tmp_path: Path) -> Iterator[Platform]:
    """A platform with free ports below a folder with a space, an apostrophe and a backslash."""
    with_ports = platform.environment.model_dump(mode="json", by_alias=True)
    with_ports["local"]["ports"] = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    layout = replace(state.locate(platform.layout.repository, tmp_path / FOLDER), root=False)
    ensure_folder(layout.data, 0o755)
    yield replace(platform, layout=layout, environment=Environment.model_validate(with_ports))
    shutil.rmtree(layout.run, ignore_errors=True)


@contextmanager
def running(platform: Platform, name: str) -> Iterator[Process]:
    """Run one store as its process says."""
    process = next(found for found in topology.desired(platform) if found.name == name)
    folders.of_processes(platform, (process,))
    folders.write_configuration(platform, (process,))
    started = subprocess.Popen(process.command, cwd=process.folder, env=dict(process.environment))
    try:
        yield process
    finally:
        started.terminate()
        started.wait()


def test_redis_keeps_its_data_there(platform: Platform) -> None:
    """And reads its users from there."""
    user = broker.admin_user(platform)
    with running(platform, "redis") as process:
        assert wait_until(Broker(platform.ports.redis, user.name, user.password).answers, 10)
        assert any(process.folder.iterdir())


def test_openbao_keeps_its_data_there_and_is_set_up_once(platform: Platform) -> None:
    """Policies, roles and logins are brought about by the target that every environment has."""
    openbao.begin_anew(platform)
    with running(platform, "openbao"):
        assert wait_until(lambda: openbao.vault(platform).state() == "uninitialised", 20)
        assert openbao.initialise(platform) and not openbao.initialise(platform)
        assert not secret.unfinished(platform.layout.data, "openbao").exists()
        rules = secrets_store.rules(platform)
        rules.apply((), print)
        assert rules.changes() == ()
        role = secrets_store.role_id(platform, "pii")
        assert openbao.vault(platform).login(role, secrets_store.secret_id(platform, "pii"))
        path = names.variable_path("local", "alpha", "threshold")
        secrets_store.values(platform).write(path, {"value": "3"})
        assert secrets_store.stored(platform, "alpha") == ("variables/threshold",)


def test_postgresql_reads_its_configuration_from_there(platform: Platform) -> None:
    """Every path in it arrives as it is."""
    process = next(found for found in topology.desired(platform) if found.name == "postgres")
    folders.of_processes(platform, (process,))
    folders.write_configuration(platform, (process,))
    config = platform.layout.process_config("postgres")
    wanted = {"data_directory": process.folder, "hba_file": config / "pg_hba.conf"}
    for setting, path in wanted.items():
        command = [process.command[0], "-C", setting, *process.command[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout == f"{path}\n", done.stderr


def test_the_supervisor_starts_a_process_there(platform: Platform) -> None:
    """Command, folder, environment and logs arrive as they are."""
    layout = platform.layout
    for folder in (layout.run, layout.logs, layout.config):
        ensure_folder(folder, 0o700)
    program = (
        str(layout.python),
        "-c",
        "import os, time; print(os.environ['HERE'], os.getcwd(), flush=True); time.sleep(60)",
    )
    one = Process("one", program, None, layout.data, environment={"HERE": str(layout.config)})
    write_file(supervision.configuration_file(layout), supervision.configuration(layout, [one]))
    try:
        supervision.ensure_running(layout)
        supervision.client(layout).start("one")
        log = layout.process_log("one")
        assert wait_until(lambda: log.exists() and log.read_text() == f"{layout.config} {layout.data}\n", 10)
        assert all(abs(time.time() - start) < 60 for start in supervision.starts(layout))
        assert len(supervision.starts(layout)) == 2
    finally:
        supervision.shut_down(layout)


def test_git_trusts_a_bundle_there(platform: Platform) -> None:
    """Of another user, too."""
    text = folders._git_config(platform)
    file = platform.layout.data / "gitconfig"
    file.write_text(text)
    done = subprocess.run(
        ["git", "config", "--file", file, "safe.directory"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{platform.layout.bundle}\n"


@pytest.mark.parametrize("name", ['a "b"', "number #1", "100%", "this ;that", "two\nlines"])
def test_a_folder_that_no_configuration_can_hold_is_told(repository: Path, tmp_path: Path, name: str) -> None:
    """Before anything is made in it."""
    with pytest.raises(UserError, match="or an unprintable character in it"):
        state.locate(repository, tmp_path / name)
