"""What `make images` does: every image that the commit needs is in the registry, with its digest known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aerodrome.environment import Environment, load_environment
from aerodrome.errors import AerodromeError, Problem, UserError
from aerodrome.files import machine_cache
from aerodrome.image_settings import ImagesSettings
from aerodrome.images.platform_image import NAME as PLATFORM
from aerodrome.manifest.load import load_repository
from aerodrome.plan import Change
from aerodrome.progress import Progress, Step
from aerodrome.render.chart_values import zones_with_pods
from aerodrome.runtime import runtime_problems
from aerodrome.targets.images import ImagesTarget, images_target


@dataclass(frozen=True)
class Made:
    """Which images were missing, how the registry knows all of them, and what keeps single tenants out.

    *digests*: image → `repository` and `digest`.
    """

    changes: tuple[Change, ...]
    digests: dict[str, dict[str, str]]
    problems: tuple[Problem, ...]


def make_images(root: Path, name: str, step: Step) -> Made:
    """Build and push what the registry of the environment *name* lacks; safe to interrupt and repeat.

    A tenant whose files have mistakes, or whose image cannot be made, gets no new one, and keeps no other tenant from
    one.
    """
    target, problems = images_of(root, load_environment(root, name))
    failed: dict[str, Problem] = {}
    changes = target.changes()
    for change in changes:
        if problem := _why_not(target, change, partial(step, target.name)):
            failed[change.name] = problem
    made = tuple(change for change in changes if change.name not in failed)
    return Made(made, target.digests(), (*problems, *failed.values()))


def _why_not(target: ImagesTarget, change: Change, say: Progress) -> Problem | None:
    """Make one image; return why a tenant's could not be. What keeps all from being made is raised."""
    try:
        target.apply((change,), say)
    except UserError:
        raise
    except AerodromeError as problem:
        if change.name == PLATFORM:
            raise
        for line in f"not made: {problem}".splitlines():
            say(f"{change.name}: {line}")
        return Problem(change.source, 0, 0, "", str(problem.args[0]), problem.remedy, fault=True)
    return None


def images_of(root: Path, environment: Environment) -> tuple[ImagesTarget, tuple[Problem, ...]]:
    """Return the images of the commit as a target, and every mistake that keeps a tenant's out."""
    settings = _settings(environment)
    tenants, problems = _tenants(root, environment)
    return images_target(root, settings, tenants, machine_cache()), problems


def _settings(environment: Environment) -> ImagesSettings:
    if environment.kind != "kubernetes" or environment.images is None:
        raise UserError(
            f"environments/{environment.name}/environment.yaml names no registry of images",
            "images belong to kind: kubernetes, with images: {registry: …}; ENV=local needs none",
        )
    return environment.images


def _tenants(root: Path, environment: Environment) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Return the tenants whose code runs in pods, and every mistake that keeps one of them out."""
    loaded = load_repository(root, environment)
    wanted = [tenant.name for tenant in loaded.tenants if zones_with_pods(tenant, environment)]
    wrong = {name: runtime_problems(root, name) for name in wanted}
    good = tuple(name for name in wanted if not wrong[name])
    return good, tuple(sorted({*loaded.problems, *(each for found in wrong.values() for each in found)}))
