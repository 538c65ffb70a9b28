"""Files of the tenant's data folder and packages, read and written as the tenant's user."""

from __future__ import annotations

import gzip
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.launcher.client import Job, LauncherError
from launcher_under_test import RUNTIME, Launcher


@pytest.fixture
def data(launcher: Launcher) -> Path:
    """The data folder of tenant alpha."""
    return launcher.folder / "alpha/data"


def read(launcher: Launcher, path: Any, root: str = "data") -> bytes:
    """Return the content that the launcher reads."""
    job = Job("alpha", "read", RUNTIME if root == "package" else None, {"root": root, "path": path})
    return b"".join(launcher.launch().read(job, print))


def write(launcher: Launcher, path: Any, content: bytes, size: int | None = None) -> Any:
    """Write *content* through the launcher."""
    body = {"path": path, "size": len(content) if size is None else size}
    return launcher.launch().run(Job("alpha", "write", None, body), print, content=content)


def look(launcher: Launcher, path: Any) -> Any:
    """Return what the launcher says about *path*."""
    return launcher.launch().run(Job("alpha", "stat", None, {"path": path}), print)


def give(path: Path) -> None:
    """Let the tenant's user read *path*."""
    path.chmod(0o644)


@pytest.mark.parametrize("content", [b"", b"a,b\r\n1,2", os.urandom(1_000_000)])
def test_content_comes_back_unaltered(launcher: Launcher, content: bytes) -> None:
    """What is written is what is read, in a folder that did not exist before."""
    assert write(launcher, "new/folder/x.bin", content) == {"size": len(content)}
    assert read(launcher, "new/folder/x.bin") == content


def test_packed_files_are_unpacked(launcher: Launcher, data: Path) -> None:
    """.gz and .zip arrive as what is in them."""
    (data / "x.csv.gz").write_bytes(gzip.compress(b"content" * 100_000))
    with zipfile.ZipFile(data / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/x.csv", b"content" * 100_000)
    for name in ("x.csv.gz", "x.zip"):
        give(data / name)
        assert read(launcher, name) == b"content" * 100_000


def test_zip_with_two_files_is_refused(launcher: Launcher, data: Path) -> None:
    """It does not say which one is meant."""
    with zipfile.ZipFile(data / "two.zip", "w") as archive:
        archive.writestr("a", b"")
        archive.writestr("b", b"")
    give(data / "two.zip")
    with pytest.raises(LauncherError, match=r"two.zip holds 2 files"):
        read(launcher, "two.zip")


@pytest.mark.parametrize("name", ["broken.gz", "broken.zip"])
def test_broken_archive_is_told_as_such(launcher: Launcher, data: Path, name: str) -> None:
    """A file that is no archive fails with its name."""
    (data / name).write_bytes(b"no archive")
    give(data / name)
    with pytest.raises(LauncherError, match=name):
        read(launcher, name)


def test_archive_cut_short_fails_the_reader(launcher: Launcher, data: Path) -> None:
    """A part of the rows is not taken for all of them."""
    (data / "cut.gz").write_bytes(gzip.compress(os.urandom(500_000))[:-1000])
    give(data / "cut.gz")
    with pytest.raises(LauncherError, match=r"cut\.gz"):
        read(launcher, "cut.gz")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "", ".", "a\0b", 7, None])
def test_paths_stay_below_the_folder(launcher: Launcher, path: Any) -> None:
    """Reading, writing and looking refuse the same paths."""
    for act in (
        lambda: read(launcher, path),
        lambda: write(launcher, path, b""),
        lambda: look(launcher, path),
    ):
        with pytest.raises(LauncherError, match=r"paths start below|is not a path"):
            act()


def test_package_paths_stay_below_the_packages(launcher: Launcher) -> None:
    """A file of a package is one of site-packages."""
    assert read(launcher, "demo/__init__.py", "package") == b""
    with pytest.raises(LauncherError, match="paths start below"):
        read(launcher, "../../../pyvenv.cfg", "package")


def test_missing_file_is_named(launcher: Launcher) -> None:
    """The error names the file as the manifest does."""
    with pytest.raises(LauncherError, match=r"^nothing/here.csv: No such file or directory$"):
        read(launcher, "nothing/here.csv")


def test_named_pipe_does_not_hang(launcher: Launcher, data: Path) -> None:
    """Only files are read."""
    (data / "pipe").unlink(missing_ok=True)
    os.mkfifo(data / "pipe", 0o666)
    with pytest.raises(LauncherError, match="pipe is not a file"):
        read(launcher, "pipe")


def test_look_tells_kind_and_size(launcher: Launcher) -> None:
    """What a sensor needs to know."""
    write(launcher, "looked/at", b"123")
    assert {key: look(launcher, "looked/at")[key] for key in ("exists", "kind", "size")} == {
        "exists": True,
        "kind": "file",
        "size": 3,
    }
    assert look(launcher, "looked")["kind"] == "folder"
    assert look(launcher, "looked/at/nothing") == {"exists": False}


def test_link_leads_no_further_than_the_tenants_user_may_go(root_launcher: Launcher) -> None:
    """A link to a file that the tenant cannot read is not read for it."""
    secret = root_launcher.folder / "secret"
    secret.write_text("s")
    secret.chmod(0o600)
    link = root_launcher.folder / "alpha/data/link"
    link.symlink_to(secret)
    with pytest.raises(LauncherError, match="link: Permission denied"):
        read(root_launcher, "link")


def test_written_file_belongs_to_the_tenant(root_launcher: Launcher) -> None:
    """Owner and mode are those of the tenant's own files."""
    write(root_launcher, "mine", b"x")
    status = (root_launcher.folder / "alpha/data/mine").stat()
    assert status.st_uid == root_launcher.call("whoami")["uid"]
    assert stat.S_IMODE(status.st_mode) == 0o600


def test_half_a_file_is_never_put_in_place(launcher: Launcher, data: Path) -> None:
    """When less comes than was announced, the old file stays."""
    write(launcher, "whole", b"old")
    with pytest.raises(LauncherError, match="whole: 3 bytes came of 10"):
        write(launcher, "whole", b"new", size=10)
    assert read(launcher, "whole") == b"old"
    assert not list(data.glob(".whole*"))
