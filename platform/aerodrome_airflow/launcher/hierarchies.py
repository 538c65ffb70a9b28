"""The trees of cgroups that this process sees: which controllers each has, and where the process itself stands."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aerodrome_airflow.launcher.cgroup_files import members

CONTROLLERS = ("memory", "pids", "cpu")
"""Of which a job's limits are made."""
_SELF = Path("/proc/self")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Hierarchy:
    """A mounted tree; *top* is the highest group that can be seen, *own* the one of this process."""

    version: int
    controllers: frozenset[str]
    top: Path
    own: Path


@dataclass(frozen=True)
class Parent:
    """A group below which others with *controllers* can be made."""

    folder: Path
    version: int
    controllers: frozenset[str]


def find() -> tuple[Hierarchy, ...]:
    """Return the trees that have a controller of a job's limits, those of version 1 first."""
    paths = _own_paths((_SELF / "cgroup").read_text(encoding="utf-8"))
    mounts = _mounts((_SELF / "mountinfo").read_text(encoding="utf-8"), paths)
    # A tree may be covered by another mount, or be one of an outer container.
    found = (tree for tree in mounts if tree.controllers and (tree.own / "cgroup.procs").is_file())
    return tuple(sorted(found, key=lambda tree: tree.version))


def parents(name: str) -> Iterator[Parent]:
    """Yield where this process can make groups; *name* is that of one which it may have to go into itself."""
    for tree in find():
        if tree.version == 1:
            yield Parent(tree.own, 1, tree.controllers)
        else:
            yield from _parents_in_unified(tree, name)


def _parents_in_unified(tree: Hierarchy, name: str) -> Iterator[Parent]:
    _step_aside(tree, name)
    # All of the controllers farther up serve better than one of them nearby: a group whose processes stand in it
    # hands none down, but the highest of the machine.
    for wanted in (tree.controllers, tree.controllers & {"memory", "pids"}):
        for folder in _upwards(tree.own, tree.top):
            if wanted and hand_down(folder, wanted) == wanted:
                yield Parent(folder, 2, wanted)
                return


def hand_down(folder: Path, controllers: frozenset[str]) -> frozenset[str]:
    """Have the groups below *folder* of version 2 use *controllers*; return those that they can use now."""
    control = folder / "cgroup.subtree_control"
    for controller in controllers - _words(control):
        with contextlib.suppress(OSError):
            control.write_text(f"+{controller}", encoding="ascii")
    return controllers & _words(control)


def _step_aside(tree: Hierarchy, name: str) -> None:
    """Leave a group that was delegated to this process alone for one below it, so that it can hand down."""
    if tree.own != tree.top and members(tree.own) == {os.getpid()}:
        with contextlib.suppress(OSError):
            aside = tree.own / name
            aside.mkdir(exist_ok=True)
            (aside / "cgroup.procs").write_text("0", encoding="ascii")


def _upwards(folder: Path, top: Path) -> Iterator[Path]:
    yield folder
    while folder not in (top, folder.parent):
        folder = folder.parent
        yield folder


def _own_paths(text: str) -> dict[str, str]:
    """Return the path of this process by controller; by an empty name for version 2."""
    found = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        found.update(dict.fromkeys(controllers.split(","), path))
    return found


def _mounts(text: str, paths: dict[str, str]) -> Iterator[Hierarchy]:
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        root, top = (_unescaped(field) for field in left.split()[3:5])
        kind, *_, options = right.split()
        if kind == "cgroup":
            controllers = frozenset(options.split(",")) & set(CONTROLLERS)
            path = next((paths[name] for name in controllers if name in paths), None)
            if path is not None:
                yield Hierarchy(1, controllers, Path(top), _below(Path(top), root, path))
        elif kind == "cgroup2" and "" in paths:
            controllers = _words(Path(top) / "cgroup.controllers") & set(CONTROLLERS)
            yield Hierarchy(2, controllers, Path(top), _below(Path(top), root, paths[""]))


def _below(top: Path, root: str, path: str) -> Path:
    """Return the group *path* of a tree of which the part from *root* on is mounted at *top*."""
    start = root.rstrip("/") + "/"
    return top / path.removeprefix(start) if path.startswith(start) else top


def _words(file: Path) -> frozenset[str]:
    with contextlib.suppress(OSError):
        return frozenset(file.read_text(encoding="ascii").split())
    return frozenset()


def _unescaped(field: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), field)
