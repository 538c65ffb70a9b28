"""`make images`: a tenant whose image cannot be made keeps no other from its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import UserError
from aerodrome.kubernetes.images import Made, make_images
from cluster_store import Store
from image_registry import ImageRegistry
from made_platform import LINKED, MadePlatform


@pytest.fixture
def made(place: Any, registry: ImageRegistry, tmp_path: Path, repository: Path, buildah: Any) -> MadePlatform:
    """Tenants `alpha` and `beta`; the registry has the platform's image alone."""
    for name in LINKED:
        (place.root / name).symlink_to(repository / name)
    found = MadePlatform(place, registry, Store(tmp_path / "helm.json"))
    found.write(tmp_path / "dags.git")
    for name in ("alpha", "beta"):
        found.tenant(name)
    found.push()
    found.lose("x/tenants/alpha", "x/tenants/beta")
    return found


def make(made: MadePlatform, said: list[str]) -> Made:
    """Return what `make images` does."""
    return make_images(made.place.root, "prod", lambda _, text: said.append(text))


def test_an_image_that_cannot_be_made_keeps_no_other_from_being_made(
    made: MadePlatform, buildah: Any
) -> None:
    """Why is told at once, and once more at the end; it need be nobody's mistake."""
    buildah.behave(trouble="fails", of="tenants/alpha")
    said: list[str] = []
    done = make(made, said)
    assert [change.name for change in done.changes] == ["tenants/beta"]
    (problem,) = done.problems
    assert (problem.file, problem.fault) == ("tenants/alpha/own.lock", True)
    assert problem.message.startswith(f"buildah build of {made.registry.host}/x/tenants/alpha:")
    assert any(line.startswith("tenants/alpha: not made: buildah build of ") for line in said)


def test_a_machine_without_a_builder_ends_it(
    made: MadePlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No tenant is told of what none can mend."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="buildah builds the images of this environment, and is not here"):
        make(made, [])
