"""An image that can be built: its name follows from everything that it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.progress import Progress

FOLDER = "platform/image"
Fill = Callable[[Path, Progress], None]
"""Puts into an empty folder what the build reads, and tells what takes its time."""


@dataclass(frozen=True)
class Recipe:
    """The image *name* (`platform`, `tenants/flights`), with the *tag* that follows from its inputs.

    *source* is the file that people look at first when it changes. *fill* makes the folder that it is built in, by
    the Dockerfile *file*. *needs_index*: packages are built from source meanwhile, with what they ask for.
    """

    name: str
    tag: str
    source: str
    file: str
    fill: Fill
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    needs_index: bool = False


def tag_of(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return the tag of an image made of *parts*, name and content of each; their order does not count."""
    total = hashlib.sha256()
    for name, content in sorted(parts):
        total.update(f"{name}:{len(content)}:".encode())
        total.update(content)
    return total.hexdigest()[:24]


def labels(title: str, source: str) -> dict[str, str]:
    """Return the labels of the Open Container Initiative; *source* names the commit.

    No time is among them: what has not changed is built to the same bytes.
    """
    return {"org.opencontainers.image.title": title, "org.opencontainers.image.version": source}
