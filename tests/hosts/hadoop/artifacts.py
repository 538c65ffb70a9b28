"""Hadoop from Maven's repository: fetched once by `mvn`, checked by digest, kept between runs."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from debian import ensure
from fleet.image import cache
from fleet.turns import turn

HERE = Path(__file__).resolve().parent
_CLIENT = ("hadoop-client-api", "hadoop-client-runtime", "commons-logging", "slf4j", "reload4j")
VERSION = "3.4.2"


class ArtifactError(Exception):
    """A file of Hadoop is not what it should be."""


def pinned() -> dict[str, str]:
    """Return the SHA-256 of each file, by its name."""
    lines = (HERE / "artifacts.sha256").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def jars() -> Path:
    """Return the folder with exactly the pinned files, fetched first where they are not there."""
    folder = cache() / f"hadoop-{_digest()}"
    with turn("hadoop"):
        if not folder.exists():
            _fetch(folder)
    return folder


def client() -> tuple[Path, str]:
    """Return an archive with a Hadoop client, laid out as Apache's, and its SHA-256."""
    made = jars().with_suffix(".tar.gz")
    with turn("hadoop"):
        if not made.exists():
            _pack(made)
    return made, hashlib.sha256(made.read_bytes()).hexdigest()


def _digest() -> str:
    text = "".join((HERE / name).read_text(encoding="utf-8") for name in ("artifacts.sha256", "pom.xml"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _fetch(target: Path) -> None:
    if shutil.which("mvn") is None:
        ensure(("maven",))
    print(f"fetching Hadoop with mvn: 100 MB, once ({target})", flush=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="hadoop-") as folder:
        found = Path(folder, "jars")
        command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={found}"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ArtifactError(f"mvn failed:\n{(done.stdout or done.stderr)[-2000:]}")
        _check(found)
        found.rename(target)


def _check(folder: Path) -> None:
    """Leave only what is pinned, and require that it is what was pinned."""
    wanted = pinned()
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, digest in wanted.items():
        path = folder / name
        if not path.exists():
            raise ArtifactError(f"{name}: mvn did not bring it")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ArtifactError(f"{name}: is not what artifacts.sha256 says")


def _pack(target: Path) -> None:
    top = f"hadoop-{VERSION}"
    draft = target.with_suffix(".new")
    # Stored, not packed, and without a date: the same bytes wherever it is made.
    with (
        draft.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=0, fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path in sorted(_jars_of_client()):
            archive.add(path, f"{top}/share/hadoop/client/{path.name}", filter=_plain)
        for name in ("hadoop", "hdfs"):
            _add(archive, f"{top}/bin/{name}", (HERE / "files" / name).read_bytes())
    draft.rename(target)


def _jars_of_client() -> list[Path]:
    """Return the files that a client needs."""
    folder = cache() / f"hadoop-{_digest()}"
    return [path for path in folder.iterdir() if path.name.startswith(_CLIENT)]


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid, info.gid, info.uname, info.gname, info.mtime, info.mode = 0, 0, "root", "root", 0, 0o644
    return info


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o755
    archive.addfile(info, BytesIO(content))
