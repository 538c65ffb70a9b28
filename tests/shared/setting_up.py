"""A test host set up by `make workers`' own code and playbooks, with few packages and small tenants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import role_packages
import small_platform
from aerodrome.errors import Problem
from aerodrome.runtime import read_source
from aerodrome.targets.hosts import ROOM, HostsTarget
from fleet.host import Host
from fleet.podman import podman
from runner_hosts import ROOT, settings, wanted

TENANTS = ROOT / "ansible/roles/tenant_runtime/molecule/tenants"
ROLES = ("node_base", "python_runtime", "tenant_runtime")
# All that a setup may write to, who is there, and what is installed.
_SEEN = """
find /etc /opt /usr/local /var/lib/aerodrome /var/log/aerodrome -type f -exec sha256sum {} + 2>/dev/null | sort
getent passwd
dpkg-query --show
"""


def photograph(host: Host) -> str:
    """Return what a setup could have changed on *host*."""
    return host.run("sh", "-c", _SEEN).stdout


@dataclass(frozen=True)
class SetUp:
    """Sets *host* up; what is sent to it is made in *folder*."""

    host: Host
    folder: Path
    VERSION = "one"

    def refused(self, **options: Any) -> Problem:
        """Return the one problem of a run: a line that names the inventory's line and the host, and one that helps."""
        (problem,) = self.run(**options)
        line, remedy = str(problem).splitlines()
        assert line.startswith(f"hosts.yml:3:5: {self.host.name}: ") and remedy.strip() == problem.remedy
        return problem

    def run(self, **options: Any) -> tuple[Problem, ...]:
        """Look at the host, do what is to be done, and return the problems."""
        target = self.target(**options)
        if changes := target.changes():
            target.apply(changes, lambda _: None)
        return target.problems

    def target(
        self,
        tenants: tuple[str, ...] = (),
        roles: tuple[str, ...] = ROLES,
        room: dict[str, int] = ROOM,
        ansible_become_password: str | None = None,
    ) -> HostsTarget:
        """Return the host as a target with *tenants*, by *roles*, where *room* (MiB) must be free."""
        asked = {"ansible_become_password": ansible_become_password} if ansible_become_password else {}
        variables = self._variables(tenants)
        host = replace(
            wanted(self.host),
            variables=variables,
            roles=roles,
            parts={"tenant_runtime": ",".join(tenants)},
        )
        return HostsTarget(
            [host],
            replace(settings(), connection=asked, room=room),
            lambda *_: {},
            lambda _: self._packages(bool(tenants)),
        )

    def _packages(self, with_tenants: bool) -> dict[str, str]:
        if with_tenants:
            self._bring_the_builder()
        role_packages.write(self.folder)
        return {
            "python_runtime_lock": str(self.folder / "packages.lock"),
            "python_runtime_wheel": str(next(self.folder.glob("*.whl"))),
            "python_runtime_wheelhouse": str(self.folder / "packages.tar.gz"),
        }

    def _bring_the_builder(self) -> None:
        """The packages of the small version are too few to build environments with."""
        small_platform.main(self.folder)
        podman("cp", self.folder / "small.tar", f"{self.host.container}:/root/small.tar")
        self.host.run("tar", "--extract", "--directory=/", "--file=/root/small.tar")

    def _variables(self, tenants: tuple[str, ...]) -> dict[str, Any]:
        return {
            "node_base_worker_user": "aerodrome-onprem",
            "node_base_manage_sysctls": False,
            "python_runtime_digest": self.VERSION,
            "tenant_runtime_program": f"{small_platform.VERSION}/bin/python",
            "tenant_runtime_cache": str(self.folder / "cache"),
            "tenant_runtime_tenants": [self._tenant(name) for name in tenants],
        }

    def _tenant(self, name: str) -> dict[str, Any]:
        source = read_source(TENANTS / name)
        assert source is not None
        limits = {"memory_bytes": 2**28, "cpus": 1.0, "processes": 64}
        known = {"digest": source.digest, "source": str(source.folder)}
        return {"name": name, "user": f"_{name}", "limits": limits, **known}
