"""What the tasks of the tenant wrote down on the hosts: when each attempt began, and when it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from control.plane import TENANT
from fleet.host import Host

_DATA = f"/var/lib/aerodrome/homes/{TENANT}/data"


@dataclass
class Ledger:
    """Run → how many of its attempts began, and how many ended; *hosts*: run → where it ended last.

    *attempts*: run → number of an attempt → the hosts that it began on.
    """

    begun: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    hosts: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def faults(self, runs: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return those of *runs* that did not begin and end exactly once, with how often they did."""
        counted = {run: (self.begun[run], self.ended[run]) for run in runs}
        return {run: both for run, both in counted.items() if both != (1, 1)}


def read(hosts: Iterable[Host]) -> Ledger:
    """Return what is written down on *hosts*."""
    ledger = Ledger()
    for host in hosts:
        for line in host.run("sh", "-c", f"cat {_DATA}/ledger 2>/dev/null || true").stdout.splitlines():
            what, run, attempt, where = line.split()
            (ledger.begun if what == "begin" else ledger.ended)[run] += 1
            if what == "end":
                ledger.hosts[run] = where
            else:
                ledger.attempts.setdefault(run, {}).setdefault(int(attempt), []).append(where)
    return ledger


def tell(run: str, *hosts: Host) -> None:
    """Let the task of *run* end that began with `told`, on whichever of *hosts* it is."""
    for host in hosts:
        host.run("touch", f"{_DATA}/end.{run}")
