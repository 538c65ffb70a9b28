"""The images of a cluster as a target: what is missing in the registry is built and pushed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.clients import ecr
from aerodrome.clients.image_builder import Builder, Order
from aerodrome.clients.registry import Login, Registry, kept_login
from aerodrome.image_settings import ImagesSettings
from aerodrome.images.platform_image import platform_image
from aerodrome.images.recipe import Recipe
from aerodrome.images.tenant_image import tenant_image
from aerodrome.plan import Change
from aerodrome.progress import Progress

TARGET = "images"


@dataclass(frozen=True)
class ImagesTarget:
    """Images by the digest of what they are made of; one that the registry has is never built again.

    What was found there is not asked for again: a tag stands for what it is made of, for ever.
    """

    settings: ImagesSettings
    recipes: tuple[Recipe, ...]
    name: str = TARGET
    _found: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def changes(self) -> tuple[Change, ...]:
        """Return one change for each image that is missing; changes nothing."""
        found = self._look()
        return tuple(self._change(recipe) for recipe in self.recipes if recipe.name not in found)

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Build and push what is missing, the platform's image first: the tenants' begin with it."""
        wanted = {change.name for change in changes}
        for recipe in self.recipes:
            if recipe.name in wanted:
                self._make(recipe, progress)

    def digests(self) -> dict[str, dict[str, str]]:
        """Return image → `repository` and `digest`, of those that the registry has."""
        found, place = self._look(), self.settings.registry
        return {
            recipe.name: {"repository": f"{place}/{recipe.name}", "digest": found[recipe.name]}
            for recipe in self.recipes
            if recipe.name in found
        }

    def registry(self) -> Registry:
        """Return the registry, asked as whoever deploys."""
        return Registry(self.settings.host, self._login(), self.settings.plain_http)

    def _login(self) -> Login | None:
        host = self.settings.host
        return ecr.login(host) if ecr.is_ecr(host) else kept_login(host)

    def _look(self) -> dict[str, str]:
        """Return image → digest, of those that the registry has."""
        unknown = [recipe for recipe in self.recipes if recipe.name not in self._found]
        if unknown:
            asked = [(self.settings.repository(recipe.name), recipe.tag) for recipe in unknown]
            answers = zip(unknown, self.registry().digests(asked), strict=True)
            self._found.update({recipe.name: digest for recipe, digest in answers if digest})
        return self._found

    def make_repository(self, recipe: Recipe) -> None:
        """Let the registry have a place for the image; only ECR wants one before a push."""
        if ecr.is_ecr(self.settings.host):
            ecr.ensure_repository(self.settings.host, self.settings.repository(recipe.name))

    def _change(self, recipe: Recipe) -> Change:
        why = "the registry has no image of what it is made of now"
        return Change(
            TARGET,
            "create",
            f"image {recipe.name}:{recipe.tag}",
            why,
            kind="image",
            name=recipe.name,
            source=recipe.source,
            after=recipe.tag,
        )

    def _make(self, recipe: Recipe, progress: Progress) -> None:
        def say(text: str) -> None:
            progress(f"{recipe.name}: {text}")

        self.make_repository(recipe)
        with tempfile.TemporaryDirectory(prefix="aerodrome-image-") as place:
            folder = Path(place)
            recipe.fill(folder, say)
            builder = Builder(self.settings.builder, self._login(), self.settings.plain_http, say)
            order = self._order(recipe, folder)
            say(builder.build_and_push(order, reference(self.settings, recipe)))

    def _order(self, recipe: Recipe, folder: Path) -> Order:
        if not recipe.needs_index:
            return Order(folder, recipe.file, recipe.arguments, recipe.labels)
        arguments = {**recipe.arguments, "INDEX_URL": self.settings.index_url}
        return Order(folder, recipe.file, arguments, recipe.labels, self.settings.network)


def reference(settings: ImagesSettings, recipe: Recipe) -> str:
    """Return how builders call the image: registry, repository and tag."""
    return f"{settings.registry}/{recipe.name}:{recipe.tag}"


def images_target(root: Path, settings: ImagesSettings, tenants: Sequence[str], cache: Path) -> ImagesTarget:
    """Return the images of the repository *root* and of its *tenants*; packages are kept in *cache*."""
    platform = platform_image(root, settings.base, cache)
    called = reference(settings, platform)
    own = (tenant_image(root, tenant, platform, called, cache) for tenant in sorted(tenants))
    return ImagesTarget(settings, (platform, *(recipe for recipe in own if recipe)))
