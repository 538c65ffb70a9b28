"""The Helm release as a target: planned by the API server, applied by Helm, watched, and taken back where it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aerodrome.clients import cluster_namespace
from aerodrome.clients.cluster import MERGE_PATCH, NAMES_ONLY, Cluster
from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.clients.cluster_lease import LostError
from aerodrome.clients.cluster_objects import Objects
from aerodrome.clients.cluster_pods import hidden
from aerodrome.clients.cluster_rollout import Patience, RolloutError, Watch, Workload
from aerodrome.clients.helm import PENDING, Content, Helm, Meanwhile, Revision, Values
from aerodrome.errors import AerodromeError, UserError, counted
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.targets.database_version import DatabaseVersion, Migration, migration, of_values
from aerodrome.targets.host_state import folder_digest
from aerodrome.targets.release_look import TARGET, Compared, Comparison, jobs, workloads
from aerodrome.targets.release_source import Sources, sources

KIND = "Release"
MIGRATION = "Migration"
"""The kind of the change that says that the database is migrated."""
_SECRETS = "/api/v1/namespaces/{}/secrets"
_WORKS = "aerodrome/works"
"""Label of Helm's own Secret of a revision whose rollout was watched to its good end."""
_GONE_SECONDS = 120
_AGAIN = "mend it and deploy again"
RESTORE = "restore the backup of before, and deploy the commit of then: docs/how-to/rollback.md says how"

Guard = Callable[[], None]


def unguarded() -> None:
    """Let every step be taken."""


class MigratedError(UserError):
    """The database is not that of the revision that somebody wants to go back to."""


@dataclass(frozen=True)
class Settings:
    """What is released: the *chart* (a folder) with *values*, merged already.

    *root* is the repository, *values_file* the environment's values.yaml, for what is told of changes. *database* is
    what the images migrate the database to, None: what the chart and its values say of Airflow; *backup* tells what is
    made before that.
    """

    chart: Path
    values: Values = field(repr=False)
    root: Path
    values_file: Path | None = None
    patience: Patience = field(default_factory=Patience)
    database: DatabaseVersion | None = None
    backup: str = ""

    def stamped(self) -> dict[str, Any]:
        """Return the values with the chart's digest and the database's version: what each revision was made from."""
        shared = dict(self.values.get("global") or {})
        database = {"database": self.database.mark} if self.database else {}
        mark = {"chartDigest": folder_digest(self.chart), **database}
        return {**self.values, "global": {**shared, "aerodrome": mark}}


@dataclass(frozen=True)
class Look:
    """How the release was found: its history, what is deployed, and what differs."""

    history: tuple[Revision, ...]
    before: Content | None
    comparison: Comparison
    differing: tuple[Compared, ...]
    own: tuple[Change, ...]
    migration: Migration | None = None

    @property
    def last(self) -> Revision | None:
        """Return the newest revision."""
        return self.history[-1] if self.history else None

    @property
    def pending(self) -> bool:
        """Return whether a helm before was killed."""
        return self.last is not None and self.last.status in PENDING

    @property
    def helm_works(self) -> bool:
        """Return whether anything is to be applied, and not only watched."""
        found = self.differing or self.migration
        return bool(found) or self.last is None or self.last.status != "deployed"


@dataclass
class ReleaseTarget:
    """Brings the release to its chart and values; a rollout that fails is taken back to the last revision that worked.

    A release that migrates the database is not: the older Airflow could not work with what it left. Its change says so
    (`reversible` is false), and the error of a failure names both ways on. A first install has nothing to go back to,
    and is left as it is, to be looked at.

    *guard* is called before each step, and raises where this deploy may not go on.
    """

    settings: Settings
    cluster: Cluster
    helm: Helm
    guard: Guard = unguarded
    name: str = TARGET
    _looked: Look | None = None

    @property
    def migration(self) -> Migration | None:
        """Return what :meth:`changes` found of the database; None where nothing migrates it."""
        return self._looked.migration if self._looked else None

    def changes(self) -> tuple[Change, ...]:
        """Return one change for each object that differs, and one for a release that is unfinished."""
        self._looked = look = self._look()
        return (*look.own, *(one.change for one in look.differing))

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Apply what :meth:`changes` found, and return when all that runs is ready."""
        look = self._looked or self._look()
        self._looked = None
        if look.pending:
            self._mend(look, progress)
            # What the killed one may have migrated stays so, though nothing tells it any more.
            look = replace(self._look(), migration=look.migration)
        self._step(progress, f"namespace {self.helm.namespace}", self._make_namespace)
        try:
            if look.helm_works:
                self._recreate(look, progress)
                self._upgrade(look, progress)
            self._settle(self.helm.history()[-1].number, look.comparison, progress)
        except (LostError, UnreachableError):
            # Neither may be followed by another change: somebody else works here, or nobody can.
            raise
        except AerodromeError as problem:
            self._take_back(look, problem, progress)

    def rollback(self, to: int, progress: Progress) -> None:
        """Go back to revision *to*, and return when all that runs is ready; MigratedError where there is no way."""
        self.require_way_back(to)
        self._back_to(to, progress)

    def require_way_back(self, to: int) -> None:
        """Do nothing where revision *to* can run again; MigratedError where the database is not its own any more."""
        history = self.history()
        wanted = next((one for one in history if one.number == to), None)
        if wanted is None:
            known = ", ".join(str(one.number) for one in history) or "none"
            raise UserError(f"release {self.helm.release} has no revision {to}", f"revisions: {known}")
        then, now = self._database(wanted), self._database(history[-1])
        if then != now:
            said = f"revision {to} is Airflow {then.airflow}, and the database was migrated: {Migration((then,), now)}"
            raise MigratedError(said, RESTORE)

    def history(self) -> tuple[Revision, ...]:
        """Return all revisions, oldest first, and which of them were seen to work."""
        found = self.helm.history()
        good = self._good() if found else frozenset()
        return tuple(replace(one, works=one.number in good) for one in found)

    def is_like(self, revision: int) -> bool:
        """Return whether the newest revision has the objects of *revision*, as after going back to it.

        It has not where Helm keeps that no more: nobody can tell.
        """
        known = [one.number for one in self.helm.history()]
        if revision not in known:
            return False
        newest = known[-1]
        return (
            newest == revision or self.helm.revision(newest).objects == self.helm.revision(revision).objects
        )

    # What is found.

    def _look(self) -> Look:
        self.helm.check()
        self.cluster.get("/version")
        history = self.history()
        before = self._deployed(history)
        values = self.settings.stamped()
        pending = bool(history) and history[-1].status in PENDING
        render = self.helm.render_beside_pending if pending else self.helm.render
        after = render(self.settings.chart, values)
        there = cluster_namespace.exists(self.cluster, self.helm.namespace)
        comparison = Comparison(
            Objects(self.cluster, self.helm.namespace),
            self.helm.release,
            before,
            after,
            self._absent(after, there=there),
            self._sources(before, values),
        )
        found = self._migration(history, before, after)
        own = (*(() if there else (self._namespace(),)), *self._own(history, found))
        return Look(history, before, comparison, comparison.differing(), own, found)

    def _sources(self, before: Content | None, values: Values) -> Sources:
        given = self.settings
        earlier = before.values if before else {}
        return sources(given.chart, given.root, given.values_file, earlier, values)

    def _deployed(self, history: Sequence[Revision]) -> Content | None:
        """Return what Helm compares the next revision with: the newest deployed one, else the newest."""
        deployed = [one for one in history if one.status == "deployed"] or list(history)
        if not deployed:
            return None
        found = self.helm.revision(deployed[-1].number)
        return replace(found, app_version=deployed[-1].app_version)

    def _absent(self, after: Content, *, there: bool) -> frozenset[str]:
        """Return the namespaces that are still to be made."""
        made = [one.body for one in after.objects if one.body["kind"] == "Namespace"]
        live = Objects(self.cluster, self.helm.namespace).find(made)
        absent = {body["metadata"]["name"] for body, found in zip(made, live, strict=True) if found is None}
        return frozenset(absent if there else {*absent, self.helm.namespace})

    def _namespace(self) -> Change:
        name = self.helm.namespace
        return Change(TARGET, "create", f"Namespace {name}", "not there yet", kind="Namespace", name=name)

    def _own(self, history: Sequence[Revision], found: Migration | None) -> tuple[Change, ...]:
        unfinished = self._unfinished(history, found)
        return (
            *([self._of_release(KIND, unfinished)] if unfinished else []),
            *([self._of_release(MIGRATION, self._told(found))] if found else []),
        )

    def _of_release(self, kind: str, why: str) -> Change:
        release, given = self.helm.release, self.settings
        return Change(
            TARGET,
            "update",
            f"release {release}",
            why,
            "data" if kind == MIGRATION else "none",
            reversible=kind != MIGRATION,
            kind=kind,
            name=release,
            source=sources(given.chart, given.root, None, {}, {}).chart,
        )

    def _told(self, found: Migration) -> str:
        what = "older tables, which only a restored backup has" if found.older else "its database is migrated"
        first = f", after {self.settings.backup}" if self.settings.backup else ""
        return f"{found}: {what}{first}; nothing goes back by itself then"

    def _unfinished(self, history: Sequence[Revision], found: Migration | None) -> str:
        if not history:
            return ""
        last = history[-1]
        if last.status in PENDING:
            said = f"a deploy was killed and left revision {last.number} {last.status}"
            return f"{said}: {self._way_out(history, found)}"
        if last.status != "deployed":
            return f"revision {last.number} is {last.status}: applied again"
        return "" if last.works else f"revision {last.number} was not seen to work: watched again"

    def _way_out(self, history: Sequence[Revision], found: Migration | None) -> str:
        back = self._before_pending(history)
        if back is None:
            return "removed first, as nothing of it was ever finished"
        return "gone on from, as it migrates the database" if found else f"back to revision {back} first"

    @staticmethod
    def _before_pending(history: Sequence[Revision]) -> int | None:
        if history[-1].status == "uninstalling":
            return None
        for status in ("deployed", "superseded"):
            if found := [one.number for one in history[:-1] if one.status == status]:
                return found[-1]
        return None

    def _migration(
        self, history: Sequence[Revision], before: Content | None, after: Content
    ) -> Migration | None:
        wanted = of_values(after.values, after.app_version)
        if before is None or not wanted.airflow:
            return None
        works = [place for place, one in enumerate(history) if one.works]
        # What was begun since the last one that worked may have migrated the database, or not.
        begun = history[works[-1] :] if works else history
        known = {before.number: of_values(before.values, before.app_version)}
        return migration([known.get(one.number) or self._database(one) for one in begun], wanted)

    def _database(self, one: Revision) -> DatabaseVersion:
        return of_values(self.helm.revision(one.number).values, one.app_version)

    # What is done.

    def _step(self, progress: Progress, what: str, work: Callable[[], bool]) -> None:
        self.guard()
        if work():
            progress(f"made {what}")

    def _make_namespace(self) -> bool:
        if cluster_namespace.exists(self.cluster, self.helm.namespace):
            return False
        cluster_namespace.make(self.cluster, self.helm.namespace)
        return True

    def _mend(self, look: Look, progress: Progress) -> None:
        self.guard()
        back = self._before_pending(look.history)
        progress(self._unfinished(look.history, look.migration))
        if back is None:
            self.helm.uninstall()
        elif look.migration:
            # Not even for the moment until the upgrade: the older Airflow would start on newer tables.
            self._forget(look.history[-1].number)
        else:
            self.helm.rollback(back)

    def _recreate(self, look: Look, progress: Progress) -> None:
        """Remove what cannot be changed, so that Helm makes it anew; pods of a StatefulSet go on."""
        objects = look.comparison.objects
        for one in look.differing:
            if one.recreate:
                self.guard()
                progress(f"{one.change.what} is recreated")
                objects.delete(one.body, orphan=one.body["kind"] == "StatefulSet")
                self._wait_until_gone(objects, one.body)

    @staticmethod
    def _wait_until_gone(objects: Objects, body: Mapping[str, Any]) -> None:
        end = time.monotonic() + _GONE_SECONDS
        while objects.find([body]) != [None]:
            if time.monotonic() > end:
                what = f"{body['kind']} {body['metadata']['name']}"
                raise AerodromeError(f"{what} is not gone after {_GONE_SECONDS} s", "look for its finalizers")
            time.sleep(0.3)

    def _upgrade(self, look: Look, progress: Progress) -> None:
        self.guard()
        meanwhile = self._hooks_watched(look, progress)
        progress(f"helm applies {counted(len(look.differing), 'change')}")
        try:
            self.helm.install_or_upgrade(self.settings.chart, self.settings.stamped(), meanwhile)
        except RolloutError:
            raise
        except AerodromeError as problem:
            # Of a job that failed, helm says that it did; its pod says why.
            meanwhile()
            text = hidden(str(problem.args[0]), look.comparison.secrets())
            raise type(problem)(text, problem.remedy) from None

    def _hooks_watched(self, look: Look, progress: Progress) -> Meanwhile:
        hooks = [hook for hook in look.comparison.hooks() if hook.body.get("kind") == "Job"]
        objects = look.comparison.objects
        earlier = [live["metadata"]["uid"] for live in objects.find([hook.body for hook in hooks]) if live]
        watch = self._watch(jobs(hooks, objects), look.comparison, progress, earlier)

        def meanwhile() -> None:
            self.guard()
            watch.look()

        return meanwhile

    def _watch(
        self,
        wanted: Sequence[Workload],
        comparison: Comparison,
        progress: Progress,
        earlier: Sequence[str] = (),
    ) -> Watch:
        secrets = comparison.secrets()
        return Watch(self.cluster, wanted, progress, secrets, self.settings.patience, earlier)

    def _settle(self, number: int, comparison: Comparison, progress: Progress) -> None:
        """Return when revision *number* works, and note that it does."""
        found = self.helm.revision(number)
        watch = self._watch(workloads(found, comparison.objects), comparison, progress)
        # Of a release that was there before, only what moves is told.
        watch.tell_all = comparison.before is None
        while not watch.look():
            self.guard()
            time.sleep(1)
        self._note_that_it_works(number)
        progress(f"revision {number} works")

    def _take_back(self, look: Look, problem: AerodromeError, progress: Progress) -> None:
        """Raise *problem* once the last revision that worked does so again, and say which that is."""
        history = self.history()
        known = look.last.number if look.last else 0
        if not history or (history[-1].number == known and look.helm_works):
            raise problem
        if look.migration:
            raise problem
        good = [one.number for one in history[:-1] if one.works]
        if not good:
            raise _with(problem, "no earlier revision is known to work: left as it is", _AGAIN)
        progress(f"failed: {str(problem.args[0]).splitlines()[0]}")
        self._roll_back_to(good[-1], problem, progress)
        raise _with(problem, f"rolled back to revision {good[-1]}, which works", _AGAIN)

    def _roll_back_to(self, number: int, problem: AerodromeError, progress: Progress) -> None:
        try:
            self._back_to(number, progress)
        except AerodromeError as second:
            text = f"going back to revision {number} failed too: {second.args[0]}"
            if isinstance(second, LostError | UnreachableError):
                # Nothing else may go back after it.
                raise type(second)(f"{problem.args[0]}\n{text}", second.remedy) from None
            raise _with(problem, text, second.remedy or _AGAIN) from None

    def _back_to(self, number: int, progress: Progress) -> None:
        self.guard()
        progress(f"goes back to revision {number}")
        found = self.helm.revision(number)
        objects = Objects(self.cluster, self.helm.namespace)
        none = sources(self.settings.chart, self.settings.root, None, {}, {})
        comparison = Comparison(objects, self.helm.release, None, found, frozenset(), none)
        self.helm.rollback(number, self.guard)
        self._settle(self.helm.history()[-1].number, comparison, progress)

    # What worked.

    def _good(self) -> frozenset[int]:
        query = [("labelSelector", f"owner=helm,name={self.helm.release},{_WORKS}")]
        path = _SECRETS.format(self.helm.namespace)
        found = self.cluster.request("GET", path, query=query, headers=NAMES_ONLY)["items"] or ()
        labels = [one["metadata"]["labels"] for one in found]
        # Helm gives the labels of one revision to the next, so the label says of which it tells.
        return frozenset(int(one["version"]) for one in labels if one["version"] == one[_WORKS])

    def _note_that_it_works(self, number: int) -> None:
        body = {"metadata": {"labels": {_WORKS: str(number)}}}
        self.cluster.request("PATCH", self._record(number), body=body, headers=MERGE_PATCH)

    def _forget(self, number: int) -> None:
        """Remove Helm's record of a revision that no helm works on any more: it lets no other begin."""
        self.cluster.request("DELETE", self._record(number))

    def _record(self, number: int) -> str:
        return f"{_SECRETS.format(self.helm.namespace)}/sh.helm.release.v1.{self.helm.release}.v{number}"


def _with(problem: AerodromeError, more: str, remedy: str) -> AerodromeError:
    made = AerodromeError(f"{problem.args[0]}\n{more}", remedy)
    made.exit_code = problem.exit_code
    return made
