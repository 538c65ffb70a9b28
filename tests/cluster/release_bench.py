"""The small chart as a target: planned, deployed, and looked at."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import Access
from aerodrome.clients.cluster_rollout import Patience
from aerodrome.clients.helm import Helm
from aerodrome.errors import AerodromeError
from aerodrome.plan import Change
from aerodrome.targets.release import ReleaseTarget, Settings

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "tests/cluster/release/chart"
PROGRAMS = REPOSITORY / ".venv/helm"
HELMS = ("helm3", "helm4")
RELEASE = "small"
QUICK = Patience(stuck=2, unschedulable=2, idle=60, crashes=1, steady=2)


@dataclass
class Bench:
    """The small chart, a copy of it, in a namespace of its own."""

    way: Access
    namespace: str
    program: Path
    root: Path
    said: list[str] = field(default_factory=list)

    @property
    def chart(self) -> Path:
        """The copy of the chart: a test may edit it."""
        return self.root / "helm/small"

    @property
    def cluster(self) -> Cluster:
        """The cluster, as the deploy sees it."""
        return Cluster(self.way)

    def target(self, **values: Any) -> ReleaseTarget:
        """Return the target for *values*."""
        file = self.root / "environments/test/values.yaml"
        settings = Settings(self.chart, values, self.root, file if file.exists() else None, QUICK)
        helm = Helm(self.program, self.way, RELEASE, self.namespace, 60)
        return ReleaseTarget(settings, self.cluster, helm)

    def plan(self, **values: Any) -> tuple[Change, ...]:
        """Return what a deploy of *values* would change."""
        return self.target(**values).changes()

    def told(self, **values: Any) -> list[str]:
        """Return what a plan says: action, object and reason of each change."""
        return [f"{one.action} {one.what}: {one.why}" for one in self.plan(**values)]

    def deploy(self, **values: Any) -> None:
        """Bring the release to *values*."""
        target = self.target(**values)
        target.apply(target.changes(), self.said.append)

    def failure(self, **values: Any) -> str:
        """Return what a deploy of *values* fails with."""
        with pytest.raises(AerodromeError) as raised:
            self.deploy(**values)
        return str(raised.value)

    def live(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return an object by the plural of its kind with its group: "api/v1/secrets"."""
        version, _, plural = kind.rpartition("/")
        return self.cluster.find(f"/{version}/namespaces/{self.namespace}/{plural}/{name}")

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of the chart."""
        path = self.chart / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def restore(self) -> None:
        """Have the chart, and nothing else, as it was before anybody edited it."""
        for path in self.root.iterdir():
            shutil.rmtree(path)
        shutil.copytree(CHART, self.chart)


@contextlib.contextmanager
def bench(way: Access, program: str) -> Iterator[Bench]:
    """Have a copy of the chart and a namespace for it, which the first deploy makes."""
    if not (PROGRAMS / program).exists():
        pytest.skip(f"no {program}: make helm")
    namespace = f"test-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as folder:
        found = Bench(way, namespace, PROGRAMS / program, Path(folder))
        found.restore()
        try:
            yield found
        finally:
            with contextlib.suppress(AerodromeError):
                found.cluster.request("DELETE", f"/api/v1/namespaces/{namespace}")
