"""A repository whose one host is this machine, behind stand-ins for ssh and sudo."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

PASSWORD = 'Zq7 "of" sudo'
HOSTS = """\
zones: {default: {triggerer: true}, platform: {}, onprem: {workers: hosts}}
queues:
  onprem: {zone: onprem}
  default: {zone: default}
  maintenance: {zone: platform, tenants: false}
hosts: {entrance: {address: 10.0.0.1}, firewall: {ssh_from: [10.0.0.0/24]}}
"""
INVENTORY = "all: {hosts: {one: {ansible_host: 10.0.0.11, ansible_user: ops, queues: [onprem]}}}\n"
LINKED = ("platform", "common_plugins", "ansible", "pyproject.toml", "requirements.lock", "bootstrap.lock")
# Runs here what a host should run.
SSH = """\
#!/bin/sh
for last; do :; done
exec sh -c "$last"
"""
SUDO = """\
#!/bin/sh
while :; do
  case "$1" in
    -p) prompt=$2; shift 2 ;;
    -u) shift 2 ;;
    -n) echo 'sudo: a password is required' >&2; exit 1 ;;
    -*) shift ;;
    *) break ;;
  esac
done
printf '%%s' "$prompt" >&2
read -r given
if [ "$given" != '%s' ]; then
  printf '\\nSorry, try again.\\n' >&2
  exit 1
fi
exec "$@"
"""


class Reached:
    """A repository whose one host is this machine, behind stand-ins for ssh and sudo; a look at it changes nothing."""

    def __init__(self, place: Any, repository: Path, folder: Path) -> None:
        self.place, self.programs, self.state = place, folder / "programs", folder / "state"
        for name in LINKED:
            (place.root / name).symlink_to(repository / name)
        path = place.root / "environments/local/environment.yaml"
        before, _, after = path.read_text().partition("zones: ")
        path.write_text(before + HOSTS + after[after.index("alert_channels") :])
        place.write("environments/local/inventory/hosts.yml", INVENTORY)
        for name, text in {"ssh": SSH, "sudo": SUDO % PASSWORD}.items():
            self.program(name, text)
        # All that a look asks of a platform that was deployed once.
        place.write(str(self.state / "config/authority.pem"), "")

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a command that reaches its host."""
        return {**self.place.environment, "PATH": f"{self.programs}:{os.environ['PATH']}"}

    def program(self, name: str, text: str) -> None:
        """Put another stand-in in the place of *name*."""
        self.place.write(str(self.programs / name), text).chmod(0o755)

    def look(self, *typed: str) -> subprocess.CompletedProcess[str]:
        """Return how `check-hosts` ended for who types that when asked, or is not asked."""
        asked = ("--ask-sudo",) if typed else ()
        command = ["check-hosts", "--verbose", "4", *asked]
        done = self.place.typed(command, *typed, PATH=self.environment["PATH"])
        assert isinstance(done, subprocess.CompletedProcess)
        return done
