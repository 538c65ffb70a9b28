"""A registry on the bridge, and a git server: what a cluster fetches images and DAGs from."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml
from testbed.control_plane import Command
from testbed.place import GIT_PORT, MACHINE, REGISTRY, REGISTRY_PORT, STATE

GIT = STATE / "git"
CERTS = STATE / "registries"
"""How containerd speaks to registries: a folder for each."""


def commands() -> dict[str, Command]:
    """Return name → command of both, whose settings are made where they are missing."""
    settings, host = STATE / "registry.yaml", CERTS / REGISTRY
    for folder in (GIT, host):
        folder.mkdir(parents=True, exist_ok=True)
    repository("sandbox")
    settings.write_text(yaml.safe_dump(_settings(STATE / "registry")), encoding="utf-8")
    (host / "hosts.toml").write_text(
        f'[host."http://{REGISTRY}"]\ncapabilities = ["pull", "resolve"]\n', encoding="utf-8"
    )
    told = (f"--base-path={GIT}", f"--listen={MACHINE}", f"--port={GIT_PORT}", "--export-all", "--reuseaddr")
    return {
        "registry": ("docker-registry", "serve", settings),
        "git": ("git", "daemon", *told, "--enable=receive-pack", GIT),
    }


def repository(name: str) -> str:
    """Return the address of the git repository *name*, made where there is none; who reaches it may write."""
    folder = GIT / f"{name}.git"
    if not folder.exists():
        command = ["git", "init", "--quiet", "--bare", "--initial-branch=main", folder]
        subprocess.run(command, check=True, capture_output=True)
    return f"git://{MACHINE}:{GIT_PORT}/{name}.git"


def empty(name: str) -> None:
    """Begin the git repository *name* anew."""
    shutil.rmtree(GIT / f"{name}.git", ignore_errors=True)
    repository(name)


def _settings(kept: Path) -> dict[str, object]:
    return {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(kept)}, "delete": {"enabled": True}},
        "http": {"addr": f"{MACHINE}:{REGISTRY_PORT}"},
    }
