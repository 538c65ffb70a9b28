"""Two minutes in which one host has no network and another one no broker, each with tasks that run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from control.workers import Workers
from fleet.host import Host

AWAY_SECONDS = 120
# Of two tasks on each host one ends while it is away, the other one when it is back.
LENGTHS = (AWAY_SECONDS // 2, AWAY_SECONDS + 10)
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

    *cut_runs* and *mute_runs*: what runs there, in the order of LENGTHS; *states*: run → its task's, at the end.
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
        assert self.over.wait(2 * AWAY_SECONDS)

    def end(self) -> None:
        """Give both hosts back what they lacked."""
        control = self.workers.control
        for dag, runs in (("personal", self.cut_runs), ("grind", self.mute_runs)):
            self.states.update({run: control.task(dag, run)["state"] for run in runs})
        self.cut.mend()
        self.mute.run("nft", "delete", "table", "inet", "outage")
        self.over.set()


@contextmanager
def outage(workers: Workers) -> Iterator[Outage]:
    """Begin an outage, which ends by itself in time, and at the latest with the block."""
    control, cut = workers.control, workers.personal
    mute, healthy = workers.onprem
    # So that both tasks are on one host.
    control.command("drain", "--limit", healthy.name)
    mute_runs = _at_work(workers, "grind", mute)
    cut_runs = _at_work(workers, "personal", cut)
    found = Outage(workers, cut, mute, healthy, cut_runs, mute_runs)
    cut.cut()
    mute.run("nft", "-f", "-", text=_CUT % {"port": _port(workers)})
    timer = threading.Timer(AWAY_SECONDS, found.end)
    timer.start()
    try:
        control.command("workers", "--limit", healthy.name)
        yield found
    finally:
        timer.cancel()
        if not found.over.is_set():
            found.end()


def _at_work(workers: Workers, dag: str, host: Host) -> tuple[str, ...]:
    runs = tuple(workers.control.begin(dag, seconds=length) for length in LENGTHS)
    assert {workers.of(run, dag) for run in runs} == {host}
    return runs


def _port(workers: Workers) -> int:
    hosts = workers.control.platform.environment.hosts
    assert hosts is not None and hosts.entrance is not None
    return hosts.entrance.broker
