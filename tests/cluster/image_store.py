"""A repository with an environment whose images go to the cluster's registry, and what `make images` says there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from testbed import bases
from testbed.place import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = Path(sys.executable).with_name("aerodrome")
_COPIED = ("platform", "common_plugins", "tenants", "ansible", "helm", "environments")
_FILES = ("pyproject.toml", "README.md", "requirements.lock", "bootstrap.lock")
_ENVIRONMENT = f"""\
kind: kubernetes
zones: {{default: {{}}, pii: {{}}, onprem: {{}}}}
queues:
  default: {{zone: default, slots: 4}}
  pii: {{zone: pii, personal_data: true, shared: false}}
  onprem: {{zone: onprem, shared: false}}
alert_channels:
  central: {{type: file, target: central.jsonl}}
secrets:
  vault: {{url: https://vault.example.org:8200}}
images:
  registry: {REGISTRY}/airflow
  base: {bases.PYTHON.reference}
  plain_http: true
  network: host
"""


@dataclass(frozen=True)
class Repository:
    """A copy of this repository at *root*."""

    root: Path

    def digests(self, environment: str) -> dict[str, str]:
        """Return image → digest, as `make images` tells them of an environment that lacks none."""
        done = self.run("images", "--env", environment, "--json")
        assert done.returncode == 0, done.stderr
        return {name: found["digest"] for name, found in json.loads(done.stdout)["images"].items()}

    def images(self) -> tuple[dict[str, dict[str, str]], str]:
        """Return what `make images` tells: image → repository and digest, and how it went on."""
        done = self.run("images", "--env", "sandbox", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["images"], done.stderr

    def run(self, *arguments: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of the platform, which is told *said*."""
        own = self._environment()
        return subprocess.run(
            [_PROGRAM, *arguments], env=own, input=said, capture_output=True, text=True, check=False
        )

    def start(self, log: Path, kubeconfig: Path | None, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the platform that writes to *log*, with processes of its own group."""
        own = {**self._environment(), **({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})}
        with log.open("wb") as file:
            return subprocess.Popen(
                [_PROGRAM, *arguments], env=own, stdout=file, stderr=file, start_new_session=True
            )

    def _environment(self) -> dict[str, str]:
        own = {"AERODROME_REPOSITORY": str(self.root), "CONTAINERS_CONF": str(bases.SETTINGS)}
        return {**os.environ, **own}


@dataclass(frozen=True)
class Built:
    """Image → how a pod names it, by its digest."""

    repository: Repository
    references: dict[str, str]


def copied(folder: Path) -> Repository:
    """Return a copy of this repository in *folder*, with the environment `sandbox`."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy(ROOT / name, folder)
    place = folder / "environments/sandbox"
    place.mkdir(parents=True, exist_ok=True)
    (place / "environment.yaml").write_text(_ENVIRONMENT, encoding="utf-8")
    return Repository(folder)
