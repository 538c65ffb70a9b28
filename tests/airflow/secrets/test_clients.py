"""Clients of an agent that are strangers, slow, many, or say nonsense: the others are served all the same."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome_airflow.secrets import protocol
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import Answer, Lookup
from aerodrome_airflow.secrets.server import REPLY_SECONDS, REQUEST_SECONDS, Server
from secrets_place import Agent, Bao, Door, agent_in_thread, settings

DB = Lookup("alpha", "connection", "db")


@contextlib.contextmanager
def connected(place: Path, said: bytes = b"") -> Iterator[socket.socket]:
    """A connection on which *said* was said."""
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(10)
        made.connect(str(place))
        made.sendall(said)
        yield made


def asked_as(user: str, place: Path) -> str:
    """Return what a process of *user* is told; forked, because *user* may not be able to read the interpreter."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setresuid(*[pwd.getpwnam(user).pw_uid] * 3)
        os.write(writer, AgentClient(place, patience=0).ask(DB).reason.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        return said.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user")
def test_a_stranger_is_refused(door: Door, folder: Path, spare_users: tuple[str, ...]) -> None:
    """The kernel says who asks; that it could connect at all is another's mistake."""
    with agent_in_thread(settings(folder, door.port)) as agent:
        folder.chmod(0o755)
        agent.socket.chmod(0o666)
        reason = asked_as(spare_users[0], agent.socket)
    assert "may not ask for secrets here" in reason and door.calls == 0


def test_every_stranger_hears_the_refusal(door: Door, folder: Path) -> None:
    """However its request and the answer cross: a connection that is closed on unread words loses the answer."""
    with agent_in_thread(settings(folder, door.port, allowed_users=["aerodrome-gone"])) as agent:
        client = AgentClient(agent.socket, patience=0)
        assert {client.ask(DB).outcome for _ in range(400)} == {"refused"}


@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user")
def test_root_is_a_stranger_where_it_is_not_named(door: Door, folder: Path) -> None:
    """Users are those of the configuration, and no others."""
    with agent_in_thread(settings(folder, door.port, allowed_users=["nobody", "aerodrome-gone"])) as agent:
        assert agent.password() == "refused"


def test_the_socket_is_the_agents_alone(agent: Agent) -> None:
    """Nobody else can even connect."""
    assert agent.socket.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "said",
    [
        b"\n",
        b"{}\n",
        b"\xff\xfe\n",
        b"[" * 400 + b"\n",
        b"x" * 100_000,
        b'{"tenant":"alpha","kind":"connection"}\n',
    ],
)
def test_nonsense_is_refused(agent: Agent, said: bytes) -> None:
    """With an answer, and without harm to the next one."""
    with connected(agent.socket) as client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(said)
        assert b'"refused"' in client.recv(1000)
    assert agent.password() == "alpha-db-password"


def test_slow_clients_hold_nobody_up(agent: Agent) -> None:
    """A hundred that connect and say half a request."""
    agent.password()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(agent.socket, b'{"tenant":')) for _ in range(100)]
        # Who waited for one of them would have its answer when that one is sent away.
        assert agent.password() == "alpha-db-password" and time.monotonic() - began < REQUEST_SECONDS
        # Its connection gives up after ten seconds: a slow one is sent away by then.
        assert b"does not come" in slow[0].recv(1000)
    assert time.monotonic() - began >= REQUEST_SECONDS


def test_clients_that_do_not_read_hold_nobody_up(agent: Agent, bao: Bao) -> None:
    """Their answers are larger than what the kernel keeps for them."""
    bao.store_password("alpha", "x" * 700_000, "db3")
    assert agent.password("db3") == "x" * 700_000
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(
                connected(agent.socket, protocol.request(Lookup("alpha", "connection", "db3")))
            )
        began = time.monotonic()
        # Who waited for one of them would have its answer when that one is sent away, whatever else the machine does.
        assert agent.password() == "alpha-db-password" and time.monotonic() - began < REPLY_SECONDS


def test_too_many_silent_ones_make_room(tmp_path: Path) -> None:
    """The oldest that has not yet said anything goes."""

    async def answer(_: Lookup) -> Answer:
        return Answer("missing")

    async def work() -> Answer:
        server, stop = Server(answer, {os.geteuid()}, most_clients=5), asyncio.Event()
        with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as stack:
            listener.bind(str(tmp_path / "s"))
            running = asyncio.create_task(server.serve(listener, stop))
            await asyncio.sleep(0.05)
            for _ in range(8):
                stack.enter_context(connected(tmp_path / "s"))
                await asyncio.sleep(0.01)
            found = await AgentClient(tmp_path / "s", patience=0).aask(DB)
            stop.set()
            await running
            return found

    assert asyncio.run(work()).outcome == "missing"
