"""The tenant's own loop: its tests, and publishing on every save."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from aerodrome.errors import ProblemsFound, UserError
from aerodrome.local import state
from aerodrome.local.preparation import deployed_platform, prepare
from aerodrome.plan import apply_targets
from aerodrome.runtime import Runtime, Tools, Workshop, build_runtime, read_source
from aerodrome.runtime.build import environment_of, is_whole
from aerodrome.runtime.tenant_tests import run_tests
from aerodrome.runtime.uv import find_uv

Say = Callable[[str], None]


def run_tenant_tests(root: Path, tenant: str, say: Say) -> int:
    """Run the tenant's tests in its own virtual environment and return pytest's exit code."""
    folder = root / "tenants" / tenant
    workshop = _workshop(root, say)
    return run_tests(folder, _runtime(root, folder, workshop), workshop, say)


def _workshop(root: Path, say: Say) -> Workshop:
    tools = Tools(Path(sys.executable), find_uv())
    return Workshop(
        root / ".aerodrome" / "runtimes", tools, {}, lambda tenant, text: say(f"{tenant}: {text}")
    )


def _runtime(root: Path, folder: Path, workshop: Workshop) -> Runtime | None:
    source = read_source(folder)
    if source is None:
        return None
    deployed = state.locate(root).runtimes / source.tenant / source.digest
    if is_whole(deployed):
        return Runtime(source.tenant, source.digest, deployed, environment_of(deployed))
    return build_runtime(source, workshop)


def watch_and_publish(root: Path, environment: str, say: Say) -> None:
    """Publish at every save below tenants/ until Ctrl-C; a mistake is shown and the last good version stays."""
    if not state.exists(deployed_platform(root, environment).layout):
        raise UserError("nothing is deployed here yet", f"make deploy ENV={environment}")
    say("watching tenants/; Ctrl-C ends it")
    for changed in _saves(root / "tenants"):
        say(f"changed: {', '.join(sorted(changed))}")
        _publish(root, environment, say)


def _saves(folder: Path) -> Iterator[set[str]]:
    from watchfiles import PythonFilter, watch

    ignored = PythonFilter(extra_extensions=(".yaml", ".json", ".sql", ".lock", ".toml", ".md", ".sh"))
    for changes in watch(folder, watch_filter=ignored, debounce=300, raise_interrupt=False):
        yield {str(Path(path).relative_to(folder)) for _, path in changes}


def _publish(root: Path, environment: str, say: Say) -> None:
    try:
        prepared = prepare(root, environment, lambda _: None)
        made = apply_targets(environment, prepared.targets(), lambda _, text: say(text))
    except UserError as error:
        say(str(error))
        return
    prepared.remember()
    if prepared.build.problems:
        say(str(ProblemsFound(prepared.build.problems)))
    elif not made.changes:
        say("nothing to publish")
