"""The tenant's own loop: its tests, and publishing on every save."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import AerodromeError, HeldError, ProblemsFound, of_machine
from aerodrome.local.loop import workbench
from aerodrome.local.machine import state
from aerodrome.local.machine.lock import alone, lock_file
from aerodrome.local.processes import supervision
from aerodrome.local.release.preparation import deployed_layout, prepare
from aerodrome.plan import apply_targets
from aerodrome.progress import Progress
from aerodrome.runtime import Runtime, Workshop, build_runtime, prune, read_source
from aerodrome.runtime.build import environment_of, is_whole
from aerodrome.runtime.tenant_tests import run_tests

# Milliseconds after which somebody who saves nothing is told that the platform has stopped.
_LOOK = 2_000
_USUAL = 5_000


def run_tenant_tests(root: Path, tenant: str, say: Progress) -> int:
    """Run the tenant's tests in its own virtual environment and return pytest's exit code."""
    folder = root / "tenants" / tenant
    workshop = workbench.workshop(root, tenant, say)
    return run_tests(folder, _runtime(root, folder, workshop), workshop, say)


def _runtime(root: Path, folder: Path, workshop: Workshop) -> Runtime | None:
    source = read_source(folder)
    if source is None:
        return None
    deployed = state.locate(root).runtimes / source.tenant / source.digest
    # Of a deployment by root, nobody but the tenant's own user may use the environments.
    if os.access(deployed, os.X_OK) and is_whole(deployed):
        return Runtime(source.tenant, source.digest, deployed, environment_of(deployed))
    made = build_runtime(source, workshop)
    if not workshop.owners:
        # Nothing but tests uses what stands here; as root it stands among a deploy's, which clears up itself.
        prune(workshop.into, source.tenant, {source.digest})
    return made


def watch_and_publish(root: Path, environment: str, say: Progress) -> None:
    """Publish at every save below tenants/ until Ctrl-C; a mistake is shown and the last good version stays.

    While the platform does not run nothing is published, and that is said; once it runs again the rest is.
    """
    layout = deployed_layout(root, environment)
    start = f"make deploy ENV={environment}"
    if not state.exists(layout):
        raise AerodromeError("nothing is deployed here yet", start)
    state.require_own(layout)
    runs = supervision.client(layout).answers
    if not runs():
        raise AerodromeError("the platform does not run", f"{start} starts it")
    say("watching tenants/; Ctrl-C ends it")
    loop = _Loop(runs, lambda: publish_now(root, environment, say, runs), say, start)
    with suppress(KeyboardInterrupt):
        for changed in saves(root / "tenants", _LOOK):
            loop.look(changed)


@dataclass
class _Loop:
    """What was saved and is not published yet, and whether the platform ran at the last look."""

    runs: Callable[[], bool]
    publish: Callable[[], bool]
    say: Progress
    start: str
    ran: bool = True
    waiting: bool = False

    def look(self, changed: Collection[str]) -> None:
        """Publish what was *changed*, now or since the platform stopped; say where it does not run."""
        if changed:
            self.say(f"changed: {', '.join(sorted(changed))}")
        before, self.ran = self.ran, self.runs()
        if self.ran and not before:
            self.say("the platform runs again")
        if not self.ran and (before or changed):
            self.say(f"the platform does not run: {self.start} starts it; until then nothing is published")
        self.waiting = self.waiting or bool(changed)
        if self.ran and self.waiting:
            self.waiting = not self.publish()


def saves(folder: Path, look: int = 0) -> Iterator[set[str]]:
    """Yield the paths of files below *folder* that were saved together, until Ctrl-C.

    With *look*, an empty set is yielded after each so many milliseconds without a save.
    """
    from watchfiles import DefaultFilter, watch

    usual = DefaultFilter()
    # Any file may stand behind a `$f`; hidden ones and vim's 4913 are somebody's work in progress.
    watched = watch(
        folder,
        watch_filter=lambda change, path: (
            usual(change, path) and not _is_debris(Path(path).relative_to(folder))
        ),
        debounce=300,
        rust_timeout=look or _USUAL,
        yield_on_timeout=look > 0,
    )
    for changes in watched:
        yield {str(Path(path).relative_to(folder)) for _, path in changes}


def _is_debris(path: Path) -> bool:
    return path.name.isdigit() or any(part.startswith(".") for part in path.parts)


def publish_now(root: Path, environment: str, say: Progress, runs: Callable[[], bool] = lambda: True) -> bool:
    """Publish what is fit to be published and say what is not; return False where the platform no longer *runs*."""
    try:
        with _in_turn(root, say):
            # Whom it waited for may have stopped it, and to publish would start it again.
            if not runs():
                return False
            prepared = prepare(root, environment, lambda _: None)
            made = apply_targets(environment, prepared.targets(), lambda _, text: say(text))
            prepared.remember()
    except AerodromeError as error:
        # The next save may find it mended.
        say(str(error))
        return True
    except OSError as error:
        # A full disk, a folder that was moved away while it was read.
        say(of_machine(error))
        return True
    problems = (*prepared.build.problems, *prepared.runtimes.failures)
    if problems:
        say(str(ProblemsFound(problems)))
    elif not made.changes:
        say("nothing to publish")
    return True


@contextmanager
def _in_turn(root: Path, say: Progress) -> Iterator[None]:
    # A deploy that runs now may have read the files before this save: what was saved must not be forgotten.
    said = False
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(alone(lock_file(root)))
            except HeldError as error:
                if not said:
                    say(f"waiting: {error.args[0]}")
                said = True
                time.sleep(1)
            else:
                break
        yield
