"""A platform that exists on paper only, and one whose processes are programs of a few lines."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.environment import Environment
from aerodrome.local.machine import state
from aerodrome.local.machine.platform import Platform
from aerodrome.manifest.tenant import TenantManifest

# Test folders are no packages: the modules beside this file have names of their own.
sys.path.insert(0, str(Path(__file__).parent))
ENVIRONMENT = {
    "name": "local",
    "kind": "local",
    "zones": {"default": {"triggerer": True}, "pii": {}, "platform": {}},
    "queues": {
        "default": {"zone": "default", "slots": 4},
        "pii": {"zone": "pii", "personal_data": True, "shared": False},
        "maintenance": {"zone": "platform", "tenants": False},
    },
    "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
    "local": {
        "connections": {
            "warehouse": {"type": "postgres"},
            "api": {"type": "http", "url": "https://example.org:8443"},
        }
    },
}


def tenant(**settings: object) -> TenantManifest:
    """Return a tenant with *settings*."""
    return TenantManifest.model_validate(
        {"owners": [{"name": "Team", "email": "team@example.org"}], **settings}
    )


@pytest.fixture
def platform(repository: Path, tmp_path: Path) -> Iterator[Platform]:
    """A platform with two tenants, without root, that was never brought up."""
    layout = replace(state.locate(repository, tmp_path / "state"), root=False)
    tenants = {
        "alpha": tenant(
            queues=["default", "pii"],
            connections={"warehouse": {"type": "postgres"}, "api": {"type": "http", "queues": ["default"]}},
            variables=["threshold"],
            limits={"parallelism": 6},
            pools={"narrow": 2},
        ),
        "beta": tenant(queues=["default"]),
    }
    yield Platform(layout, Environment.model_validate(ENVIRONMENT), tenants)
    # Of a state with a long path it is elsewhere.
    shutil.rmtree(layout.run, ignore_errors=True)
