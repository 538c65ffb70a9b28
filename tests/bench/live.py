"""A platform of the benchmark's own: a copy of this repository, one tenant more, other ports and state."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people.access import admin_access
from aerodrome.local.release.preparation import deployed_platform
from database import free_port
from processes import Run, clean_environment, run
from workshop import PYTHON, ROOT

COPIED = ("platform", "common_plugins", "tenants", "environments")
PORTS = ("api_server", "postgres", "redis", "openbao", "openbao_cluster")
TENANT = """\
owners: [{name: Benchmark, email: bench@example.org}]
limits: {parallelism: 64, active_runs: 2}
"""
ENVIRONMENT_FILE = "environments/local/environment.yaml"
PROGRAM = "from aerodrome.cli import main; main()"
LONGEST = 3600.0


@dataclass(frozen=True)
class Live:
    """The running platform and its repository."""

    root: Path
    state: Path

    @property
    def platform(self) -> Platform:
        """Return what is deployed."""
        os.environ["AERODROME_STATE"] = str(self.state)
        return deployed_platform(self.root, "local")

    @property
    def airflow(self) -> Airflow:
        """Return the administrator's access."""
        return admin_access(self.platform)

    def command(self, *words: str) -> Run:
        """Run one command of the control program in the copy."""
        environment = clean_environment(AERODROME_STATE=str(self.state), PYTHONPATH="platform:.")
        return run([PYTHON, "-c", PROGRAM, *words, "--env", "local"], environment, self.root)

    def write(self, path: str, text: str) -> None:
        """Write a file of the copy."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def without_first_runs(self) -> None:
        """Let the next deploys not run new DAGs by themselves."""
        path = self.root / ENVIRONMENT_FILE
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("\nlocal:\n", "\nlocal:\n  run_new_dags_once: false\n"), encoding="utf-8"
        )


@contextmanager
def deployed(folder: Path) -> Iterator[Live]:
    """Yield a platform that runs; it is destroyed afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    live = Live(folder, _state(folder))
    _copy(live)
    try:
        live.command("deploy")
        yield live
    finally:
        live.command("destroy", "--yes")


def wait(ready: Callable[[], Any], seconds: float = LONGEST, pause: float = 0.25) -> Any:
    """Return what *ready* says as soon as that is true; RuntimeError when the time is over."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        if time.monotonic() > end:
            raise RuntimeError(f"did not happen within {seconds:.0f} s")
        time.sleep(pause)
    return found


def _state(folder: Path) -> Path:
    # Service users must be able to reach the state of a deployment by root.
    return (
        Path(f"/var/lib/aerodrome-bench-{os.getpid()}")
        if os.geteuid() == 0
        else folder / ".aerodrome" / "local"
    )


def _copy(live: Live) -> None:
    for name in COPIED:
        shutil.copytree(ROOT / name, live.root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock", "README.md"):
        shutil.copy2(ROOT / name, live.root / name)
    (live.root / ".venv").symlink_to(ROOT / ".venv")
    live.write("tenants/bench/tenant.yaml", TENANT)
    ports = ", ".join(f"{name}: {free_port()}" for name in PORTS)
    text = re.sub(
        r"^  ports:.*\n", "", (live.root / ENVIRONMENT_FILE).read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    live.write(ENVIRONMENT_FILE, text.replace("\nlocal:\n", f"\nlocal:\n  ports: {{{ports}}}\n"))
