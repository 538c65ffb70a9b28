"""Another machine in the company's network: a network namespace that has a link to this machine and nothing else."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

LOOPBACK = "127.0.0.1"
LONGEST_SECONDS = 120
_CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
# Set apart for tests between networks (RFC 2544): no company's network is there.
_FIRST = IPv4Address("198.18.0.0")
_NETWORKS = 2**15
# Its own loopback stays down, so that to this host even 127.0.0.1 is somebody else.
_SET_UP = """
ip address add "$2/30" dev company
ip link set company up
ip route add default via "$1"
ip route add 127.0.0.1/32 via "$1"
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
"""


class NoHostError(Exception):
    """This machine makes no network namespaces; the text says what it said."""


@dataclass(frozen=True)
class Host:
    """A host with a network of its own, the file *namespace*.

    *machine* is the address of the attacked machine in it, at that machine's end *link* of the link between both.
    """

    namespace: Path
    machine: str
    link: str

    def python(self, source: str, **environment: str) -> str:
        """Return what the program *source* printed here; ADDRESS is the machine's, where nothing else is said."""
        inside = ("nsenter", f"--net={self.namespace}")
        return _printed(inside, source, {"ADDRESS": self.machine, **environment})


def on_the_machine(source: str, **environment: str) -> str:
    """Return what the program *source* printed on the attacked machine itself; ADDRESS is 127.0.0.1."""
    return _printed((), source, {"ADDRESS": LOOPBACK, **environment})


def _printed(prefix: Sequence[str], source: str, environment: Mapping[str, str]) -> str:
    command = [*prefix, sys.executable, "-I", "-c", source]
    done = subprocess.run(
        command,
        env={**_CLEAN, **environment},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@contextmanager
def another() -> Iterator[Host]:
    """Make a host; nothing of it is left at the end, also where this process is killed. NoHostError without root."""
    link = f"atk{secrets.token_hex(4)}"
    # The network is that of a process which ends with its input, and with the last process of a network goes its link.
    command = ["unshare", "--net", "sh", "-c", "echo made; exec cat"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=_CLEAN) as holder:
        assert holder.stdout is not None and holder.stderr is not None
        if not holder.stdout.readline():
            raise NoHostError(f"no network namespace: {holder.stderr.read().strip()}")
        try:
            yield _linked(link, holder.pid)
        finally:
            subprocess.run(["ip", "link", "delete", link], env=_CLEAN, capture_output=True, check=False)


def _linked(link: str, process: int) -> Host:
    namespace = Path(f"/proc/{process}/ns/net")
    _run("ip", "link", "add", link, "type", "veth", "peer", "name", "company", "netns", str(process))
    machine, host = _addresses(link)
    _run("ip", "address", "add", f"{machine}/30", "dev", link)
    _run("ip", "link", "set", link, "up")
    _run("nsenter", f"--net={namespace}", "sh", "-ec", _SET_UP, "sh", machine, host)
    return Host(namespace, machine, link)


def _addresses(link: str) -> tuple[str, str]:
    """Return the addresses of both ends: no two links of a machine have one number at the same time."""
    network = _FIRST + 4 * (socket.if_nametoindex(link) % _NETWORKS)
    return str(network + 1), str(network + 2)


def _run(*command: str) -> None:
    done = subprocess.run(command, env=_CLEAN, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoHostError(f"{' '.join(command[:3])}: {done.stderr.strip()}")
