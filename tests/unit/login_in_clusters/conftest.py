"""A cluster that holds nothing yet, and an environment in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients import cluster_access
from aerodrome.clients.cluster import Cluster
from objects_of_a_cluster import cluster_of_objects


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, dict[str, Any]]]:
    """Path → object of what the cluster holds; it is the one that KUBECONFIG names."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with cluster_of_objects(tmp_path / "kubeconfig") as found:
        yield found


@pytest.fixture
def cluster(objects: dict[str, dict[str, Any]]) -> Cluster:
    """The deploy's access to it."""
    return Cluster(cluster_access.access())
