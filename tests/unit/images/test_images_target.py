"""The images of a cluster as a target, and the command that makes them."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.image_settings import ImagesSettings
from aerodrome.images.recipe import Recipe
from aerodrome.kubernetes.preparation import Preparation
from aerodrome.pipeline import Build
from aerodrome.plan import Change
from aerodrome.progress import Progress, silent
from aerodrome.targets.images import ImagesTarget
from image_registry import DIGEST, ImageRegistry

INDEX = "https://index.example.org/simple"


def recipe(name: str, **more: Any) -> Recipe:
    """Return a recipe of an image with nothing in it."""

    def fill(folder: Path, say: Progress) -> None:
        say("filling")
        (folder / "Dockerfile").write_text("FROM base\n")

    return Recipe(name, "t1", "platform/image/Dockerfile", "Dockerfile", fill, **more)


def target(registry: ImageRegistry, *recipes: Recipe) -> ImagesTarget:
    """Return the target of these images, or of the platform's and a tenant's."""
    settings = ImagesSettings(registry=f"{registry.host}/x", plain_http=True, index_url=INDEX, network="host")
    return ImagesTarget(settings, recipes or (recipe("platform"), recipe("tenants/alpha")))


def test_what_the_registry_has_is_no_change(registry: ImageRegistry, buildah: Any) -> None:
    """Nothing is built, and its digest is known."""
    registry.images = {"x/platform:t1": DIGEST, "x/tenants/alpha:t1": DIGEST}
    found = target(registry)
    assert found.changes() == () and buildah.calls == []
    assert found.digests() == {
        name: {"repository": f"{registry.host}/x/{name}", "digest": DIGEST}
        for name in ("platform", "tenants/alpha")
    }


def test_images_are_asked_for_beside_one_another(registry: ImageRegistry) -> None:
    """A registry far away answers twenty questions in the time of one."""
    recipes = [recipe(f"tenants/t{number}") for number in range(8)]
    registry.together = threading.Barrier(len(recipes))
    registry.images = {f"x/{each.name}:t1": DIGEST for each in recipes}
    assert target(registry, *recipes).changes() == ()


def test_what_was_found_is_not_asked_for_again(registry: ImageRegistry) -> None:
    """A deploy looks several times; only what was missing may have come."""
    registry.images = {"x/platform:t1": DIGEST}
    found = target(registry)
    assert [change.name for change in found.changes()] == ["tenants/alpha"]
    registry.images["x/tenants/alpha:t1"] = DIGEST
    assert list(found.digests()) == ["platform", "tenants/alpha"] and found.changes() == ()
    assert [asked.path.split("/")[3] for asked in registry.asked].count("platform") == 1
    assert len(registry.asked) == 3


def test_a_target_with_other_recipes_asks_for_itself(registry: ImageRegistry) -> None:
    """What another one of the same name was found to be is nothing to it."""
    registry.images = {"x/platform:t1": DIGEST}
    found = target(registry, recipe("platform"))
    assert found.changes() == ()
    other = replace(found, recipes=(replace(recipe("platform"), tag="t2"),))
    assert [change.after for change in other.changes()] == ["t2"] and other.digests() == {}


def test_a_plan_without_an_image_names_it_and_the_command_that_makes_it(registry: ImageRegistry) -> None:
    """Nobody could say what the pods would run."""
    registry.images = {"x/platform:t1": DIGEST}
    shape = {"name": "prod", "kind": "kubernetes", "zones": {}, "queues": {}}
    images = target(registry)
    environment = Environment.model_validate({**shape, "images": images.settings})
    with pytest.raises(UserError) as told:
        Preparation(Path(), environment, Build(()), (), images).values()
    assert str(told.value) == (
        f"{registry.host}/x lacks 1 image of this commit: tenants/alpha\n"
        "    make images ENV=prod builds and pushes what is missing"
    )


def test_what_is_missing_is_a_change_with_its_reason(registry: ImageRegistry) -> None:
    """By its tag, and with the file that people look at."""
    registry.images = {"x/platform:t1": DIGEST}
    (change,) = target(registry).changes()
    assert (change.action, change.what) == ("create", "image tenants/alpha:t1")
    assert (change.why, change.source) == (
        "the registry has no image of what it is made of now",
        "platform/image/Dockerfile",
    )
    assert list(target(registry).digests()) == ["platform"]


def test_the_platforms_image_is_made_before_those_that_begin_with_it(
    registry: ImageRegistry, buildah: Any
) -> None:
    """In whatever order a plan names them; what is done is told with its image."""
    heard: list[str] = []
    found = target(registry)
    found.apply(found.changes()[::-1], heard.append)
    pushed = [call["arguments"][-2] for call in buildah.calls if call["arguments"][0] == "push"]
    assert pushed == [f"{registry.host}/x/{name}:t1" for name in ("platform", "tenants/alpha")]
    assert heard[0] == "platform: filling" and "tenants/alpha: filling" in heard


def test_only_what_a_plan_names_is_made(registry: ImageRegistry, buildah: Any) -> None:
    """The rest is another plan's."""
    change = Change("images", "create", "image tenants/alpha:t1", "", kind="image", name="tenants/alpha")
    target(registry).apply([change], silent)
    assert [call["arguments"][0] for call in buildah.calls] == ["build", "push"]
    assert buildah.calls[1]["arguments"][-2].endswith("/x/tenants/alpha:t1")


def test_an_index_and_a_network_are_for_what_is_built_from_source(
    registry: ImageRegistry, buildah: Any
) -> None:
    """All others have neither."""
    found = target(registry, recipe("platform"), recipe("tenants/alpha", needs_index=True))
    found.apply(found.changes(), silent)
    plain, building = (set(call["arguments"]) for call in buildah.calls if call["arguments"][0] == "build")
    asked = {f"INDEX_URL={INDEX}", "--network=host"}
    assert plain & asked == set() and building & asked == asked and "--network=none" in plain


def test_a_failed_build_leaves_no_folder(registry: ImageRegistry, buildah: Any, tmp_path: Path) -> None:
    """What it was built in is gone with it."""
    buildah.behave(trouble="fails")
    found = target(registry)
    with pytest.raises(AerodromeError, match=r"buildah build of .*/x/platform:t1 failed"):
        found.apply(found.changes(), silent)
    assert list((tmp_path / "TMPDIR").iterdir()) == []


def test_an_environment_without_a_registry_has_no_images(place: Any) -> None:
    """The user's mistake, told before anything is read or asked."""
    done = place.run("images", "--env", "local")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.endswith(
        "environments/local/environment.yaml names no registry of images\n"
        "    images belong to kind: kubernetes, with images: {registry: …}; ENV=local needs none\n"
    )
