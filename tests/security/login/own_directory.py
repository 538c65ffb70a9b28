"""The directory of ENV=local, run as a deploy's supervisor runs it, for tests."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aerodrome.environment import Environment
from aerodrome.local.machine import state
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import topology
from aerodrome.local.stores import directory
from aerodrome.manifest.tenant import TenantManifest
from free_ports import free_port

REPOSITORY = Path(__file__).resolve().parents[3]
UNPRIVILEGED = "nobody"
OWNERS = [{"name": "Team", "email": "team@example.org"}]


@dataclass
class OwnDirectory:
    """A running directory and the platform that it belongs to."""

    platform: Platform
    process: subprocess.Popen[bytes]

    def with_tenants(self, **groups: dict[str, list[str]]) -> Platform:
        """Return the platform with tenants that name these groups."""
        tenants = {
            name: TenantManifest.model_validate({"owners": OWNERS, "groups": found})
            for name, found in groups.items()
        }
        return replace(self.platform, tenants=tenants)


@contextmanager
def running(folder: Path) -> Iterator[OwnDirectory]:
    """The directory, run by nobody in particular where the tests run as root."""
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    for parent in (folder, *folder.parents[:3]):
        if user and parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o011)
    platform = _platform(folder / "state")
    process = next(found for found in topology.desired(platform) if found.name == directory.NAME)
    for place in (platform.layout.process_config(process.name), process.folder):
        _make(place, user)
    for name, text in process.files.items():
        file = platform.layout.process_config(process.name) / name
        file.write_text(text)
        file.chmod(0o600)
        _own(file, user)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(process.command, cwd="/", user=user, umask=0o077, stdout=log, stderr=log)
    try:
        _await(platform, server, folder / "log")
        yield OwnDirectory(platform, server)
    finally:
        server.terminate()
        server.wait(60)


def _platform(place: Path) -> Platform:
    document = {
        "name": "local",
        "kind": "local",
        "zones": {"default": {}},
        "queues": {"default": {"zone": "default"}},
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
        "login": {"kind": "directory", "groups": {"auditor": ["auditors"]}},
        "local": {"ports": {"directory": free_port()}},
    }
    layout = replace(state.locate(REPOSITORY, place), root=False)
    return Platform(layout, Environment.model_validate(document))


def _make(place: Path, user: str | None) -> None:
    place.mkdir(parents=True)
    place.chmod(0o700)
    _own(place, user)


def _own(place: Path, user: str | None) -> None:
    if user:
        os.chown(place, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)


def _await(platform: Platform, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not directory.access(platform).answers():
        assert server.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
