"""A small repository of its own for each test, and the real command line in it."""

from __future__ import annotations

import os
import pty
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "aerodrome"
ENVIRONMENT = """\
kind: local
zones: {default: {triggerer: true}, platform: {}}
queues:
  default: {zone: default}
  maintenance: {zone: platform, tenants: false}
alert_channels: {central: {type: file, target: central.jsonl}}
local:
  ports: {api_server: 28080, postgres: 25442, redis: 26390, openbao: 28210, openbao_cluster: 28211}
"""
TENANT = "owners: [{name: Team, email: team@example.org}]\n"
DAG = """\
dag_id: %s
schedule: null
tasks:
  - {id: go, uses: flow.empty}
"""


@dataclass(frozen=True)
class Place:
    """A repository at *root*; what commands of it would leave behind goes to folders beside it."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        """Write a file with the folders it needs."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def tenant(self, name: str, *dags: str, more: str = "") -> None:
        """Write a tenant with *dags* of one task each; *more* goes into its tenant.yaml."""
        self.write(f"tenants/{name}/tenant.yaml", TENANT + more)
        for dag in dags:
            self.dag(name, dag)

    def dag(self, tenant: str, name: str, text: str = "") -> Path:
        """Write the manifest *name* of *tenant*, of one task where no text is given."""
        return self.write(f"tenants/{tenant}/dags/{name}.yaml", text or DAG % name)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command that works on this repository."""
        beside = self.root.parent
        (beside / "tmp").mkdir(exist_ok=True)
        own = {
            "AERODROME_REPOSITORY": self.root,
            "AERODROME_STATE": beside / "state",
            "TMPDIR": beside / "tmp",
        }
        return {**os.environ, "COLUMNS": "200", **{key: str(value) for key, value in own.items()}}

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        """Start `aerodrome` with *arguments*."""
        settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        whole = {"text": True, "env": self.environment, "cwd": self.root.parent, **settings, **options}
        return subprocess.Popen([str(PROGRAM), *arguments], **whole)  # type: ignore[call-overload, no-any-return]

    def run(self, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """Return how `aerodrome` with *arguments* ended."""
        process = self.start(*arguments, stdin=subprocess.PIPE if typed is not None else subprocess.DEVNULL)
        out, errors = process.communicate(typed, timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def typed(self, command: Sequence[str], *lines: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Return how *command* ended on a terminal and all that this showed; each of *lines* answers a prompt.

        *more* are variables of its environment.
        """
        here, there = pty.openpty()
        streams = {"stdin": there, "stdout": there, "stderr": there}
        environment = {**self.environment, **more}
        process = self.start(*command, env=environment, start_new_session=True, **streams)
        os.close(there)
        shown, end = "", time.monotonic() + 60
        for line in lines:
            while not shown.endswith(": ") and time.monotonic() < end:
                shown += os.read(here, 4096).decode(errors="replace")
            os.write(here, f"{line}\n".encode())
            shown += "\n"
        with suppress(OSError):
            while part := os.read(here, 4096):
                shown += part.decode(errors="replace")
        os.close(here)
        return subprocess.CompletedProcess(command, process.wait(60), shown, "")

    def left(self) -> list[str]:
        """Return what commands left in the folder for temporary files."""
        return sorted(path.name for path in (self.root.parent / "tmp").iterdir())


def make_place(folder: Path) -> Place:
    """Return a repository without tenants in *folder*."""
    made = Place(folder / "repository")
    (made.root / "tenants").mkdir(parents=True)
    made.write("environments/local/environment.yaml", ENVIRONMENT)
    return made


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A repository without tenants."""
    return make_place(tmp_path)


@contextmanager
def _full_disk() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """A block in which files can be made and nothing can be written to them."""
    return _full_disk


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A repository that the tests of one module share."""
    return make_place(tmp_path_factory.mktemp("shared"))
