"""One role on one host by ansible-playbook, without molecule: for tests of what goes wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aerodrome.clients import ansible_modules
from fleet.host import USER, Host

ROOT = Path(__file__).resolve().parents[3]
_CHANGED = re.compile(r"changed=(\d+)")


@dataclass(frozen=True)
class Played:
    """How a play ended."""

    code: int
    text: str

    @property
    def changed(self) -> int:
        """How many tasks changed something."""
        return sum(int(number) for number in _CHANGED.findall(self.text))


def play(
    host: Host,
    role: str,
    variables: Mapping[str, Any],
    *,
    check: bool = False,
    tasks: str = "main",
    facts: bool = True,
) -> Played:
    """Run *role* (its file *tasks*) on *host* with *variables*, as root by sudo."""
    with tempfile.TemporaryDirectory(prefix="aerodrome-play-") as folder:
        _write(Path(folder), role, tasks, facts)
        reached = {"ansible_host": host.address, "ansible_user": USER, **variables}
        Path(folder, "inventory.json").write_text(json.dumps({"all": {"hosts": {host.name: reached}}}))
        command = [
            ROOT / ".venv/bin/ansible-playbook",
            "-i",
            "inventory.json",
            "play.yml",
            *(["--check"] if check else []),
        ]
        done = subprocess.run(
            command, cwd=folder, env=_environment(host, folder), capture_output=True, text=True, check=False
        )
    return Played(done.returncode, done.stdout + done.stderr)


def _write(folder: Path, role: str, tasks: str, facts: bool) -> None:
    include = {"name": f"Run {role}", "ansible.builtin.include_role": {"name": role, "tasks_from": tasks}}
    play = {
        "hosts": "all",
        "become": True,
        "gather_facts": facts,
        "gather_subset": ["min"],
        "tasks": [include],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    (folder / "ansible.cfg").write_text("[defaults]\ninternal_poll_interval = 0.02\n")


def _environment(host: Host, folder: str) -> dict[str, str]:
    own = {
        "ANSIBLE_ROLES_PATH": str(ROOT / "ansible/roles"),
        "ANSIBLE_LIBRARY": str(ROOT / "ansible/library"),
        "ANSIBLE_MODULE_UTILS": str(ROOT / "ansible/module_utils"),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{folder}/ssh",
        "ANSIBLE_SSH_ARGS": f"-F {host.keys.settings} -o ControlMaster=auto -o ControlPersist=20s",
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_INTERPRETER_PYTHON": "auto_silent",
        "ANSIBLE_RETRY_FILES_ENABLED": "false",
        "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}",
    }
    return {**os.environ, **own, **ansible_modules.variables(ROOT / "ansible", "")}
