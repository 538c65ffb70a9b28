"""Workers on hosts: what the commands of operations do, wherever their platform is, and the same as a target."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial

from aerodrome.clients import ansible
from aerodrome.environment import Environment
from aerodrome.errors import HeldError, Problem, UserError, counted
from aerodrome.hosts.credentials import HostAccess
from aerodrome.hosts.entry import HOST_PATTERN
from aerodrome.hosts.inventory import Inventory
from aerodrome.progress import Progress, Step, silent
from aerodrome.quantities import parse_duration
from aerodrome.targets import host_materials, host_operations
from aerodrome.targets.host_materials import Source
from aerodrome.targets.host_operations import Looked
from aerodrome.targets.host_state import TARGET, WantedHost
from aerodrome.targets.hosts import HostsTarget, Settings, problem_of

Lock = Callable[[], AbstractContextManager[object]]
"""Returns what holds the lock of an environment's hosts for a block; HeldError tells who has it."""


@dataclass(frozen=True)
class Row:
    """How a command ended on one host, and in how many tasks it changed something."""

    name: str
    queues: str
    result: str
    changed: int
    why: str = ""


@dataclass(frozen=True)
class Done:
    """How a command ended on every host that it was for."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LookedAt:
    """How hosts are; those that do not answer are among the problems."""

    rows: tuple[Looked, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Hosts:
    """Some hosts of one environment, and all that can be done to them."""

    source: Source
    inventory: Inventory
    wanted: tuple[WantedHost, ...]
    settings: Settings
    access: HostAccess = field(repr=False)
    lock: Lock = field(repr=False)

    @property
    def environment(self) -> str:
        """Return the environment that they are of."""
        return self.settings.environment

    @property
    def number(self) -> int:
        """Return of how many hosts these are."""
        return len(self.wanted)

    def target(self, say: Progress, *, revive: bool, check: bool = False) -> HostsTarget:
        """Return these hosts as a target; with *revive* drained ones are taken back."""
        zones = {host.name: host.zone for host in self.inventory.hosts}
        secrets = host_materials.Secrets(self.access, self.source, zones)
        packages = partial(host_materials.packages, self.source)
        return HostsTarget(
            self.wanted,
            self.settings,
            secrets,
            packages,
            revive,
            check,
            say,
            standings=secrets.standing,
            step_back=self.access.step_back,
        )

    def work(self, step: Step, *, check: bool) -> Done:
        """Bring the hosts to what the repository says, or with *check* show what that would change."""
        say = partial(step, TARGET)
        with self.alone():
            target = self.target(say, revive=True, check=check)
            say(f"looking at {counted(self.number, 'host')}")
            changes = target.changes()
            for sentence in () if check else self.access.restore(list(target.found)):
                say(sentence)
            for change in changes:
                say(f"{change.name}: {change.action}: {change.why}")
            if changes:
                target.apply(changes, say)
        planned = frozenset(change.name for change in changes)
        rows = tuple(_row(target, host, planned) for host in self.wanted)
        return Done(rows, target.problems, (*target.notes, *self._unserved()))

    def drain(self, step: Step, timeout: str) -> Done:
        """Let the hosts take no further task and wait for the running ones, at most *timeout* where one is given."""
        limit = int(_duration(timeout)) if timeout else None
        with self.alone():
            settings = replace(self.settings, limit=limit)
            outcome = host_operations.drain(self.wanted, settings, partial(step, "drain"))
        return self._done(outcome, "drained")

    def remove(self, step: Step) -> Done:
        """Revoke the hosts' credentials at once, whoever else works on them, then take the platform off them.

        HeldError, when all are revoked, where somebody else works on the hosts.
        """
        say = partial(step, "remove")
        for host in self.wanted:
            self.revoke(host.name, say)
        try:
            with self.alone():
                outcome = host_operations.remove(self.wanted, self.settings, say)
        except HeldError as held:
            named = ", ".join(host.name for host in self.wanted)
            raise HeldError(
                f"credentials of {named} are revoked, all else is there still: {held.args[0]}",
                "wait for it, or end it, then run the same command again",
            ) from None
        remedy = "take it out, or a deploy sets it up again"
        notes = tuple(f"{host.place} names {host.name} still: {remedy}" for host in self.wanted)
        return replace(self._done(outcome, "removed"), notes=notes)

    def revoke(self, name: str, say: Progress) -> None:
        """Take every right of a host away."""
        done = self.access.revoke(name)
        for sentence in done or ("it had no credentials",):
            say(f"{name}: {sentence}")

    def look(self) -> LookedAt:
        """Return how each host is; changes nothing, and asks for no lock."""
        target = self.target(silent, revive=True)
        target.changes()
        rows = tuple(_looked(target, host) for host in self.wanted)
        return LookedAt(rows, target.problems, (*target.notes, *self._unserved()))

    def told_of_removal(self) -> str:
        """Return what a removal does, as a sentence."""
        named = ", ".join(host.name for host in self.wanted)
        return (
            f"credentials of {named} are revoked at once; then its workers are killed, and its users and data deleted"
            f" (make drain ENV={self.environment} LIMIT={named} first lets running tasks end)"
        )

    def left_draining(self) -> tuple[str, ...]:
        """Return what to know after a drain was interrupted."""
        named = ",".join(host.name for host in self.wanted)
        command = f"ENV={self.environment} LIMIT={named}"
        return (
            f"{named}: goes on draining by itself: no further task is taken, running ones end",
            f"make check-hosts {command} shows how far it is; make workers {command} takes it back",
        )

    def alone(self) -> AbstractContextManager[object]:
        """Hold the lock of the hosts, not the deployment's: a drain may take hours. HeldError tells who holds it."""
        return self.lock()

    def _unserved(self) -> tuple[str, ...]:
        return tuple(f"no host serves the queue {queue}: its tasks wait" for queue in self.inventory.unserved)

    def _done(self, outcome: ansible.Outcome, result: str) -> Done:
        places = {host.name: host.place for host in self.wanted}
        rows = tuple(_ended(host, outcome, result) for host in self.wanted)
        return Done(
            rows, tuple(problem_of(failure, places) for _, failure in sorted(outcome.failures.items()))
        )


def hosts_for(source: Source, inventory: Inventory, access: HostAccess, lock: Lock, limit: str = "") -> Hosts:
    """Return hosts of *inventory* as they should be for *source*; *limit* names some of them, empty: all."""
    environment = source.environment
    settings = Settings(
        environment.name,
        source.root / host_materials.CONTENT,
        batch=environment.hosts.batch if environment.hosts else 1,
        limit=_drain_limit(environment),
    )
    chosen = inventory.limited_to(limit) if limit else inventory.hosts
    wanted = host_materials.wanted(source, inventory, chosen, access.authority())
    return Hosts(source, inventory, wanted, settings, access, lock)


def require_hosts(inventory: Inventory) -> None:
    """Do nothing where the inventory names a host; UserError where it names none."""
    if not inventory.hosts:
        remedy = "docs/how-to/add-worker.md tells how a host becomes a worker"
        raise UserError(f"{inventory.file} names no host", remedy)


def asked_for(hosts: Hosts, sudo_password: str, verbosity: int) -> Hosts:
    """Return *hosts* as somebody at a terminal works on them."""
    connection = {"ansible_become_password": sudo_password} if sudo_password else {}
    return replace(hosts, settings=replace(hosts.settings, connection=connection, verbosity=verbosity))


def shut_out(access: HostAccess, names: str) -> tuple[str, ...]:
    """Revoke the credentials of hosts that the inventory need not name; return what was done, with what is left."""
    found = {name: access.revoke(name) for name in names.split(",") if re.fullmatch(HOST_PATTERN, name)}
    left = "what is on it stays: the inventory does not say how to reach it"
    return tuple(f"{name}: {each}" for name, done in found.items() if done for each in (*done, left))


def _drain_limit(environment: Environment) -> int | None:
    limit = environment.hosts.drain_limit if environment.hosts else None
    # A moment longer than systemd, which then kills what still runs.
    return None if limit is None else int(limit.total_seconds()) + _AFTER_KILL


_AFTER_KILL = 60


def _duration(text: str) -> float:
    try:
        return parse_duration(text).total_seconds()
    except ValueError as problem:
        raise UserError(f"--timeout {text}: {problem}", "write 90s, 30m or 2h") from None


def _ended(host: WantedHost, outcome: ansible.Outcome, result: str) -> Row:
    failure, changed = outcome.failures.get(host.name), outcome.changed.get(host.name, 0)
    ended, why = ("failed", failure.message) if failure else (result, "")
    return Row(host.name, ", ".join(host.queues), ended, changed, why)


def _row(target: HostsTarget, host: WantedHost, planned: frozenset[str]) -> Row:
    name, queues, changed = host.name, ", ".join(host.queues), target.changed.get(host.name, 0)
    if failure := target.failures.get(name):
        return Row(name, queues, "failed", changed, failure.message)
    if name not in planned:
        return Row(name, queues, "as it should be", changed)
    return Row(name, queues, "would change" if target.check else "done", changed)


def _looked(target: HostsTarget, host: WantedHost) -> Looked:
    found = target.found.get(host.name)
    if failure := target.failures.get(host.name):
        return host_operations.looked(host, found, failure.message)
    change = target.change(host.name) if found else None
    return host_operations.looked(host, found, change.why if change else "")
