"""Where each value of a file stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """A value's first line and column and its last line, its key's place, and the places of what is in it."""

    line: int
    column: int
    last_line: int
    key_line: int = 0
    key_column: int = 0
    children: dict[str | int, Place] | None = None


@dataclass(frozen=True)
class Positions:
    """The places of one document; lines and columns start at 1."""

    root: Place

    def locate(self, path: Path) -> tuple[int, int]:
        """Return line and column of the value at *path*, or of its nearest known ancestor."""
        place = self.nearest(path)
        return place.line, place.column

    def locate_key(self, path: Path) -> tuple[int, int]:
        """Return line and column of the last key in *path*, or of the nearest known ancestor."""
        place = self.find(path)
        return (place.key_line, place.key_column) if place and place.key_line else self.locate(path)

    def find(self, path: Path) -> Place | None:
        """Return the place of *path*, or None where the file does not hold it."""
        place: Place | None = self.root
        for step in path:
            place = (place.children or {}).get(step) if place else None
        return place

    def nearest(self, path: Path) -> Place:
        """Return the place of *path* or of its nearest ancestor."""
        place = self.root
        for step in path:
            child = (place.children or {}).get(step)
            if child is None:
                break
            place = child
        return place


@dataclass(frozen=True)
class TaskPositions:
    """The places of a manifest of which only some tasks are left: *kept* are those, by their place in the file."""

    all: Positions
    kept: tuple[int, ...]

    def locate(self, path: Path) -> tuple[int, int]:
        """Return line and column of *path*, whose task is counted among those that are left."""
        if path[:1] == ("tasks",) and len(path) > 1:
            path = ("tasks", self.kept[int(path[1])], *path[2:])
        return self.all.locate(path)


def overlay(base: Place, difference: Place) -> Place:
    """Return the places of a document with *difference* merged in: mappings by key, all else replaced."""
    if not _is_mapping(base) or not _is_mapping(difference):
        return difference
    ours, theirs = base.children or {}, difference.children or {}
    merged = {key: overlay(ours[key], place) if key in ours else place for key, place in theirs.items()}
    return base._replace(children=ours | merged)


def _is_mapping(place: Place) -> bool:
    return place.children is not None and all(isinstance(key, str) for key in place.children)
