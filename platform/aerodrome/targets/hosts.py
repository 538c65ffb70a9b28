"""Workers on plain hosts as a target: looked at by their stamps, set up by Ansible, in batches, drained before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aerodrome.clients import ansible
from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.errors import Problem, counted
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.targets.host_state import (
    TARGET,
    Found,
    WantedHost,
    batches,
    change_of,
    must_drain,
    only_drained,
)

STAMP = "/etc/aerodrome/state.json"
# MiB: a virtual environment of Airflow is some 900, and it stands beside the one before.
ROOM = {"/opt": 2048, "/var": 1024, "/etc": 16}
# Seconds between two looks at a worker that ends; without a limit so many looks that no task outlives them.
LOOK_EVERY, WITHOUT_LIMIT = 5, 10**7

Secrets = Callable[[Sequence[str], Collection[str], bool], Mapping[str, Mapping[str, str]]]
"""Hosts, those of them that hold a login, and whether nothing may be made → host → secret variable → value."""

Packages = Callable[[Progress], Mapping[str, Any]]
"""Makes what is copied to hosts, and returns the variables that say where it lies here."""


def _nothing(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Settings:
    """How hosts are worked on.

    *content* is the folder ansible/; *connection* what all hosts share, such as the password of sudo; *batch* how many
    running hosts are changed at a time; *limit* the seconds that a drain is waited for (None: until it ends).
    """

    environment: str
    content: Path
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)
    batch: int = 1
    limit: int | None = None
    verbosity: int = 0
    stamp: str = STAMP
    room: Mapping[str, int] = field(default_factory=lambda: ROOM)

    def common(self, *, mark: bool = False) -> dict[str, Any]:
        """Return the variables of all hosts; with *mark* a drained host stays so until somebody takes it back."""
        looks = WITHOUT_LIMIT if self.limit is None else max(1, self.limit // LOOK_EVERY)
        return {
            **self.connection,
            "aerodrome_environment": self.environment,
            "aerodrome_state_path": self.stamp,
            "aerodrome_room": dict(self.room),
            "aerodrome_drain_mark": mark,
            "aerodrome_drain_every": LOOK_EVERY,
            "aerodrome_drain_looks": looks,
        }


@dataclass
class HostsTarget:
    """Brings hosts to their desired state; one that fails harms no other, and a second run mends it.

    A host that somebody drained is left so, and told, unless *revive*. With *check* nothing is changed anywhere.
    """

    hosts: Sequence[WantedHost]
    settings: Settings
    secrets: Secrets
    packages: Packages
    revive: bool = False
    check: bool = False
    say: Progress = _nothing
    found: dict[str, Found] = field(default_factory=dict)
    failures: dict[str, HostFailure] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)
    name: str = TARGET

    def changes(self) -> tuple[Change, ...]:
        """Return what differs; a host that does not answer is in *failures*, not an error."""
        looked = ansible.run(
            self._play("check", [host.name for host in self.hosts]), self.settings.content, self.say
        )
        self.failures = dict(looked.failures)
        self.found = {name: Found.of(answer) for name, answer in looked.answers.items() if "same" in answer}
        wanted = [
            host for host in self.hosts if host.name in self.found and not self._left_drained(host.name)
        ]
        changes = (change_of(host, self.found[host.name]) for host in wanted)
        return tuple(change for change in changes if change)

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Set up at once what interrupts nobody, then drain and change the rest, batch by batch."""
        drained = [change.name for change in changes if only_drained(self.found[change.name])]
        self._revive(drained, progress)
        names = [change.name for change in changes if change.name not in drained]
        if not names:
            return
        self.made = self.packages(progress)
        if self.check:
            # On a host that was never set up every task would miss what the one before it had made.
            self._set_up("workers", [name for name in names if self.found[name].stamp], progress)
            return
        draining = [name for name in names if must_drain(self._wanted(name), self.found[name])]
        self._set_up("workers", [name for name in names if name not in draining], progress)
        self._in_batches(draining, progress)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return one problem for each host that was not done."""
        places = {host.name: host.place for host in self.hosts}
        return tuple(problem_of(failure, places) for _, failure in sorted(self.failures.items()))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what people should know of hosts that were left as they are."""
        drained = [
            host.name for host in self.hosts if host.name in self.found and self._left_drained(host.name)
        ]
        remedy = f"`make workers ENV={self.settings.environment}` takes it back"
        return tuple(f"host {name} is drained and left so; {remedy}" for name in drained)

    def _left_drained(self, name: str) -> bool:
        return self.found[name].drained and not self.revive

    def _revive(self, names: Sequence[str], progress: Progress) -> None:
        """Let the workers of hosts start again that are what they should be otherwise."""
        self._take(
            ansible.run(
                replace(self._play("revive", names), check=self.check), self.settings.content, progress
            )
        )

    def _in_batches(self, names: Sequence[str], progress: Progress) -> None:
        before: frozenset[str] = frozenset()
        rest = batches(names, self.settings.batch)
        while rest:
            batch = rest.pop(0)
            progress(
                f"{', '.join(batch)}: draining, then changing; {counted(sum(map(len, rest)), 'host')} to come"
            )
            failed = self._set_up("upgrade", batch, progress)
            # Whatever fails on one host after another would fail on all, and none of them would work any more.
            if failed and failed == before:
                self._give_up(rest, failed)
                return
            before = failed

    def _set_up(self, playbook: str, names: Sequence[str], progress: Progress) -> frozenset[str]:
        """Return at which tasks all of *names* failed; empty where one did not, or was only not reached."""
        # A first login is good for some minutes: it is made just before it is used.
        with_login = [name for name in names if self.found[name].has_login]
        known = self.secrets(names, with_login, self.check) if names else {}
        play = replace(self._play(playbook, names), secrets=known, check=self.check)
        done = ansible.run(play, self.settings.content, progress)
        self._take(done)
        if len(done.failures) < len(names) or any(failure.unreachable for failure in done.failures.values()):
            return frozenset()
        return frozenset(failure.where for failure in done.failures.values())

    def _take(self, done: ansible.Outcome) -> None:
        self.failures.update(done.failures)
        self.changed.update(done.changed)

    def _give_up(self, rest: Iterable[Sequence[str]], failed: frozenset[str]) -> None:
        why = f"left as it is: two batches failed at {', '.join(sorted(failed))}"
        for name in (name for batch in rest for name in batch):
            self.failures[name] = HostFailure(
                name, "", why, "mend that first, then run the same command again"
            )

    def _play(self, playbook: str, names: Sequence[str]) -> ansible.Play:
        hosts, bare = [self._wanted(name) for name in names], playbook == "check"
        variables = {host.name: {**variables_of(host, bare=bare), **self.made} for host in hosts}
        return ansible.Play(playbook, variables, self.settings.common(), verbosity=self.settings.verbosity)

    def _wanted(self, name: str) -> WantedHost:
        return next(host for host in self.hosts if host.name == name)


def variables_of(host: WantedHost, *, bare: bool = False) -> dict[str, Any]:
    """Return the variables of *host*; *bare*: only how to reach it and what it should be."""
    state = {
        "aerodrome_host": host.name,
        "aerodrome_zone": host.zone,
        "aerodrome_state_digest": host.digest,
        "aerodrome_parts": dict(host.parts),
        "aerodrome_roles": list(host.roles),
    }
    return {**host.connection, **({} if bare else host.variables), **state}


def problem_of(failure: HostFailure, places: Mapping[str, str]) -> Problem:
    """Return *failure* in the form of every other mistake, at the host's line of the inventory."""
    file, _, place = places.get(failure.host, failure.host).partition(":")
    line, _, column = place.partition(":")
    message = f"{failure.where}: {failure.message}" if failure.where else failure.message
    return Problem(file, int(line or 0), int(column or 0), failure.host, message, failure.remedy, fault=True)
