"""The platform of environment lab for tests: a copy of this repository with a tenant more, and its hosts beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people.access import admin_access
from aerodrome.local.release.preparation import deployed_platform
from aerodrome.scaffold import scaffold_tenant
from control import guide
from debian import ensure
from fleet.lab import REPOSITORY

ENVIRONMENT = "lab"
TENANT = "mill"
LONGEST_SECONDS = 400.0
_COPIED = ("platform", "common_plugins", "ansible", f"environments/{ENVIRONMENT}")
_FILES = ("Makefile", "pyproject.toml", "requirements.lock", "bootstrap.lock", "README.md")
_LAB = ".aerodrome/lab-hosts"
_PROGRAM = "from aerodrome.cli import main; main()"


@dataclass(frozen=True)
class Control:
    """A deployed platform, the folder *root* that it was deployed from, and where it keeps its *state*."""

    root: Path
    state: Path
    more: Mapping[str, str] = field(default_factory=dict)
    """What commands find in their environment besides."""

    @cached_property
    def platform(self) -> Platform:
        """What is deployed."""
        os.environ["AERODROME_STATE"] = str(self.state)
        return deployed_platform(self.root, ENVIRONMENT)

    @cached_property
    def airflow(self) -> Airflow:
        """The administrator's access."""
        return admin_access(self.platform)

    def command(self, *words: str, code: int = 0, text: str | None = None) -> str:
        """Return what a command of the control program printed that read *text*.

        AssertionError where it ends with another *code*.
        """
        done = subprocess.run(
            self.words(*words),
            env=self.environment,
            cwd=self.root,
            input=text or "",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def shell(self, script: str, *, text: str = "", folder: Path | None = None) -> str:
        """Return what *script* printed, typed in *folder*, or in the clone, *text* as answers; it must end well."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self.environment,
            cwd=folder or self.root,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Yield a command of the control program that runs, for what it prints meanwhile; it must end well."""
        with subprocess.Popen(
            self.words(*words),
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            yield process
            said, _ = process.communicate()
        assert process.returncode == 0, f"{' '.join(words)}: {process.returncode}\n{said}"

    def words(self, *words: str) -> list[str]:
        """Return the command line of *words*."""
        return [sys.executable, "-c", _PROGRAM, *words, "--env", ENVIRONMENT]

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of commands."""
        own = {
            "AERODROME_STATE": str(self.state),
            "PYTHONPATH": "platform:.",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        # How packages are reached stands there too; and what make tells those that it starts, which is not for others.
        own_of_others = ("AIRFLOW", "MAKE", "MFLAGS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own_of_others)}
        return {**kept, **own, **self.more}

    def begin(self, dag: str, **conf: Any) -> str:
        """Start a run of the tenant's *dag* and return its id."""
        return str(self.airflow.trigger(f"{TENANT}.{dag}", conf)["dag_run_id"])

    def task(self, dag: str, run: str) -> dict[str, Any]:
        """Return the one task instance of a run."""
        (row,) = self.airflow.task_instances(f"{TENANT}.{dag}", run)
        return row

    def log(self, dag: str, run: str, task: str = "work", attempt: int = 1) -> str:
        """Return what the API server shows as the log of an attempt of a task."""
        return self.airflow.log(f"{TENANT}.{dag}", run, task, attempt)

    def running(self, dag: str, run: str) -> dict[str, Any]:
        """Return the task of a run once it is at work."""
        row = wait(lambda: (row := self.task(dag, run))["state"] in ("running", *_ENDED) and row)
        assert row["state"] == "running", row
        return dict(row)

    def ended(self, dag: str, run: str) -> str:
        """Return the state in which a run ended, once it has."""
        return wait(lambda: (state := self.airflow.run(f"{TENANT}.{dag}", run)["state"]) in _ENDED and state)

    def tasks(self, dag: str, runs: Collection[str]) -> list[dict[str, Any]]:
        """Return the tasks of *runs* once all of them have ended; asked for together, as one by one takes long."""

        def ended() -> list[dict[str, Any]]:
            rows = self.airflow.task_instances(f"{TENANT}.{dag}", "~")
            found = [row for row in rows if row["dag_run_id"] in runs and row["state"] in _ENDED]
            return found if len(found) == len(runs) else []

        return list(wait(ended)) if runs else []


_ENDED = ("success", "failed")


def wait(ready: Callable[[], Any], seconds: float = LONGEST_SECONDS, pause: float = 0.5) -> Any:
    """Return what *ready* says as soon as that is true; AssertionError after *seconds*.

    A question that a busy machine does not answer in time is asked again.
    """
    end = time.monotonic() + seconds
    while True:
        with suppress(AerodromeError):
            if found := ready():
                return found
        assert time.monotonic() < end, f"did not happen within {seconds:.0f} s"
        time.sleep(pause)


@contextmanager
def deployed(
    source: Path,
    folder: Path,
    prepare: Sequence[Callable[[Path], None]] = (),
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Control]:
    """Yield the platform of a copy of this repository, with *source*'s tenants; it is destroyed afterwards.

    Each of *prepare* changes the copy before it is deployed; *more* is the environment of all commands. The lab's hosts
    must be up: the platform listens at an address of their network.
    """
    # As its own service it would be Debian's; the platform runs it itself.
    ensure(("redis-server",))
    control = Control(folder, Path(f"/var/lib/aerodrome-lab-{os.getpid()}"), more=more)
    _copy(source, folder)
    # As a deploy without AERODROME_STATE has it.
    (folder / ".aerodrome/local").symlink_to(control.state)
    for change in prepare:
        change(folder)
    try:
        control.shell(guide.typed("make deploy ENV=lab"))
        yield control
    finally:
        control.shell(guide.typed("make destroy ENV=lab"), text="y\n")
        for lock in control.state.parent.glob(f"{control.state.name}.*lock"):
            lock.unlink()


def _copy(source: Path, folder: Path) -> None:
    folder.chmod(0o755)
    for name in _COPIED:
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy2(REPOSITORY / name, folder / name)
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    (folder / _LAB).parent.mkdir()
    (folder / _LAB).symlink_to(REPOSITORY / _LAB)
    scaffold_tenant(folder, TENANT)
    shutil.copytree(source / "tenants", folder / "tenants", dirs_exist_ok=True)
