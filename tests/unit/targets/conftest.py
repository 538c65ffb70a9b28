"""A bundle repository, and deploys into it that change nothing but the bundle."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from aerodrome import bundle
from aerodrome.environment import load_environment
from aerodrome.pipeline import build
from aerodrome.plan import Change
from aerodrome.targets.bundle import BundleTarget

RUNTIMES = {"alpha": "a" * 16, "beta": "b" * 16}


class Deploys:
    """The tenants alpha and beta with two DAGs each, published once."""

    def __init__(self, place: Any) -> None:
        self.place = place
        self.root: Path = place.root
        self.repository = place.root.parent / "bundle.git"
        bundle.create(self.repository)
        for tenant in RUNTIMES:
            place.tenant(tenant, "daily", "weekly")
        self.deploy()

    def target(self, without: Collection[str] = (), **runtimes: str) -> BundleTarget:
        """Return the target for the tenants' folders as they are now."""
        made = build(self.root, "local", runtimes={**RUNTIMES, **runtimes})
        environment = load_environment(self.root, "local")
        return BundleTarget(self.repository, made, lambda: without, self.root, environment)

    def deploy(self, without: Collection[str] = (), **runtimes: str) -> tuple[Change, ...]:
        """Publish, and return what that changed; what was planned is what is done."""
        target = self.target(without, **runtimes)
        planned = target.changes()
        if planned:
            target.apply(planned, lambda _: None)
        assert target.changes() == ()
        return planned

    @property
    def paths(self) -> set[str]:
        """The published DAG files."""
        return {path for path in bundle.published_paths(self.repository) if path.endswith(".py")}

    def text(self, path: str) -> str:
        """Return a published file."""
        return bundle.published_text(self.repository, path)


@pytest.fixture
def deploys(place: Any) -> Deploys:
    """Two tenants, published once."""
    return Deploys(place)
