"""An environment in a cluster that is a stand-in, with the real program that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_server_stand_in import ApiServer, kubeconfig, serving

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""


@pytest.fixture
def dev(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository with ENV=dev, whose cluster is nowhere yet."""
    place.write("environments/dev/environment.yaml", ENVIRONMENT)
    # Nothing listens on a port that only root may take.
    file = place.write("kubeconfig", kubeconfig(dev="http://127.0.0.1:1"))
    monkeypatch.setenv("KUBECONFIG", str(file))
    monkeypatch.setenv("AERODROME_REPOSITORY", str(place.root))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def api_server(dev: Any) -> Iterator[ApiServer]:
    """An empty cluster that answers."""
    with serving() as (state, address):
        dev.write("kubeconfig", kubeconfig(dev=address))
        yield state
