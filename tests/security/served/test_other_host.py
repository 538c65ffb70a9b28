"""The host from which others attack: a network that reaches this machine, and of which nothing is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from aerodrome.local.machine.deadline import wait_until
from suite.hosts import another

pytestmark = pytest.mark.all_attacks
FOLDERS = Path(__file__).parents[1], Path(__file__).parents[2] / "shared"
REACHES = """
import os, socket
print(socket.create_connection((os.environ["ADDRESS"], int(os.environ["PORT"])), 10).getpeername()[0])
"""
MAKES = """
import signal
from suite.hosts import another
signal.signal(signal.SIGINT, signal.default_int_handler)
with another() as host:
    print(host.link, flush=True)
    input()
"""
LONGEST_SECONDS = 60


def test_two_at_once_reach_this_machine_by_links_of_their_own() -> None:
    """A server that listens on all addresses is one that they connect to."""
    with socket.create_server(("0.0.0.0", 0)) as server, another() as one, another() as two:
        port = str(server.getsockname()[1])
        reached = [host.python(REACHES, PORT=port) for host in (one, two)]
    assert reached == [one.machine, two.machine]
    assert one.machine != two.machine and one.link != two.link


def test_nothing_is_left_where_an_attack_fails() -> None:
    """The link is gone, and with it the network."""
    with pytest.raises(ZeroDivisionError), another() as host:
        assert host.link in psutil.net_if_addrs()
        _ = 1 / 0
    assert host.link not in psutil.net_if_addrs() and not host.namespace.exists()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_whoever_is_killed(ending: signal.Signals) -> None:
    """By Ctrl-C, or without any chance to clean up."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, FOLDERS))}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", MAKES]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as made:
        assert made.stdout is not None
        link = made.stdout.readline().strip()
        assert link in psutil.net_if_addrs()
        made.send_signal(ending)
        made.wait(LONGEST_SECONDS)
    assert wait_until(lambda: link not in psutil.net_if_addrs(), LONGEST_SECONDS)
