"""A state folder is one that a deploy made: nothing else is changed, and nothing else is deleted."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import ProblemsFound, UserError
from aerodrome.local.machine import state
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.state import Layout
from aerodrome.local.processes import folders
from aerodrome.local.release.deploy import deploy_local, destroy_local, down_local

BROKEN = "kind: local\nqueues: [nonsense\n"
EARLIER = ("config", "data", "bundle.git", "venv-0a1b", ".code.history", ".compiled.x1", "python")


def quiet(target: str, text: str) -> None:
    """Show no progress."""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The place of a deployment without root, that was never made."""
    return Layout(tmp_path, tmp_path / ".aerodrome/local", tmp_path / ".aerodrome/local/run", root=False)


def test_a_claimed_folder_is_known_again(layout: Layout) -> None:
    """Whatever comes to stand in it, and as often as it is claimed."""
    for _ in range(2):
        state.claim(layout)
        (layout.state / "anything").touch()
    state.require_own(layout)
    assert layout.state.stat().st_mode & 0o777 == 0o700


def test_a_deploy_marks_what_it_makes(platform: Platform, tmp_path: Path) -> None:
    """With the first folder of all."""
    folders.base(replace(platform, layout=replace(platform.layout, run=tmp_path / "run")))
    assert (platform.layout.state / state.MARK).is_file()


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_anything_can_be_claimed(layout: Layout, made: bool) -> None:
    """Nobody loses anything."""
    if made:
        layout.state.mkdir(parents=True)
    state.require_own(layout)


def test_the_state_of_an_earlier_version_is_known_by_its_place_and_content(layout: Layout) -> None:
    """One foreign name in it, or another place, and it is not."""
    for name in EARLIER:
        (layout.state / name).mkdir(parents=True)
    state.require_own(layout)
    with pytest.raises(UserError, match="touch "):
        state.require_own(replace(layout, repository=layout.repository / "elsewhere"))
    (layout.state / "thesis.tex").touch()
    with pytest.raises(UserError, match="is not the state of a platform"):
        state.require_own(layout)


def test_the_state_of_an_earlier_version_is_known_by_all_that_it_has(layout: Layout) -> None:
    """Wherever somebody chose to have it."""
    chosen = replace(layout, repository=layout.repository / "elsewhere")
    for name in (*EARLIER, "homes", "runtimes", "secrets"):
        (layout.state / name).mkdir(parents=True)
    state.require_own(chosen)
    (layout.state / "thesis.tex").touch()
    with pytest.raises(UserError, match="is not the state of a platform"):
        state.require_own(chosen)


def test_a_file_is_no_state_folder(layout: Layout) -> None:
    """It is named."""
    layout.state.parent.mkdir()
    layout.state.touch()
    with pytest.raises(UserError, match="local is no folder"):
        state.require_own(layout)


@pytest.fixture
def foreign(place: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with somebody's work in it, that the environment names as the state."""
    folder = Path(place.environment["AERODROME_STATE"])
    (folder / "homes/gone").mkdir(parents=True)
    (folder / "homes/gone/thesis.tex").touch()
    monkeypatch.setenv("AERODROME_STATE", str(folder))
    return folder


@pytest.mark.parametrize(
    "command", ["destroy --yes", "destroy", "deploy", "down", "remove-tenant gone --yes"]
)
def test_a_folder_that_no_deploy_made_is_left_alone(place: Any, foreign: Path, command: str) -> None:
    """It is named before anything is asked, with what to do; not even a lock is made beside it."""
    done = place.run(*command.split(), typed="y\n")
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert done.stderr.startswith(f"{foreign} is not the state of a platform: it holds homes and no mark")
    assert f"touch {foreign / state.MARK}" in done.stderr and "set AERODROME_STATE" in done.stderr
    assert (foreign / "homes/gone/thesis.tex").is_file() and not foreign.with_name("state.lock").exists()


def test_neither_function_takes_a_foreign_folder(place: Any, foreign: Path) -> None:
    """Whoever calls them."""
    for function in (deploy_local, down_local, destroy_local):
        with pytest.raises(UserError, match="is not the state of a platform"):
            function(place.root, "local", quiet)
    assert not foreign.with_name("state.lock").exists()


def test_where_nothing_was_made_nothing_is_left(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a lock: what another command destroyed a moment ago, or a deploy that a mistake ended."""
    monkeypatch.setenv("AERODROME_STATE", str(place.root.parent / "state"))
    place.write("environments/local/environment.yaml", BROKEN)
    for function in (down_local, destroy_local, deploy_local):
        with suppress(ProblemsFound):
            function(place.root, "local", quiet)
        assert [path.name for path in place.root.parent.iterdir()] == ["repository"], function


def test_destroy_shows_what_it_deletes(place: Any) -> None:
    """The real paths, also of the sockets that lie elsewhere and of the lock."""
    folder = place.root.parent / ("s" * 60)
    made = replace(state.locate(place.root, folder), root=False)
    state.claim(made)
    lock = folder.with_name(f"{folder.name}.lock")
    lock.touch()
    environment = {**place.environment, "AERODROME_STATE": str(folder), "TMPDIR": tempfile.gettempdir()}
    made.run.mkdir()
    try:
        process = place.start("destroy", env=environment, stdin=-1)
        out, _ = process.communicate("n\n")
        assert out.splitlines()[:3] == [str(folder), str(made.run), str(lock)]
        assert "with all its data?" in out and process.returncode == 1 and folder.is_dir()
    finally:
        made.run.rmdir()
