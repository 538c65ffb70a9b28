"""A port whose program is ending."""

from __future__ import annotations

import subprocess
import sys

import pytest
from aerodrome.errors import UserError
from aerodrome.local.machine import ports

HOLDER = """
import ctypes, os, platform, socket, sys, threading, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
def hold():
    time.sleep(float(sys.argv[1]))
    os._exit(0)
threading.Thread(target=hold).start()
print(server.getsockname()[1], flush=True)
# The end of the first thread alone: the process is a zombie to everybody, and its files are still open.
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
"""


def ending(seconds: float) -> tuple[subprocess.Popen[str], int]:
    """Return a program that ends after *seconds* and that nobody sees by then, and its port."""
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    return program, int(program.stdout.readline())


def test_the_port_of_a_program_that_is_ending_is_waited_for() -> None:
    """A deploy straight after kill -9 of everything begins."""
    program, port = ending(1)
    ports.require_free({"api-server": {"api_server": port}}, "local")
    assert ports.is_free(port) and program.wait(10) == 0


def test_a_port_that_nobody_gives_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whose processes are not to be seen has it: the key that changes it is named."""
    monkeypatch.setattr(ports, "_LETTING_GO", 0.3)
    program, port = ending(2)
    with pytest.raises(UserError, match=f"port {port} of api-server is taken: local.ports.api_server"):
        ports.require_free({"api-server": {"api_server": port}}, "local")
    assert program.wait(10) == 0
