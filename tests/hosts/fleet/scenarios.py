"""Scenarios of roles: which there are, and running one by molecule, its output kept for when it fails."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from fleet import in_one
from fleet.podman import PodmanError
from fleet.stage import Stage

ROOT = Path(__file__).resolve().parents[3]
ROLES = ROOT / "ansible/roles"
SHARED = ROOT / "ansible/.config/molecule/config.yml"
PROGRAMS = ROOT / "tests/hosts/programs"
# Who takes long begins early: the last ones to end should be short.
LONGEST = (
    "kerberos_client",
    "airflow_worker",
    "node_base",
    "python_runtime",
    "tenant_runtime",
    "hadoop_client",
)
_BEGUN = re.compile(r"^PART \[(\w+)\]", re.MULTILINE)
_HANGS_AFTER = 1800
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Scenario:
    """A scenario of a role."""

    role: str
    name: str

    def __str__(self) -> str:
        return f"{self.role}/{self.name}"

    @property
    def stage(self) -> Stage:
        """Its hosts, which molecule.yml names where there is not one called `host`."""
        platforms = next(found["platforms"] for found in self._said() if "platforms" in found)
        return Stage(self.role, self.name, tuple(platform["name"] for platform in platforms))

    @property
    def books(self) -> dict[str, Path]:
        """Its playbooks, by the names of molecule's steps; not those that hosts are made and removed by."""
        named = {"prepare": "prepare.yml"}
        for said in reversed(self._said()):
            named |= said.get("provisioner", {}).get("playbooks", {})
        found = {step: (self._folder / named[step]).resolve() for step in ("prepare", "converge", "verify")}
        return {step: path for step, path in found.items() if path.exists() or step != "prepare"}

    @property
    def _folder(self) -> Path:
        return ROLES / self.role / "molecule" / self.name

    def _said(self) -> list[dict[str, Any]]:
        """Return what its own molecule.yml says, and what all share."""
        files = (self._folder / "molecule.yml", SHARED)
        return [yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in files]


@dataclass(frozen=True)
class Outcome:
    """How a scenario ended, after how many seconds, with its output."""

    scenario: Scenario
    passed: bool
    seconds: float
    output: str

    @property
    def step(self) -> str:
        """The last step that it came to."""
        return _last_step(self.output)


@dataclass
class Molecule:
    """Runs scenarios, several at once from threads.

    Their hosts are started here, in the environment's owner's name: by molecule it would be two more runs of Ansible.
    *said* is a folder for what Ansible says of itself, which each of molecule's steps asks.
    """

    said: Path
    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _ended: bool = False

    def run(self, scenario: Scenario) -> Outcome:
        """Run *scenario* on hosts of its own, which are gone afterwards."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="aerodrome-molecule-") as folder:
            try:
                code, output = self._ended_with(scenario, Path(folder))
            finally:
                scenario.stage.remove()
        seconds = time.monotonic() - started
        output = _COLOUR.sub("", output)
        passed = code == 0 and _last_step(output) == in_one.LAST
        return Outcome(scenario, passed, seconds, output)

    def end(self) -> None:
        """End everything that runs, and start nothing more."""
        self._ended = True
        for process in list(self._running):
            os.killpg(process.pid, signal.SIGTERM)

    def _ended_with(self, scenario: Scenario, folder: Path) -> tuple[int, str]:
        # Connections of this run alone: at an address there may have been another host a minute ago.
        places = {"TMPDIR": "", "ANSIBLE_HOME": "ansible", "ANSIBLE_SSH_CONTROL_PATH_DIR": "ssh"}
        own = {name: str(folder / place) for name, place in places.items()}
        own |= {"MOLECULE_EPHEMERAL_DIRECTORY": str(folder / scenario.name), "NO_COLOR": "1"}
        own |= {"AERODROME_PROGRAMS": str(PROGRAMS), "AERODROME_ANSIBLE_SAID": str(self.said)}
        (folder / scenario.name).mkdir()
        own |= in_one.written(folder, scenario.books)
        if not self._ended:
            try:
                scenario.stage.start_for(folder / scenario.name)
            except PodmanError as problem:
                return 1, f"its host does not start: {problem}"
        if self._ended:
            return 1, "interrupted"
        process = subprocess.Popen(
            [ROOT / "ansible/run-molecule", "side-effect", "--scenario-name", scenario.name],
            cwd=ROLES / scenario.role,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._running.add(process)
        try:
            return self._waited(process)
        finally:
            self._running.discard(process)

    def _waited(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        try:
            output = process.communicate(timeout=_HANGS_AFTER)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return 1, f"{process.communicate()[0]}\nnot finished after {_HANGS_AFTER} s: ended"
        return process.returncode, output


def _last_step(output: str) -> str:
    return next(reversed(_BEGUN.findall(output)), "start")


def scenarios(roles: list[str], name: str = "") -> list[Scenario]:
    """Return the scenarios of *roles* (none: of all), only those called *name* if one is given; long ones first."""
    files = sorted(ROLES.glob("*/molecule/*/molecule.yml"), key=_turn)
    found = [Scenario(path.parents[2].name, path.parent.name) for path in files]
    return [one for one in found if (not roles or one.role in roles) and name in ("", one.name)]


def _turn(file: Path) -> tuple[int, Path]:
    role = file.parents[2].name
    return LONGEST.index(role) if role in LONGEST else len(LONGEST), file


def roles_without() -> list[str]:
    """Return the roles that lack one of the two scenarios that every role has."""
    every = {path.name for path in ROLES.iterdir() if (path / "tasks").is_dir()}
    have = {(one.role, one.name) for one in scenarios([])}
    return sorted(role for role in every if not {(role, "default"), (role, "alternative")} <= have)
