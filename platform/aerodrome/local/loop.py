"""The tenant's own loop: its tests, and publishing on every save."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from aerodrome.errors import AerodromeError, ProblemsFound, of_machine
from aerodrome.local import state, workbench
from aerodrome.local.lock import HeldError, alone, lock_file
from aerodrome.local.preparation import deployed_layout, prepare
from aerodrome.plan import apply_targets
from aerodrome.progress import Progress
from aerodrome.runtime import Runtime, Workshop, build_runtime, prune, read_source
from aerodrome.runtime.build import environment_of, is_whole
from aerodrome.runtime.tenant_tests import run_tests


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
    """Publish at every save below tenants/ until Ctrl-C; a mistake is shown and the last good version stays."""
    if not state.exists(deployed_layout(root, environment)):
        raise AerodromeError("nothing is deployed here yet", f"make deploy ENV={environment}")
    say("watching tenants/; Ctrl-C ends it")
    with suppress(KeyboardInterrupt):
        for changed in saves(root / "tenants"):
            say(f"changed: {', '.join(sorted(changed))}")
            publish_now(root, environment, say)


def saves(folder: Path) -> Iterator[set[str]]:
    """Yield the paths of files below *folder* that were saved together, until Ctrl-C."""
    from watchfiles import DefaultFilter, watch

    usual = DefaultFilter()
    # Any file may stand behind a `$f`; hidden ones and vim's 4913 are somebody's work in progress.
    watched = watch(
        folder,
        watch_filter=lambda change, path: (
            usual(change, path) and not _is_debris(Path(path).relative_to(folder))
        ),
        debounce=300,
    )
    for changes in watched:
        yield {str(Path(path).relative_to(folder)) for _, path in changes}


def _is_debris(path: Path) -> bool:
    return path.name.isdigit() or any(part.startswith(".") for part in path.parts)


def publish_now(root: Path, environment: str, say: Progress) -> None:
    """Publish what is fit to be published and say what is not."""
    try:
        with _in_turn(root, say):
            prepared = prepare(root, environment, lambda _: None)
            made = apply_targets(environment, prepared.targets(), lambda _, text: say(text))
            prepared.remember()
    except AerodromeError as error:
        # The next save may find it mended.
        say(str(error))
        return
    except OSError as error:
        # A full disk, a folder that was moved away while it was read.
        say(of_machine(error))
        return
    problems = (*prepared.build.problems, *prepared.runtimes.failures)
    if problems:
        say(str(ProblemsFound(problems)))
    elif not made.changes:
        say("nothing to publish")


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
