"""Where the benchmark works: a folder, the corpus in it, and the virtual environment of the peer."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import manifests
import peers
from aerodrome.pipeline import build
from corpus import Flow, corpus
from processes import clean_environment, run

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
PEER = "dag-factory==1.1.0"
ENVIRONMENT = "local"


@dataclass(frozen=True)
class Workshop:
    """Everything that the rows share."""

    folder: Path
    runs: int
    quick: bool
    say: Callable[[str], None]

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """Return the corpus; --quick takes a tenth of it."""
        return corpus(40 if self.quick else 400)

    @cached_property
    def repository(self) -> Path:
        """Return the folder with the corpus as manifests."""
        return self._fresh("repository", lambda folder: manifests.write(folder, self.flows))

    @cached_property
    def rendered(self) -> Path:
        """Return the folder with the bundle that the manifests turn into."""
        return self._fresh("rendered", self._render)

    @cached_property
    def by_hand(self) -> Path:
        """Return the folder with the same DAGs written by hand."""
        return self._fresh("by-hand", lambda folder: peers.write_by_hand(folder, self.flows))

    @cached_property
    def dag_factory(self) -> Path:
        """Return the folder with the same DAGs for dag-factory."""
        return self._fresh("dag-factory", lambda folder: peers.write_dag_factory(folder, self.flows))

    @cached_property
    def peer_python(self) -> Path:
        """Return the Python with the locked packages and dag-factory, but without the platform's policy."""
        lock = ROOT / "requirements.lock"
        digest = hashlib.sha256(lock.read_bytes() + PEER.encode()).hexdigest()[:16]
        venv = self.folder / f"peer-{digest}"
        python = venv / "bin" / "python"
        if not (venv / "complete").exists():
            self.say(f"installing {PEER} and its Airflow")
            uv = ROOT / ".venv" / "bin" / "uv"
            install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
            environment = clean_environment()
            run([uv, "venv", "--quiet", "--clear", "--python", sys._base_executable, venv], environment)  # type: ignore[attr-defined]
            run([*install, "--require-hashes", "-r", lock], environment)
            run([*install, "--no-deps", PEER], environment)
            (venv / "complete").touch()
        return python

    def compile(self) -> None:
        """Compile the project's own environment, so that no run pays for another's first import."""
        site = PYTHON.parents[1] / "lib"
        run(
            [PYTHON, "-m", "compileall", "-q", "-j", "2", site],
            clean_environment() | {"PYTHONWARNINGS": "ignore"},
        )

    def _fresh(self, name: str, write: Callable[[Path], None]) -> Path:
        self.say(f"writing the corpus: {name}")
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        write(folder)
        return folder

    def _render(self, folder: Path) -> None:
        made = build(self.repository, ENVIRONMENT, runtimes=manifests.runtimes(self.flows))
        if made.problems:
            raise RuntimeError(f"the corpus does not load: {made.problems[0]}")
        for path, text in made.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
