"""Workers on plain hosts as a target: looked at by their stamps, set up by Ansible, in batches, drained before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aerodrome.clients import ansible
from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.errors import AerodromeError, Problem, counted
from aerodrome.hosts.credentials import Standing, out_of_its_zone
from aerodrome.plan import Change
from aerodrome.progress import Progress, silent
from aerodrome.targets.host_state import (
    TARGET,
    Found,
    WantedHost,
    batches,
    change_of,
    keeps_login,
    lacks_tenants,
    must_drain,
    only_drained,
    standing_as,
    with_workers,
)

STAMP = "/etc/aerodrome/state.json"
# MiB, looked for before a host is drained: a virtual environment of Airflow is some 900, what it is made of as much
# again and its tools too, and it stands beside the one before.
ROOM = {"/opt": 3000, "/var": 1024, "/etc": 16}
# Seconds between two looks at a worker that ends; without a limit so many looks that no task outlives them.
LOOK_EVERY, WITHOUT_LIMIT = 5, 10**7
# The end of workers.yml: all else is done then, and what one tenant wrote keeps no other host from it.
TENANTS_FAILED = "tenant_runtime: Name the tenants whose environment could not be built"

Secrets = Callable[[Sequence[str], Collection[str], bool], Mapping[str, Mapping[str, str]]]
"""Hosts, those of them that keep their login, and whether nothing may be made → host → secret variable → value."""

Standings = Callable[[Sequence[str]], Mapping[str, Standing]]
"""Hosts → host → how its logins stand now; nothing of those whose logins are nobody's business."""

StepBack = Callable[[Sequence[str]], None]
"""Gives hosts that could not be set up also the rights that they had before: their workers go on with what they had."""

Packages = Callable[[Progress], Mapping[str, Any]]
"""Makes what is copied to hosts, and returns the variables that say where it lies here."""


def _no_standing(_: Sequence[str]) -> Mapping[str, Standing]:
    """Know nothing of logins."""
    return {}


def _stay(_: Sequence[str]) -> None:
    """Leave rights as they are."""


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
    say: Progress = silent
    found: dict[str, Found] = field(default_factory=dict)
    failures: dict[str, HostFailure] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)
    standings: Standings = _no_standing
    step_back: StepBack = _stay
    name: str = TARGET

    def changes(self) -> tuple[Change, ...]:
        """Return what differs; a host that does not answer is in *failures*, not an error."""
        barred = self._stand([host.name for host in self.hosts])
        names = [host.name for host in self.hosts if host.name not in barred]
        looked = ansible.run(self._play("check", names), self.settings.content, self.say)
        self.failures = {**barred, **looked.failures}
        self.found = {name: Found.of(answer) for name, answer in looked.answers.items() if "same" in answer}
        wanted = [host for host in names if host in self.found and not self._left_drained(host)]
        changes = (self.change(name) for name in wanted)
        return tuple(change for change in changes if change)

    def change(self, name: str) -> Change | None:
        """Return what is to be done to one host that answered; None where it is as it should be."""
        return change_of(self._wanted(name), self.found[name])

    def may_lack(self, name: str) -> bool:
        """Return whether a host may take tasks that want what it has not: another version of their tenants' code."""
        found = self.found.get(name)
        return found is None or (not found.drained and lacks_tenants(self._wanted(name), found))

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Set up at once what interrupts nobody, then drain and change the rest, batch by batch."""
        drained = [
            change.name
            for change in changes
            if only_drained(self._wanted(change.name), self.found[change.name])
        ]
        self._revive(drained, progress)
        names = [change.name for change in changes if change.name not in drained]
        if not names:
            return
        self.made = self.packages(progress)
        if self.check:
            # On a host that was never set up every task would miss what the one before it had made.
            self._set_up([name for name in names if self.found[name].stamp], progress)
            return
        draining = [name for name in names if must_drain(self._wanted(name), self.found[name])]
        self._set_up([name for name in names if name not in draining], progress)
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
            resting = self._drained(batch, progress)
            failed = self._set_up(resting, progress, drained=True) - {TENANTS_FAILED}
            # Whatever fails on one host after another would fail on all, and none of them would work any more.
            if failed and failed == before:
                self._give_up(rest, failed)
                return
            before = failed

    def _drained(self, names: Sequence[str], progress: Progress) -> list[str]:
        """Return those of *names* whose workers have ended; the others are in *failures*."""
        done = ansible.run(self._play("drain", names), self.settings.content, progress)
        self._take(done)
        # Whoever is not waited for any more goes on draining, and stays stopped then.
        place = self.settings.environment
        self.failures |= {name: with_workers(why, None, place) for name, why in done.failures.items()}
        return [name for name in names if name not in done.failures]

    def _stand(self, names: Sequence[str]) -> dict[str, HostFailure]:
        """Look how the logins of *names* stand, and return those hosts that may not be let in at all."""
        found = self.standings(names)
        self.hosts = [
            standing_as(host, found[host.name]) if host.name in found else host for host in self.hosts
        ]
        return {
            name: HostFailure(name, "", standing.other_zone, out_of_its_zone(self.settings.environment, name))
            for name, standing in found.items()
            if standing.other_zone
        }

    def _set_up(self, names: Sequence[str], progress: Progress, *, drained: bool = False) -> frozenset[str]:
        """Return at which tasks all of *names* failed; empty where one did not, or was only not reached."""
        if not names:
            return frozenset()
        try:
            done = self._played("upgrade" if drained else "workers", names, progress)
        except KeyboardInterrupt:
            progress(
                f"{', '.join(names)}: interrupted, their workers may be stopped: run the same command again"
            )
            raise
        except AerodromeError as why:
            if drained:
                self._leave(names, why, progress)
            raise
        self._take(done)
        if not self.check:
            if undone := [name for name, why in done.failures.items() if why.where != TENANTS_FAILED]:
                self.step_back(undone)
            self._go_on(done.failures, progress, drained=drained)
        if len(done.failures) < len(names) or any(failure.unreachable for failure in done.failures.values()):
            return frozenset()
        return frozenset(failure.where for failure in done.failures.values())

    def _played(self, playbook: str, names: Sequence[str], progress: Progress) -> ansible.Outcome:
        """Return how *playbook* ended, with the secrets that hosts should have."""
        with_login = [name for name in names if keeps_login(self._wanted(name), self.found[name])]
        # Only now, when what they replace has ended: new rights are another worker's, and a first login is good for
        # some minutes.
        known = self.secrets(names, with_login, self.check)
        self._stand(names)
        play = replace(self._play(playbook, names), secrets=known, check=self.check)
        return ansible.run(play, self.settings.content, progress)

    def _leave(self, names: Sequence[str], why: AerodromeError, progress: Progress) -> None:
        """Let workers go on that were drained for nothing, and tell how they are."""
        place = self.settings.environment
        failed = {name: HostFailure(name, "", str(why.args[0]), why.remedy) for name in names}
        self.failures |= {name: with_workers(each, None, place) for name, each in failed.items()}
        try:
            self._go_on(failed, progress, drained=True)
        finally:
            for name in names:
                progress(f"{name}: {self.failures[name].message}")

    def _go_on(self, failed: Mapping[str, HostFailure], progress: Progress, *, drained: bool) -> None:
        """Let the workers of hosts that *failed* go on with what they had, and tell where they do not."""
        known = [name for name, failure in failed.items() if self.found[name].stamp]
        # Of who was not drained and is not reached no worker was touched.
        names = [name for name in known if drained or not failed[name].unreachable]
        served = ansible.run(self._play("serve", names), self.settings.content, progress)
        for name in names:
            answer = served.answers.get(name)
            self.failures[name] = with_workers(failed[name], answer, self.settings.environment)

    def _take(self, done: ansible.Outcome) -> None:
        self.failures.update(done.failures)
        for name, number in done.changed.items():
            self.changed[name] = self.changed.get(name, 0) + number

    def _give_up(self, rest: Iterable[Sequence[str]], failed: frozenset[str]) -> None:
        why = f"left as it is: two batches failed at {', '.join(sorted(failed))}"
        for name in (name for batch in rest for name in batch):
            self.failures[name] = HostFailure(
                name, "", why, "mend that first, then run the same command again"
            )

    def _play(self, playbook: str, names: Sequence[str]) -> ansible.Play:
        hosts, bare = [self._wanted(name) for name in names], playbook in ("check", "drain")
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
