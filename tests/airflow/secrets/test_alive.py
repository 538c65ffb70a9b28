"""What a cluster asks of the agent's container from time to time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aerodrome_airflow.secrets import alive
from secrets_place import Agent, Bao, Door, process, settings


def test_an_agent_that_answers_is_alive(agent: Agent) -> None:
    """Whether the store answers or not: another agent would only have forgotten what serves meanwhile."""
    assert alive.answers(agent.socket)


def test_the_store_is_not_asked(agent: Agent, door: Door) -> None:
    """However often the cluster looks."""
    assert all(alive.answers(agent.socket) for _ in range(20)) and door.calls == 0


def test_an_agent_that_hangs_is_not(bao: Bao, folder: Path) -> None:
    """The kernel takes its connections; it is the answer that counts."""
    import os
    import signal

    file = settings(folder, bao.port)
    running = process(file, sys.executable)
    try:
        assert alive.answers(folder / "s")
        os.kill(running.pid, signal.SIGSTOP)
        assert not alive.answers(folder / "s", 0.2)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.communicate()


def test_the_command_says_it_by_its_exit_code(agent: Agent, folder: Path) -> None:
    """As the probe of a container takes it."""
    command = [sys.executable, "-m", "aerodrome_airflow.secrets.alive"]
    codes = [subprocess.run([*command, str(path)], check=False).returncode for path in (agent.socket, folder)]
    assert codes == [0, 1]
    assert subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 2
