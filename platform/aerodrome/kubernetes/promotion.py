"""What was seen to work in one environment goes to the next: its commit with its images, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path

from aerodrome.clients.git import uncommitted
from aerodrome.clients.image_copy import Place, copy
from aerodrome.environment import Environment
from aerodrome.errors import UserError, counted
from aerodrome.images.platform_image import NAME as PLATFORM
from aerodrome.kubernetes.connection import connect
from aerodrome.kubernetes.images import images_of
from aerodrome.kubernetes.preparation import bundle_of, cluster_environment
from aerodrome.kubernetes.record import Entry, Record, state_of
from aerodrome.progress import Progress, Step
from aerodrome.targets.bundle import source_commit
from aerodrome.targets.images import ImagesTarget
from aerodrome.targets.remote_bundle import PublishedBundle


def bring_images(root: Path, source: str, target: str, step: Step) -> Entry:
    """Let the registry of *target* have the images that run in *source*, and return the deploy that brought them.

    UserError, and nothing copied, where *target* does not follow on *source*, where what runs in *source* was not seen
    to work, or where *root* is not at its commit.
    """
    require_stage(root, source, target)
    before, to = (cluster_environment(root, name) for name in (source, target))
    require_committed(root, to)
    step("promotion", f"what runs in {source}")
    entry = _proven(root, before)
    _require_commit(root, source, entry)
    _copy(root, before, to, entry, partial(step, "images"))
    return entry


def require_stage(root: Path, source: str, target: str) -> None:
    """Do nothing where *target* follows on *source*; UserError elsewhere."""
    before = cluster_environment(root, target).promoted_from
    if before is None:
        remedy = f"add promoted_from: {source} there, or deploy it: make deploy ENV={target}"
        raise UserError(f"environments/{target}/environment.yaml names no environment before it", remedy)
    if before != source:
        remedy = f"make promote FROM={before} TO={target}"
        raise UserError(f"{target} follows on {before}, and not on {source}", remedy)


def require_committed(root: Path, environment: Environment) -> None:
    """Do nothing where all files are committed, or *environment* takes others too; UserError elsewhere."""
    if environment.promoted_from is None:
        return
    if files := uncommitted(root):
        shown = ", ".join(files[:5]) + (f" and {len(files) - 5} more" if len(files) > 5 else "")
        said = f"{counted(len(files), 'file')} of this work tree stand in no commit: {shown}"
        raise UserError(said, f"commit them: {environment.name} is deployed from commits alone")


def _proven(root: Path, environment: Environment) -> Entry:
    connection = connect(root, environment)
    record = Record(connection.cluster, environment.cluster.namespace)
    state = state_of(connection.release({}), PublishedBundle(bundle_of(root, environment)))
    entries = record.entries()
    if entries and entries[-1].state == state:
        return entries[-1]
    last = f"the last that was is deploy {entries[-1].number}" if entries else "none ever was"
    remedy = f"make deploy ENV={environment.name} ends with the canary on every queue"
    raise UserError(f"what runs in {environment.name} now was not seen to work: {last}", remedy)


def _require_commit(root: Path, source: str, entry: Entry) -> None:
    here = source_commit(root)
    if here == entry.commit:
        return
    said = f"{source} runs commit {entry.commit} since deploy {entry.number}, and this work tree is at {here}"
    if entry.commit.endswith("-changed"):
        raise UserError(said, f"its files were never committed: commit them, and deploy {source} again")
    raise UserError(said, f"git checkout {entry.commit}, then start this again")


def _copy(root: Path, source: Environment, target: Environment, entry: Entry, say: Progress) -> None:
    (ours, _), (theirs, _) = images_of(root, source), images_of(root, target)
    here, there = ours.digests(), theirs.digests()
    wanted, layers = {recipe.name: recipe.tag for recipe in theirs.recipes}, dict[str, str]()
    _require_tried(wanted.keys() - {recipe.name for recipe in ours.recipes} - there.keys(), source, target)
    for recipe in ours.recipes:
        # What could not be made ran nowhere, and will not run there: its tenant stays in both.
        if recipe.name != PLATFORM and recipe.name not in here.keys() | there.keys():
            _tell(
                say, recipe.name, f"not in the registry of {source.name}: its tenant stays as it was deployed"
            )
            continue
        digest = entry.images.get(recipe.name, "")
        _require_image(
            same=here.get(recipe.name, {}).get("digest") == digest, name=recipe.name, source=source
        )
        if recipe.name not in wanted or there.get(recipe.name, {}).get("digest") == digest:
            continue
        _require_tag(same=wanted[recipe.name] == recipe.tag, name=recipe.name, target=target)
        theirs.make_repository(recipe)
        place = replace(_place(theirs, recipe.name), layers=layers)
        copy(_place(ours, recipe.name), digest, place, recipe.tag, partial(_tell, say, recipe.name))


def _require_tried(untried: Collection[str], source: Environment, target: Environment) -> None:
    """Raise UserError for images that only *target* has pods of: there is nothing that could be copied."""
    if untried:
        said = f"{target.name} has pods of what has none in {source.name}: {', '.join(sorted(untried))}"
        remedy = (
            f"let it run in {source.name} first, or build what was never tried: make images ENV={target.name}"
        )
        raise UserError(said, remedy)


def _require_image(*, same: bool, name: str, source: Environment) -> None:
    if not same:
        said = f"the registry of {source.name} has another image {name} than the one that runs there"
        raise UserError(said, f"deploy it again: make deploy ENV={source.name}")


def _require_tag(*, same: bool, name: str, target: Environment) -> None:
    if not same:
        remedy = "give both environments the same images.base"
        raise UserError(f"the image {name} would be made of other parts in {target.name}", remedy)


def _tell(say: Progress, name: str, text: str) -> None:
    say(f"{name}: {text}")


def _place(target: ImagesTarget, name: str) -> Place:
    return Place(target.registry(), target.settings.repository(name))
