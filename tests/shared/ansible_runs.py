"""Playbooks of a test's own, run by the real Ansible on stand-ins for hosts: this machine, without SSH."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from aerodrome.clients.ansible import Outcome, Play, run

STAND_IN = {
    "ansible_connection": "local",
    "ansible_become": False,
    "ansible_python_interpreter": sys.executable,
}
PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
%s
"""


class Runs:
    """Writes playbooks and runs them; *said* is every line of progress."""

    def __init__(self, folder: Path) -> None:
        self.content = folder / "ansible"
        (self.content / "playbooks").mkdir(parents=True)
        self.said: list[str] = []

    def write(self, *tasks: str, name: str = "test") -> None:
        """Write a playbook with *tasks*, each a line of YAML."""
        text = PLAYBOOK % "\n".join(f"    - {task}" for task in tasks)
        (self.content / "playbooks" / f"{name}.yml").write_text(text)

    def run(
        self,
        *hosts: str,
        secrets: dict[str, str] | None = None,
        common: dict[str, str] | None = None,
        **variables: Any,
    ) -> Outcome:
        """Run the playbook on stand-ins called *hosts*; `verbosity` and `check` are options of the run."""
        options = {key: variables.pop(key) for key in ("verbosity", "check") if key in variables}
        known = dict.fromkeys(hosts, secrets) if secrets else {}
        play = Play(
            "test", {host: {**STAND_IN, **variables} for host in hosts}, common or {}, known, **options
        )
        return run(play, self.content, self.said.append)
