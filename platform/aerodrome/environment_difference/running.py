"""What runs in a cluster: the commit that was deployed last, and the images of the release's parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aerodrome.environment import Environment
from aerodrome.environment_difference.leaves import Leaves
from aerodrome.kubernetes.connection import connect
from aerodrome.kubernetes.record import Record
from aerodrome.kubernetes.status.components import Component, components


def running(root: Path, environment: Environment) -> Leaves:
    """Return `commit` and the image of each container, by its digest where it has one; empty where nothing runs."""
    cluster, settings = connect(root, environment).cluster, environment.cluster
    entries = Record(cluster, settings.namespace).entries()
    commit = {"commit": entries[-1].commit} if entries else {}
    parts = components(cluster, settings)
    return commit | {name: image for part in parts for name, image in _images(part)}


def _images(part: Component) -> Iterator[tuple[str, str]]:
    for container, image in part.images.items():
        # Each account has a registry of its own; the digest tells whether it is the same image.
        yield f"image of {part.name}/{container}", image.rpartition("@")[2]
