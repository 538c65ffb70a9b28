"""The hosts that a scenario of a role is played on, and what molecule has to know of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from fleet.host import USER, start
from fleet.image import image
from fleet.keys import Keys
from fleet.network import ROLES
from fleet.owner import owner
from fleet.podman import podman, process

KEYS = Keys(Path(__file__).resolve().parents[3] / ".aerodrome/role-hosts", "10.203.78.*")
# Molecule's own names, in the folder that it keeps for a scenario.
INSTANCES, STATE = "instance_config.yml", "state.yml"
_BROUGHT = "/root/brought.tar"


@dataclass(frozen=True)
class Stage:
    """Hosts called *names*, for one scenario of a role."""

    role: str
    scenario: str
    names: tuple[str, ...]

    def start(self) -> list[dict[str, Any]]:
        """Start the hosts and return molecule's list of instances."""
        with ThreadPoolExecutor(len(self.names)) as pool:
            return list(pool.map(self._started, self.names))

    def start_for(self, folder: Path) -> None:
        """Start the hosts, and let molecule, whose *folder* for the scenario this is, find them created."""
        (folder / INSTANCES).write_text(yaml.safe_dump(self.start()), encoding="utf-8")
        (folder / STATE).write_text(yaml.safe_dump({"created": True, "driver": "default"}), encoding="utf-8")

    def bring(self, tar: Path) -> None:
        """Unpack *tar* in every host: sooner done than by SSH where it is large."""
        for container in map(self._container, self.names):
            podman("cp", tar, f"{container}:{_BROUGHT}")
            podman(
                "exec", container, "tar", "--extract", "--same-owner", "--directory=/", f"--file={_BROUGHT}"
            )
            podman("exec", container, "rm", _BROUGHT)

    def remove(self) -> None:
        """Remove the hosts; those that are not there are no mistake."""
        process("rm", "--force", "--time=0", "--volumes", "--ignore", *map(self._container, self.names))

    def _container(self, name: str) -> str:
        return f"aerodrome-role-{self.role.replace('_', '-')}-{self.scenario}-{name}-{owner()}"

    def _started(self, name: str) -> dict[str, Any]:
        host = start(name, ROLES, KEYS, image(), container=self._container(name))
        own = {"instance": host.name, "address": host.address, "user": USER, "port": "22"}
        return {**own, "identity_file": str(KEYS.private)}
