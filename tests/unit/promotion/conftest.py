"""Two registries; and two stages of a repository, in the first of which something was seen to work."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aerodrome.bundle import publish
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import access
from aerodrome.clients.git import BareRepository
from aerodrome.environment import load_environment
from aerodrome.kubernetes.images import images_of
from aerodrome.kubernetes.promotion import bring_images
from aerodrome.kubernetes.record import Entry, Record, State
from aerodrome.targets.bundle import source_commit
from api_server_stand_in import kubeconfig
from cluster_store import Store as Objects
from cluster_store import storing
from image_storage import OCI, Store, storing_images
from placed_helms import place_helms

REPOSITORY = Path(__file__).resolve().parents[3]
LINKED = ("platform", "common_plugins", "ansible", "pyproject.toml", "requirements.lock", "bootstrap.lock")
ENVIRONMENT = """\
kind: kubernetes
zones: {{default: {{{workers}}}}}
queues: {{default: {{zone: default}}}}
alert_channels: {{central: {{type: file, target: central.jsonl}}}}
secrets: {{store: none}}
cluster: {{context: {name}}}
bundle: {{repository: {bundle}}}
images: {{registry: '127.0.0.1:{port}/x', base: '{base}', plain_http: true}}
"""
ALL = "add --all", "commit --quiet --message=all"


@dataclass
class Stages:
    """A repository with `staging`, and `preprod` after it; *objects* are those of the cluster of `staging`."""

    root: Path
    ours: Store
    theirs: Store
    objects: Objects
    server: BareRepository
    said: list[str] = field(default_factory=list)

    def write(self, name: str, workers: str = "", base: str = "base:1") -> None:
        """Write one of the environments."""
        port = (self.ours if name == "staging" else self.theirs).server_port
        text = ENVIRONMENT.format(name=name, bundle=self.server.path, port=port, workers=workers, base=base)
        file = self.root / "environments" / name / "environment.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + ("promoted_from: staging\n" if name == "preprod" else ""))

    def commit(self) -> str:
        """Commit what there is, and return the commit."""
        own = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
        for command in ALL:
            subprocess.run(["git", *own, *command.split()], cwd=self.root, check=True)
        return source_commit(self.root)

    @property
    def tag(self) -> str:
        """The tag of the platform's image."""
        return self.tag_of("platform")

    def tag_of(self, name: str) -> str:
        """Return the tag of an image of this commit."""
        recipes = images_of(self.root, load_environment(self.root, "staging"))[0].recipes
        return next(one.tag for one in recipes if one.name == name)

    def push(self, code: bytes) -> str:
        """Have the registry of `staging` hold another platform image, and return its digest."""
        return self.ours.keep(
            OCI, {"config": self.ours.put(b"{}"), "layers": [self.ours.put(code)]}, self.tag
        )

    def works(self, digest: str, commit: str = "", revision: int = 1) -> Entry:
        """Note that what runs in `staging` was seen to work."""
        record = Record(Cluster(access("staging")), "airflow")
        state = State(revision, self.server.head() or "")
        return record.add(Entry("ada@desk", commit or source_commit(self.root), state, {"platform": digest}))

    def bring(self) -> Entry:
        """Bring the images of `staging` to `preprod`."""
        return bring_images(self.root, "staging", "preprod", lambda stage, text: self.said.append(text))


@pytest.fixture
def ours() -> Iterator[Store]:
    """Where the image is."""
    with storing_images() as found:
        yield found


@pytest.fixture
def theirs() -> Iterator[Store]:
    """Where it goes."""
    with storing_images() as found:
        yield found


@pytest.fixture
def stages(tmp_path: Path, ours: Store, theirs: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stages]:
    """Both stages; revision 1 of the release runs in the cluster of the first, and DAGs are published."""
    root, server, state = (
        tmp_path / "repository",
        BareRepository(tmp_path / "server.git"),
        tmp_path / "helm.json",
    )
    (root / "tenants").mkdir(parents=True)
    for name in LINKED:
        (root / name).symlink_to(REPOSITORY / name)
    (root / ".gitignore").write_text(".venv/\n.aerodrome/\n")
    server.create()
    publish(server.path, {"alpha/daily.py": "one\n"}, source="c0ffee")
    _helm(root / ".venv/helm", state)
    monkeypatch.setenv("HELM_STATE", str(state))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with storing(state) as (objects, address):
        (tmp_path / "kubeconfig").write_text(kubeconfig(staging=address))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        made = Stages(root, ours, theirs, objects, server)
        for name in ("staging", "preprod"):
            made.write(name)
        subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
        made.commit()
        yield made


def _helm(folder: Path, state: Path) -> None:
    """Have a helm in *folder* that stands in for the real one, and has installed one revision."""
    place_helms(folder, f'exec {sys.executable} -I -S {REPOSITORY}/tests/shared/helm_program.py "$@"')
    first: dict[str, Any] = {"revision": 1, "status": "deployed", "values": {}, "chart": "airflow-1.0.0"}
    revisions = [{**first, "updated": "", "app_version": "3.3.2"}]
    state.write_text(json.dumps({"revisions": revisions, "calls": [], "app_version": "3.3.2"}))
