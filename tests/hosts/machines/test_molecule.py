"""Molecule by hand: a host that stays until somebody removes it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from fleet.podman import podman

ROOT = Path(__file__).resolve().parents[3]
NAME = "aerodrome-role-java-runtime-default-host"


def test_a_scenarios_host_is_made_and_removed(test_image: str, tmp_path: Path) -> None:
    """By the playbooks of molecule, which `make test-roles` does without."""
    for command, there in (("create", True), ("destroy", False)):
        done = subprocess.run(
            [ROOT / "ansible/run-molecule", command],
            cwd=ROOT / "ansible/roles/java_runtime",
            env={**os.environ, "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (
            f"{NAME}-{os.environ['AERODROME_HOSTS_OWNER']}" in podman("ps", "--format={{.Names}}")
        ) is there
