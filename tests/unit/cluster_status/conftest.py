"""An environment in a cluster that is a stand-in, with the real program that asks it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Test folders are no packages: the modules beside this file have names of their own.
sys.path.insert(0, str(Path(__file__).parent))

from api_server_stand_in import ApiServer, serving

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""


def kubeconfig(server: str) -> str:
    """Return a kubeconfig for *server*."""
    return json.dumps(
        {
            "clusters": [{"name": "dev", "cluster": {"server": server}}],
            "users": [{"name": "dev", "user": {"token": "t"}}],
            "contexts": [{"name": "dev", "context": {"cluster": "dev", "user": "dev"}}],
            "current-context": "dev",
        }
    )


@pytest.fixture
def dev(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository with ENV=dev, whose cluster is nowhere yet."""
    place.write("environments/dev/environment.yaml", ENVIRONMENT)
    # Nothing listens on a port that only root may take.
    file = place.write("kubeconfig", kubeconfig("http://127.0.0.1:1"))
    monkeypatch.setenv("KUBECONFIG", str(file))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def api_server(dev: Any) -> Iterator[ApiServer]:
    """An empty cluster that answers."""
    with serving() as (state, address):
        dev.write("kubeconfig", kubeconfig(address))
        yield state
