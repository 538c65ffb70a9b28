"""Who goes first where the processor is scarce: the end-to-end test, which takes longest, before all beside it.

Nice does not do it: among processes in no control group Linux shares a processor by sessions, and by nice only within
each (sched_autogroup); molecule has a session of its own for each scenario, and Ansible one for each task on each host.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aerodrome_airflow.launcher import hierarchies
from aerodrome_airflow.launcher.hierarchies import Hierarchy

SHARES = {"roles": 128, "others": 256}
"""Of a busy processor, for all who stand back in a name; sessions of others have 1024 each, as all of podman has."""
_CPU = frozenset({"cpu"})


class Place:
    """A control group for this process and whatever it starts from now on, where it is in none; else nice does."""

    def __init__(self, name: str, shares: int) -> None:
        self._name, self._shares = f"aerodrome-tests-{name}", shares
        self._trees = [
            tree for tree in hierarchies.find() if tree.controllers >= _CPU and tree.own == tree.top
        ]

    @property
    def folders(self) -> list[Path]:
        """Return the group in each tree where this process is in none; it is there while somebody stands back."""
        return [tree.own / self._name for tree in self._trees]

    def stand_back(self) -> None:
        """Go into the group."""
        for tree in self._trees:
            with suppress(OSError):
                _enter(self._made(tree))

    def go_first(self) -> None:
        """Go back to where this process came from; what it has started stays."""
        for tree in self._trees:
            with suppress(OSError):
                _enter(tree.own)

    def leave(self) -> None:
        """Go back, and remove the group where nothing is left in it."""
        self.go_first()
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()

    @contextmanager
    def standing_back(self) -> Iterator[None]:
        """Stand back for the block."""
        self.stand_back()
        try:
            yield
        finally:
            self.leave()

    def _made(self, tree: Hierarchy) -> Path:
        folder, file, value = tree.own / self._name, "cpu.shares", self._shares
        if tree.version == 2:
            hierarchies.hand_down(tree.own, _CPU)
            file, value = "cpu.weight", max(1, self._shares * 100 // 1024)
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(str(value), encoding="ascii")
        return folder


def _enter(folder: Path) -> None:
    (folder / "cgroup.procs").write_text("0", encoding="ascii")
