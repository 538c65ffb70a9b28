"""The agent as a process: what can be seen of it, whose it is, and what tasks notice of its restart."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome_airflow.json_settings import SettingsError
from aerodrome_airflow.secrets import config
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import Answer, Lookup
from secrets_place import SECRET_ID, Bao, process, settings

DB = Lookup("alpha", "connection", "db")


@pytest.fixture
def running(bao: Bao, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """An agent in a process of its own."""
    started = process(settings(folder, bao.port), sys.executable)
    yield started
    started.kill()
    started.wait()


def ended(started: subprocess.Popen[str]) -> str:
    """End an agent and return what it logged."""
    started.terminate()
    _, log = started.communicate(timeout=10)
    assert started.returncode == 0
    return log


def status(pid: int, field: str) -> str:
    """Return a field of what the kernel tells of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    return next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(field + ":"))


def test_neither_log_nor_command_tells_a_secret(running: subprocess.Popen[str], folder: Path) -> None:
    """Not a value, not a token, not the login: after a lookup, a refusal and an error."""
    client = AgentClient(folder / "s")
    assert client.ask(DB).outcome == "value"
    client.ask(Lookup("alpha", "connection", "people"))
    seen = Path(f"/proc/{running.pid}/cmdline").read_text() + Path(f"/proc/{running.pid}/environ").read_text()
    seen += ended(running)
    assert "serving zone 'default'" in seen
    assert SECRET_ID not in seen and "alpha-db-password" not in seen
    # What tokens look like.
    assert re.search(r"\b(hv)?[sb]\.[A-Za-z0-9]{20}", seen) is None


def test_what_it_holds_stays_in_its_memory(running: subprocess.Popen[str]) -> None:
    """No core dump, and nobody of its own user looks inside."""
    limits = Path(f"/proc/{running.pid}/limits").read_text()
    assert "Max core file size        0                    0" in limits
    # The kernel gives the files of a process that cannot be dumped to root.
    assert Path(f"/proc/{running.pid}/environ").stat().st_uid == 0
    assert status(running.pid, "NoNewPrivs") == "1"


def test_one_agent_serves_a_socket(running: subprocess.Popen[str], folder: Path) -> None:
    """A second one says so and ends."""
    command = [sys.executable, "-m", "aerodrome_airflow.secrets.agent", "--config", folder / "agent.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and "another agent serves" in done.stderr
    assert AgentClient(folder / "s").ask(DB).outcome == "value"


@pytest.mark.parametrize("name", ["agent.json", "secret", "role"])
def test_a_login_that_others_can_read_is_not_used(bao: Bao, folder: Path, name: str) -> None:
    """Nor a configuration that others can write."""
    file = settings(folder, bao.port)
    (folder / name).chmod(0o644)
    with pytest.raises(SettingsError, match=f"{name}: must belong to the agent's user"):
        config.load(file)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"socket": "s", "environment": "e", "zone": "z", "store": {}}']
)
def test_a_configuration_that_cannot_be_used_is_told(folder: Path, text: str) -> None:
    """By one line."""
    (folder / "agent.json").write_text(text)
    (folder / "agent.json").chmod(0o600)
    with pytest.raises(SettingsError, match=r"agent\.json: "):
        config.load(folder / "agent.json")


def test_tasks_outlast_a_restart(running: subprocess.Popen[str], bao: Bao, folder: Path) -> None:
    """Killed, and started again a second later: whoever asked meanwhile has an answer, in a trigger as well."""
    client, found = AgentClient(folder / "s"), list[Answer]()
    assert client.ask(DB).outcome == "value"
    running.send_signal(signal.SIGKILL)
    running.wait()
    waiting = [
        threading.Thread(target=lambda: found.append(client.ask(DB))),
        threading.Thread(target=lambda: found.append(asyncio.run(client.aask(DB)))),
    ]
    for thread in waiting:
        thread.start()
    again = process(folder / "agent.json", sys.executable)
    for thread in waiting:
        thread.join()
    ended(again)
    assert [answer.outcome for answer in found] == ["value", "value"]


def test_an_agent_that_is_gone_is_told(folder: Path) -> None:
    """After some patience, with the place where it should be."""
    for answer in (
        AgentClient(folder / "s", patience=0.2).ask(DB),
        asyncio.run(AgentClient(folder / "s", patience=0.2).aask(DB)),
    ):
        assert answer.outcome == "unavailable" and f"does not answer at {folder / 's'}" in answer.reason


@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user")
def test_roots_agent_goes_on_as_the_workers_user(
    bao: Bao, folder: Path, spare_users: tuple[str, ...]
) -> None:
    """Who then serves its own user, and cannot read the login that it was started with."""
    user = pwd.getpwnam(spare_users[0])
    file = settings(folder, bao.port, user=user.pw_name, allowed_users=[user.pw_name])
    folder.chmod(0o711)
    started = process(file, sys.executable)
    try:
        assert {*status(started.pid, "Uid").split()} == {str(user.pw_uid)} and status(
            started.pid, "Groups"
        ) == ""
        assert status(started.pid, "CapEff").strip("0") == ""
        place = (folder / "s").stat()
        assert (place.st_uid, place.st_mode & 0o777) == (user.pw_uid, 0o600)
        assert (folder / "secret").stat().st_uid == 0
        assert Path(f"/proc/{started.pid}/environ").stat().st_uid == 0
    finally:
        ended(started)
