"""A destroy that is killed, at whatever moment, and repeated leaves as little as one that was left in peace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.local.machine import accounts, state
from aerodrome.local.machine.state import Layout
from aerodrome.local.release.deploy import deploy_local, destroy_local, places_to_destroy

# Whatever deletes something or starts a program that does.
MOMENTS = frozenset({"os.remove", "os.rmdir", "subprocess.Popen"})
USER = f"_end{os.getpid()}"


def quiet(target: str, text: str) -> None:
    """Show no progress."""


def make(root: Path) -> Layout:
    """Return a deployment without processes: files, a link, a folder of sockets elsewhere and, as root, a user."""
    layout = state.locate(root)
    for folder in (layout.state, layout.config, layout.homes / "alpha/data", layout.run):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "file").touch()
    (layout.state / state.MARK).touch()
    link = root / ".aerodrome/local"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(layout.state)
    if layout.root:
        accounts.ensure([], [USER], layout.name)
    return layout


def destroy_killed(root: Path, number: int) -> bool:
    """Destroy in a process that ends at the deletion of that *number*; return whether it came to its end before."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    left = number

    def count(event: str, _: object) -> None:
        nonlocal left
        left -= event in MOMENTS
        if not left:
            os._exit(9)

    try:
        sys.addaudithook(count)
        destroy_local(root, "local", quiet)
        os._exit(0)
    finally:
        os._exit(1)


def left_of(layout: Layout) -> list[Path]:
    """Return what is left of a deployment."""
    link, lock = layout.repository / ".aerodrome/local", layout.state.with_name(f"{layout.state.name}.lock")
    notes = accounts.LEDGER.glob(f"*/{layout.name}")
    paths = (layout.state, layout.run, link, lock, accounts.LEDGER / USER)
    return [*notes, *(path for path in paths if os.path.lexists(path))]


@pytest.mark.parametrize("number", [3, 6])
def test_a_deploy_finishes_a_destroy_that_was_killed(
    place: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Before it looks at anything else: users made anew have other numbers than those that own what is left."""
    monkeypatch.setenv("AERODROME_STATE", str(place.root.parent / "state"))
    place.write("environments/local/environment.yaml", "kind: locl\n")
    layout = make(place.root)
    assert not destroy_killed(place.root, number) and state.is_being_destroyed(layout)
    with pytest.raises(ProblemsFound, match="kind: "):
        deploy_local(place.root, "local", quiet)
    assert left_of(layout) == []


def test_what_an_interrupted_destroy_has_left_is_nobodys_platform(place: Any) -> None:
    """A plan, a run and the tests of a tenant would take it for a whole one."""
    layout = state.locate(place.root, place.root.parent / "state")
    layout.state.mkdir()
    state.begin_destroy(layout)
    for command in ("plan", "run alpha.daily"):
        done = place.run(*command.split())
        assert done.returncode == 2 and "is what a destroy has left that was interrupted" in done.stderr
        assert "make deploy does so too" in done.stderr


def test_a_destroy_that_is_killed_can_be_repeated(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data, sockets, link, lock and users are gone then, the users' notes with them."""
    monkeypatch.setenv("AERODROME_STATE", str(place.root.parent / ("s" * 60)))
    for number in range(1, 60):
        layout = make(place.root)
        ended = destroy_killed(place.root, number)
        if places_to_destroy(place.root, "local"):
            destroy_local(place.root, "local", quiet)
        assert left_of(layout) == [], number
        assert not layout.root or accounts.missing([USER]) == (USER,), number
        if ended:
            break
    assert ended and number > 10
