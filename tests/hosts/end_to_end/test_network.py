"""What the network lets through: to the platform for all, and nothing else for the host with personal data."""

from __future__ import annotations

from control.workers import Workers
from fleet.host import Host

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"


def _connects(host: Host, address: str, port: int) -> bool:
    return host.run("python3", "-c", CONNECT, address, str(port), check=False).returncode == 0


def test_a_host_with_personal_data_reaches_the_platform(workers: Workers) -> None:
    """Broker, execution API, secrets store and bundle."""
    entrance = workers.control.platform.environment.hosts.entrance
    ports = (entrance.broker, entrance.api, entrance.secrets, entrance.bundle)
    assert [_connects(workers.personal, entrance.address, port) for port in ports] == [True] * 4


def test_a_host_with_personal_data_reaches_no_other_host(workers: Workers) -> None:
    """Which a host without reaches."""
    other = workers.onprem[0]
    assert not _connects(workers.personal, other.address, 22)


def test_a_host_takes_connections_from_who_administers_it_only(workers: Workers) -> None:
    """Another host of its network does not reach its SSH."""
    one, two = workers.onprem
    assert not _connects(one, two.address, 22)
    assert one.ssh("true").returncode == 0
