"""What another host finds of the platform in the network, and places in which it finds more."""

from __future__ import annotations

import contextlib
import errno
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import redis
from aerodrome.local.stores import broker
from suite.hosts import LOOPBACK
from suite.live import Live
from suite.place import Place

CONNECTED = """
import os, socket
from concurrent.futures import ThreadPoolExecutor
def connected(place):
    try:
        socket.create_connection(place, 5).close()
        return ":".join(map(str, place))
    except OSError:
        return ""
places = [(address, int(port)) for address in os.environ["ADDRESS"].split() for port in os.environ["PORTS"].split()]
with ThreadPoolExecutor(len(places)) as pool:
    print(*filter(None, pool.map(connected, places)))
"""
"""Prints each of the addresses ADDRESS with each of the ports PORTS that takes a connection."""
_CHUNK = 1 << 16


def listening(live: Live) -> str:
    """Return the ports that the platform has, and whatever else its processes listen on, apart by blanks."""
    supervisor = psutil.Process(live.process("redis")).parent()
    assert supervisor is not None
    family = {supervisor.pid, *(each.pid for each in supervisor.children(recursive=True))}
    found = {
        each.laddr.port
        for each in psutil.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN and each.pid in family
    }
    return " ".join(map(str, sorted(found | set(live.platform.ports.model_dump().values()))))


def addresses() -> str:
    """Return the addresses that this machine has in networks, apart by blanks."""
    found = {
        each.address
        for those in psutil.net_if_addrs().values()
        for each in those
        if each.family == socket.AF_INET and not each.address.startswith("127.")
    }
    return " ".join(sorted(found))


@contextlib.contextmanager
def answering(place: Place, *ports: int) -> Iterator[Place]:
    """The machine answers at *ports* of its address in the network too, as where servers listen on all addresses.

    The servers behind take everybody for a neighbour on their own machine, so that no rule about addresses helps.
    """
    with contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(_relay((place.host.machine, port)))
        yield place


@contextlib.contextmanager
def broker_on_all_addresses(place: Place) -> Iterator[Place]:
    """Redis itself listens on all addresses."""
    user = broker.admin_user(place.live.platform)
    port = place.live.platform.ports.redis
    with redis.Redis(port=port, username=user.name, password=user.password) as administrator:
        kept = administrator.config_get("bind")["bind"]
        try:
            administrator.config_set("bind", "0.0.0.0")
            yield place
        finally:
            administrator.config_set("bind", kept)


@contextlib.contextmanager
def loopback_let_in(place: Place) -> Iterator[Place]:
    """The kernel takes packets for 127.0.0.1 from the other host's link, as some networks of containers have it do."""
    switch = Path(f"/proc/sys/net/ipv4/conf/{place.host.link}/route_localnet")
    try:
        switch.write_text("1")
        yield place
    finally:
        switch.write_text("0")


class _Passed(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        port = self.server.server_address[1]
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port)) as server:
            answers = threading.Thread(target=_pump, args=(server, self.request), daemon=True)
            answers.start()
            _pump(self.request, server)
            answers.join()


class _Relay(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextlib.contextmanager
def _relay(address: tuple[str, int]) -> Iterator[None]:
    try:
        relay = _Relay(address, _Passed)
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        # The server itself answers there.
        yield
        return
    with relay:
        threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield
        finally:
            relay.shutdown()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(_CHUNK):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
