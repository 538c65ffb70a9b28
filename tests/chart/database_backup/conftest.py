"""The job that backs up the database, as the chart renders it, and what its containers run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chart_releases
import pytest
from postgres_server import Database, binaries, postgres

__all__ = ["postgres"]

GIVEN = {"enabled": True, "claim": "backups", "name": "before", "image": {"repository": "pg", "tag": "18"}}
NOBODY = 50000
"""The user of the pod, who has no name here as in an image of PostgreSQL."""


@dataclass(frozen=True)
class Ran:
    """How a container ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Job:
    """The rendered objects, and the folders that stand for the pod's volumes."""

    objects: dict[str, dict[str, Any]]
    folder: Path
    programs: Path

    @property
    def pod(self) -> dict[str, Any]:
        """Return the spec of its pod."""
        return dict(self.objects["Job"]["spec"]["template"]["spec"])

    def container(self, name: str) -> dict[str, Any]:
        """Return a container of the pod."""
        both = (*self.pod["initContainers"], *self.pod["containers"])
        return next(dict(one) for one in both if one["name"] == name)

    def run(self, name: str) -> Ran:
        """Run what the container *name* runs, with the volumes' paths here; PostgreSQL's programs by nobody of name."""
        one = self.container(name)
        here = [self._here(text) for text in one["command"]]
        program = sys.executable if here[0] == "python" else here[0]
        env = {each["name"]: self._here(each["value"]) for each in one.get("env", ())}
        paths = {"PATH": f"{self.programs}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
        user = {"user": NOBODY} if os.geteuid() == 0 and name == "dump" else {}
        done = subprocess.run(
            [program, *here[1:]],
            check=False,
            env={**paths, **env},
            capture_output=True,
            text=True,
            cwd="/",
            **user,
        )
        # All containers have one user, for whom Python need not run here.
        _give_away(*(self.folder / "run/aerodrome/service").iterdir())
        return Ran(done.returncode, done.stdout, done.stderr)

    def give(self, uri: str) -> None:
        """Have the pod's secret hold *uri*."""
        (self.folder / "run/aerodrome/database/connection").write_text(uri)

    def _here(self, text: str) -> str:
        for place in ("/run/aerodrome", "/backups"):
            text = text.replace(place, f"{self.folder}{place}")
        return text


@pytest.fixture
def rendered(helm: dict[str, Path]) -> Callable[..., dict[str, dict[str, Any]]]:
    """A call gives kind → object of what belongs to the backup, with more values: of its own in *backup*."""

    def rendered(backup: dict[str, Any] | None = None, **values: Any) -> dict[str, dict[str, Any]]:
        text = json.dumps({"platform": {"databaseBackup": {**GIVEN, **(backup or {})}}, **values})
        found = chart_releases.objects(helm["helm3"], "company", values=text)
        mine = [one for one in found if one["metadata"]["labels"].get("component") == "database-backup"]
        return {one["kind"]: one for one in mine}

    return rendered


@pytest.fixture
def job(rendered: Callable[..., dict[str, Any]], postgres: Database) -> Iterator[Job]:
    """The job on a real PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-backup-"))
    # Everybody may pass by, as in a pod.
    folder.chmod(0o755)
    for name in ("run/aerodrome/database", "run/aerodrome/service", "backups"):
        (folder / name).mkdir(parents=True)
    _give_away(folder / "backups")
    found = Job(rendered(), folder, binaries(folder))
    found.give(postgres.uri)
    yield found
    shutil.rmtree(folder)


def _give_away(*paths: Path) -> None:
    for path in paths if os.geteuid() == 0 else ():
        shutil.chown(path, NOBODY, NOBODY)
