"""Folders, files, secrets and users of a deployment."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine import accounts, state
from aerodrome.local.machine.credentials import Credentials
from aerodrome.local.machine.ownership import ensure_folder, tail, write_file


def test_a_state_folder_can_be_chosen(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AERODROME_STATE moves everything, and must be an absolute path."""
    monkeypatch.setenv("AERODROME_STATE", str(tmp_path))
    assert state.locate(repository).state == tmp_path
    monkeypatch.setenv("AERODROME_STATE", "somewhere")
    with pytest.raises(UserError, match="not an absolute path"):
        state.locate(repository)


def test_sockets_have_short_paths(repository: Path, tmp_path: Path) -> None:
    """A state folder with a long path gets a folder for sockets elsewhere, below the limit of the kernel."""
    layout = state.locate(repository, tmp_path / ("x" * 100))
    sockets = (layout.supervisor_socket, layout.launcher_socket("a" * 30))
    assert all(len(str(path).encode()) < 108 for path in sockets)
    assert state.locate(repository, Path("/srv/a")).run == Path("/srv/a/run")


def test_a_shared_folder_that_somebody_prepared_is_refused(tmp_path: Path) -> None:
    """In a place where everybody may write, a folder open to others is not used."""
    tmp_path.chmod(0o777)
    with pytest.raises(AerodromeError, match="may be written by others"):
        state.require_private(tmp_path)


def test_a_file_is_private_from_its_first_moment(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask; unchanged text is not written again."""
    path = tmp_path / "secret"
    assert write_file(path, "one") and not write_file(path, "one") and write_file(path, "two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]


def test_rights_are_mended(tmp_path: Path) -> None:
    """A folder or file that was opened up is closed by the next deploy."""
    ensure_folder(tmp_path / "a" / "b", 0o700)
    write_file(tmp_path / "a" / "file", "text")
    (tmp_path / "a" / "b").chmod(0o777)
    (tmp_path / "a" / "file").chmod(0o644)
    ensure_folder(tmp_path / "a" / "b", 0o700)
    write_file(tmp_path / "a" / "file", "text")
    assert [stat.S_IMODE((tmp_path / "a" / n).stat().st_mode) for n in ("b", "file")] == [0o700, 0o600]


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """It stays the same, differs from the others, and is never replaced by another."""
    credentials = Credentials(tmp_path / "secrets")
    one = credentials.get("one")
    assert len(one) >= 43 and credentials.get("one") == one != credentials.get("two")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    with pytest.raises(AerodromeError, match="not replaced"):
        credentials.keep("one", "other")


def test_the_tail_of_a_log_is_short(tmp_path: Path) -> None:
    """The last lines, cut where they are very long; an absent log is empty."""
    log = tmp_path / "log"
    log.write_text("\n".join(f"{number} {'x' * 2000}" for number in range(100)))
    found = tail(log, 3).splitlines()
    assert [line.split()[0] for line in found] == ["97", "98", "99"] and max(map(len, found)) <= 500
    assert tail(tmp_path / "absent") == ""


def test_a_user_of_the_system_is_never_taken(tmp_path: Path) -> None:
    """A tenant whose user would be one that exists already is refused."""
    with pytest.raises(UserError, match="was not made by a deploy"):
        accounts.missing(["nobody"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users")
def test_a_closed_parent_is_told(repository: Path, tmp_path: Path) -> None:
    """Service users could not enter the state folder."""
    tmp_path.chmod(0o700)
    with pytest.raises(UserError, match="closed to other users"):
        state.require_reachable(state.locate(repository, tmp_path / "state"))
