"""Two minutes in which one host has no network and another one no broker, each with tasks that run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from control import ledger
from control.plane import LONGEST_SECONDS
from control.workers import UNIT, Workers
from fleet.host import Host

AWAY_SECONDS = 120
# Of its own: the firewall of the host is loaded anew by whoever sets it up meanwhile.
_CUT = """
table inet outage {
    chain in { type filter hook input priority -10; tcp sport %(port)d drop; }
    chain out { type filter hook output priority -10; tcp dport %(port)d drop; }
}
"""


@dataclass(frozen=True)
class Outage:
    """*cut* has no network and *mute* reaches everything but the broker; *healthy* has both, for the same queue.

    *cut_runs* and *mute_runs*: what runs there, of which the first one ends meanwhile, and the other one when the host
    is back; *states*: run → its task's, at the end.
    """

    workers: Workers
    cut: Host
    mute: Host
    healthy: Host
    cut_runs: tuple[str, ...]
    mute_runs: tuple[str, ...]
    over: threading.Event = field(default_factory=threading.Event)
    states: dict[str, str] = field(default_factory=dict)

    def wait(self) -> None:
        """Return when both hosts are back."""
        assert self.over.wait(LONGEST_SECONDS)

    def end(self) -> None:
        """Give both hosts back what they lacked."""
        control = self.workers.control
        try:
            for dag, runs in (("personal", self.cut_runs), ("grind", self.mute_runs)):
                self.states.update({run: control.task(dag, run)["state"] for run in runs})
        finally:
            self.cut.mend()
            self.mute.run("nft", "delete", "table", "inet", "outage")
            self.tell(1)
            self.over.set()

    def tell(self, number: int) -> None:
        """Let the task of so many a number end on either host."""
        ledger.tell(self.cut_runs[number], self.cut)
        ledger.tell(self.mute_runs[number], self.mute)


@contextmanager
def outage(workers: Workers) -> Iterator[Outage]:
    """Begin an outage, which ends by itself in time, and at the latest with the block."""
    cut = workers.personal
    mute, healthy = workers.onprem
    # So that both tasks are on one host.
    healthy.run("systemctl", "stop", UNIT)
    mute_runs, cut_runs = _begun(workers, "grind"), _begun(workers, "personal")
    assert {workers.of(run) for run in mute_runs} == {mute}
    assert {workers.of(run, "personal") for run in cut_runs} == {cut}
    found = Outage(workers, cut, mute, healthy, cut_runs, mute_runs)
    cut.cut()
    mute.run("nft", "-f", "-", text=_CUT % {"port": _port(workers)})
    timer = threading.Timer(AWAY_SECONDS, found.end)
    timer.start()
    try:
        healthy.run("systemctl", "start", UNIT)
        found.tell(0)
        yield found
    finally:
        timer.cancel()
        if not found.over.is_set():
            found.end()


def _begun(workers: Workers, dag: str) -> tuple[str, ...]:
    return tuple(workers.control.begin(dag, seconds=0, told=True) for _ in range(2))


def _port(workers: Workers) -> int:
    hosts = workers.control.platform.environment.hosts
    assert hosts is not None and hosts.entrance is not None
    return hosts.entrance.broker
