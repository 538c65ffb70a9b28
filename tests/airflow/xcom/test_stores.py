"""The folder and S3 do the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.xcom.errors import DamagedError, StoreError
from aerodrome_airflow.xcom.folder import FolderStore
from aerodrome_airflow.xcom.objects import Found
from aerodrome_airflow.xcom.place import Place
from aerodrome_airflow.xcom.reference import Reference

LARGE = os.urandom(1024) * 20 * 1024


def _found(store: Any, prefix: str = "test/") -> list[Found]:
    return list(store.find(prefix))


def test_content_comes_back(content: Any, place: Place) -> None:
    """What is written, in several parts too, is read; nothing unfinished is left."""
    for expected in (b"", b"x", os.urandom(27 * 1024 * 1024)):
        assert content.read(content.write(place, expected)) == expected
    assert [found.upload for found in _found(content.store)] == ["", "", ""]


def test_an_aborted_upload_leaves_nothing(store: Any, place: Place) -> None:
    """Neither an object nor parts of one."""
    upload = store.create(place.new_key("k"))
    upload.write(LARGE)
    upload.abort()
    assert _found(store) == []


def test_an_upload_is_no_object_before_its_commit(store: Any, place: Place) -> None:
    """It is found as unfinished, under the key that it will have, and can be removed."""
    key = place.new_key("k.part-00000000")
    upload = store.create(key)
    upload.write(LARGE)
    with pytest.raises(StoreError):
        store.open(key)
    (found,) = _found(store)
    assert found.key == key and found.upload
    store.remove(found)
    store.remove(found)
    assert _found(store) == []


def test_folders_tell_what_lies_below(store: Any, place: Place, content: Any) -> None:
    """Of finished objects and of unfinished ones."""
    content.write(place, b"x")
    store.create(Place("test", "beta.daily", "r", "t").new_key("k")).write(LARGE)
    assert list(store.folders("test/")) == ["test/alpha/", "test/beta/"]
    assert list(store.folders("test/alpha/")) == ["test/alpha/daily/"]


def test_another_object_in_its_place_is_noticed(content: Any, place: Place) -> None:
    """Nothing of it is handed out: the checksum is of the whole, and looked at first."""
    wanted, other = (content.write(place, os.urandom(1000)) for _ in range(2))
    swapped = Reference(wanted.kind, other.key, wanted.size, wanted.stored, wanted.sha256)
    with pytest.raises(DamagedError, match="something else"):
        content.read(swapped)


def test_an_object_that_somebody_emptied_is_noticed(content: Any, place: Place) -> None:
    """Not every server has parts of nothing."""
    wanted = content.write(place, os.urandom(1000))
    content.store.create(wanted.key).commit()
    with pytest.raises((DamagedError, StoreError), match=r"something else|is empty"):
        content.read(wanted)


def test_a_link_in_the_folder_is_not_followed(
    contents: Any, folder_store: FolderStore, place: Place, tmp_path: Path
) -> None:
    """Neither by who reads nor by who writes."""
    contents(folder_store).write(place, b"x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store/test/beta").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        folder_store.create(Place("test", "beta.daily", "r", "t").new_key("k"))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_files_are_for_owner_and_group_only(
    contents: Any, folder_store: FolderStore, place: Place, tmp_path: Path
) -> None:
    """Whatever the process' own mask says."""
    before = os.umask(0)
    try:
        contents(folder_store).write(place, b"x")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o007 for path in (tmp_path / "store").rglob("*")} == {0}


def test_empty_folders_go_with_the_last_file(
    contents: Any, folder_store: FolderStore, place: Place, tmp_path: Path
) -> None:
    """The store's own folder stays."""
    contents(folder_store).write(place, b"x")
    for found in _found(folder_store):
        folder_store.remove(found)
    assert list((tmp_path / "store").iterdir()) == []


def test_a_store_that_does_not_serve_is_an_error_to_try_again(tmp_path: Path, place: Place) -> None:
    """It says so, without the traceback of a library."""
    with pytest.raises(StoreError, match="no folder"):
        FolderStore(tmp_path / "missing").create(place.new_key("k"))
