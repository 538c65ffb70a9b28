"""How a deploy ends: what runs is tried out and noted, and what does not work is taken back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

from aerodrome.clients.cluster_lease import me
from aerodrome.errors import AerodromeError, UserError
from aerodrome.kubernetes.backups import Backups, told
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.kubernetes.record import Entry, Record, state_of
from aerodrome.kubernetes.smoke import SmokeTest, Unserved
from aerodrome.progress import Step
from aerodrome.render import pods_logs
from aerodrome.targets.part import Restore
from aerodrome.targets.release import Guard, MigratedError, ReleaseTarget
from aerodrome.targets.remote_bundle import PublishedBundle

_AGAIN = "mend it and deploy again"


@dataclass(frozen=True)
class Ending:
    """Tries out what runs in the environment of *desk*, and goes back to what did before."""

    release: ReleaseTarget
    bundle: PublishedBundle
    desk: ClusterDesk
    record: Record
    guard: Guard
    step: Step
    rights: tuple[Restore, ...] = ()
    """What brings back who might read what before the deploy."""
    unserved: Unserved = dict
    """Tells of queues whose hosts do not work now: no canary waits for them."""
    hosts: tuple[str, ...] = ()
    """Machines outside, which no way back touches: they keep the code that they were given last."""
    hosts_had_their_turn: Callable[[], bool] = lambda: True
    """Tells whether this deploy has changed them already."""

    def try_out(self, commit: str, images: Mapping[str, str], *, changed: bool) -> None:
        """Run the canary where something *changed*, or was never seen to work, and note that it did."""
        state, queues = state_of(self.release, self.bundle), tuple(sorted(self.desk.environment.queues))
        if changed or not self.record.works(state):
            self._smoke(queues)
            self.record.add(Entry(me(), commit, state, images, queues=queues))
        else:
            self.record.confirm(commit)

    def take_back(self, problem: AerodromeError) -> NoReturn:
        """Raise *problem* once what was seen to work last runs again, and say which that is."""
        last = self._last(problem)
        self.step("back", f"failed: {str(problem.args[0]).splitlines()[0]}")
        try:
            done = self._back(last)
        except MigratedError as second:
            text = f"nothing goes back by itself: {second.args[0]}\n{self.backups_since(last)}"
            raise _with(problem, text, f"{_AGAIN}, or {second.remedy}") from None
        except AerodromeError as second:
            text = f"going back to deploy {last.number} failed too: {second.args[0]}"
            raise _with(problem, text, second.remedy or _AGAIN) from None
        raise _with(problem, done, _AGAIN) if done else problem

    def _last(self, problem: AerodromeError) -> Entry:
        """Return what was seen to work last; raise *problem* where that is nothing, or nobody can tell."""
        try:
            entries = self.record.entries()
        except AerodromeError as second:
            said = f"left as it is, as nobody can tell what worked before: {second.args[0]}"
            raise _with(problem, said, second.remedy or _AGAIN) from None
        if not entries:
            raise _with(problem, "no deploy before was seen to work: left as it is", _AGAIN)
        return entries[-1]

    def backups_since(self, entry: Entry | None) -> str:
        """Return a line for each backup of the database that was made after *entry*, or at all."""
        known = Backups(self.desk.cluster, self.desk.environment.cluster.namespace)
        return told(known.since(entry.when if entry else ""))

    def give_rights_back(self) -> str:
        """Have who might read what before the deploy do so again; return what of that could not be, empty: nothing."""
        failed = []
        for restore in self.rights:
            try:
                self.guard()
                restore(partial(self.step, "rights"))
            except AerodromeError as problem:
                failed.append(str(problem.args[0]))
        return f"who may read what could not be brought back: {'; '.join(failed)}" if failed else ""

    def _back(self, last: Entry) -> str:
        """Have *last* run again with the rights of then, and return what was done; empty where it runs anyway.

        Rights that stay away keep nothing else from going back.
        """
        same = self._same_release(last.state.revision)
        if not same:
            # Rights of then would be of no use to a release that stays.
            self.release.require_way_back(last.state.revision)
        runs = self.bundle.head() == last.state.bundle and same
        rights = self.give_rights_back()
        try:
            told = self._stayed() if runs else self._gone_back(last)
        except AerodromeError as problem:
            raise _with(problem, rights, problem.remedy) if rights else problem from None
        return "\n".join(filter(None, (told, self._of_hosts(last), rights)))

    def _stayed(self) -> str:
        """Note the revision as which what worked last runs; there is nothing to tell."""
        newest = self.release.history()[-1]
        if newest.works:
            self.record.moved(newest.number)
        return ""

    def _gone_back(self, last: Entry) -> str:
        self.go_back(last)
        return f"went back to deploy {last.number} of {last.when}, which works"

    def go_back(self, entry: Entry) -> None:
        """Have what ran after *entry* run again; the canary tells whether it works."""
        # With its server away the release would go back alone, and run DAGs of now; without access nobody tries it out.
        self.bundle.head()
        self.desk.access()
        if not self._same_release(entry.state.revision):
            self.release.rollback(entry.state.revision, partial(self.step, "release"))
        self.guard()
        self.step("bundle", self.bundle.back_to(entry.state.bundle))
        if told := self._of_hosts(entry):
            self.step("hosts", told)
        # The canary that is back is that of then, whatever queues this work tree has.
        self._smoke(entry.queues or self.desk.environment.queues)
        state = state_of(self.release, self.bundle)
        self.record.add(replace(entry, who=me(), state=state, back_to=entry.number))

    def _of_hosts(self, entry: Entry) -> str:
        hosts = self.hosts if self.hosts_had_their_turn() else ()
        return left_as_they_are(hosts, self.desk.environment.name, entry)

    def _same_release(self, revision: int) -> bool:
        return self.release.is_like(revision)

    def _smoke(self, queues: Collection[str]) -> None:
        say = partial(self.step, "smoke test")
        test = SmokeTest(self.desk.access(), queues, self._may_ask, say, unserved=self.unserved)
        logged = pods_logs.zones(self.desk.environment)
        replace(test, worker_lines=self.desk.worker_lines, logged=logged).run()

    def _may_ask(self) -> None:
        self.guard()
        self.desk.check_way()


def entry_to_go_back_to(record: Record, number: int | None) -> Entry:
    """Return deploy *number*, or the one before the last; UserError where there is none.

    What was gone back from is no deploy before the last: two rollbacks in a row go back twice.
    """
    entries = record.entries()
    named = [entry for entry in entries if entry.number == number]
    wanted = named if number else _that_led_here(entries)[-2:-1]
    if wanted:
        return wanted[0]
    known = ", ".join(str(entry.number) for entry in entries) or "none"
    which = number or "before the last that was not gone back from"
    raise UserError(f"there is no deploy {which}", f"deploys that were seen to work: {known}")


def _that_led_here(entries: Sequence[Entry]) -> list[Entry]:
    """Return what ran one after the other until now, oldest first, without all that was gone back from."""
    origins: dict[int, int] = {}
    found: list[Entry] = []
    for entry in entries:
        # Who goes back to a way back goes to where that led.
        origin = origins.get(entry.back_to, entry.back_to) or entry.number
        found = [*(one for one in found if origins[one.number] < origin), entry]
        origins[entry.number] = origin
    return found


def left_as_they_are(hosts: Sequence[str], environment: str, entry: Entry) -> str:
    """Return what to know of *hosts* when all else of *environment* is back at *entry*; nothing without any."""
    if not hosts:
        return ""
    known = f" on commit {entry.commit[:12]}" if entry.commit else ""
    return (
        f"{', '.join(hosts)}: not brought back: tasks there run the code that was set up last;"
        f" make workers ENV={environment}{known} sets them up as deploy {entry.number} had them"
    )


def _with(problem: AerodromeError, more: str, remedy: str) -> AerodromeError:
    made = AerodromeError(f"{problem.args[0]}\n{more}", remedy)
    made.exit_code = problem.exit_code
    return made
