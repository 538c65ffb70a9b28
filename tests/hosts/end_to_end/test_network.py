"""What the network lets through: to the platform for all, and nothing else for the host with personal data."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from control.workers import Workers
from fleet.host import Host

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"


def _connects(host: Host, address: str, port: int) -> bool:
    return host.run("python3", "-c", CONNECT, address, str(port), check=False).returncode == 0


@pytest.fixture
def unlisted(workers: Workers) -> Iterator[int]:
    """A port at the platform's address that is open, and none of the platform's."""
    with socket.create_server((workers.control.platform.environment.hosts.entrance.address, 0)) as listener:
        yield listener.getsockname()[1]


def test_a_host_with_personal_data_reaches_the_platform(workers: Workers) -> None:
    """Broker, execution API, secrets store and bundle."""
    entrance = workers.control.platform.environment.hosts.entrance
    ports = (entrance.broker, entrance.api, entrance.secrets, entrance.bundle)
    assert [_connects(workers.personal, entrance.address, port) for port in ports] == [True] * 4


def test_a_host_with_personal_data_reaches_nothing_else(workers: Workers, unlisted: int) -> None:
    """Not even at the platform's address, where another host does; nor another host."""
    address = workers.control.platform.environment.hosts.entrance.address
    assert _connects(workers.onprem[0], address, unlisted)
    assert not _connects(workers.personal, address, unlisted)
    assert not _connects(workers.personal, workers.onprem[0].address, 22)


def test_a_host_takes_connections_from_who_administers_it_only(workers: Workers) -> None:
    """Another host of its network does not reach its SSH."""
    one, two = workers.onprem
    assert not _connects(one, two.address, 22)
    assert one.ssh("true").returncode == 0
