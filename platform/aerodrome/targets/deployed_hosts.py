"""All hosts of an inventory as a target of a deploy, wherever their platform is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.errors import HeldError, Problem
from aerodrome.plan import OBSERVE, Change
from aerodrome.progress import Progress
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_state import TARGET
from aerodrome.targets.hosts import HostsTarget


@dataclass(kw_only=True)
class DeployedHosts:
    """What became of the hosts; where somebody works on them already, they alone are left out of the deploy."""

    looked: HostsTarget | None = None
    held: tuple[Problem, ...] = ()
    pending: tuple[str, ...] = ()
    had_their_turn: bool = False
    name: str = TARGET

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return one problem for each host that was not done, or one for all of them."""
        return self.held or (self.looked.problems if self.looked else ())

    @property
    def lacking(self) -> tuple[str, ...]:
        """Return the hosts that may take tasks and may lack what these run in: they were not set up.

        What is pending is about to be done, unless somebody else works on the hosts. A drained one takes no task.
        """
        if self.looked is None:
            return ()
        undone = {*self.looked.failures, *(self.pending if self.held else ())}
        return tuple(sorted(name for name in undone if self.looked.may_lack(name)))

    def failure(self, name: str) -> HostFailure | None:
        """Return why a host was not done."""
        return self.looked.failures.get(name) if self.looked else None

    def look(self, target: HostsTarget) -> tuple[Change, ...]:
        """Return what differs on the hosts of *target*, which is what :meth:`bring` brings about."""
        self.looked = target
        found = target.changes()
        self.pending = tuple(change.name for change in found)
        return found

    def bring(self, hosts: Hosts | None, changes: Sequence[Change], progress: Progress) -> None:
        """Bring *hosts* to their desired state: one that fails or is away keeps no other from it."""
        self.had_their_turn = True
        if hosts is None or self.looked is None:
            return
        try:
            with hosts.alone():
                self.looked.apply([each for each in changes if each.action != OBSERVE], progress)
        except HeldError as held:
            file = hosts.inventory.file
            self.held = (Problem(file, 0, 0, "", str(held.args[0]), held.remedy, fault=True),)
