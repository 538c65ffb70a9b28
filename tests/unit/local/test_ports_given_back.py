"""A port whose program is ending."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from threading import Timer

import pytest
from aerodrome.errors import UserError
from aerodrome.local.machine import ports

HOLDER = """
import ctypes, platform, socket, threading, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
threading.Thread(target=time.sleep, args=[600]).start()
print(server.getsockname()[1], flush=True)
# The end of the first thread alone: the process is a zombie to everybody, and its files are still open.
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
"""
Ending = tuple[subprocess.Popen[str], int]


@pytest.fixture
def ending() -> Iterator[Ending]:
    """A program that nobody sees by now, and its port, which it holds until it is killed."""
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            yield program, int(program.stdout.readline())
        finally:
            program.kill()


def test_the_port_of_a_program_that_is_ending_is_waited_for(
    ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deploy straight after kill -9 of everything begins."""
    monkeypatch.setattr(ports, "_LETTING_GO", 60)
    program, port = ending
    assert not ports.is_free(port)
    Timer(1, program.kill).start()
    ports.require_free({"api-server": {"api_server": port}}, "local")
    assert ports.is_free(port) and program.wait(10) == -9


def test_a_port_that_nobody_gives_back_is_refused(ending: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whose processes are not to be seen has it: the key that changes it is named."""
    monkeypatch.setattr(ports, "_LETTING_GO", 0.3)
    _, port = ending
    with pytest.raises(UserError, match=f"port {port} of api-server is taken: local.ports.api_server"):
        ports.require_free({"api-server": {"api_server": port}}, "local")
    assert not ports.is_free(port)
