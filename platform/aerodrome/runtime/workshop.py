"""Where virtual environments are built, by what and as whom; one tenant's place there is one builder's at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from aerodrome.runtime.children import Account, Children
from aerodrome.runtime.sealing import ROOT, Owner, give, seal
from aerodrome.runtime.uv import TIME_LIMIT, Tools, Uv

LAYERS = ".layers"
TESTS = ".tests"
BUILDING = ".building-"
LOCK = ".lock"
VENV = "venv"
TEST_TIME_LIMIT = 3600.0
_PATIENCE = 0.1


def _silent(_tenant: str, _text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Workshop:
    """Where environments are built and by what: an environment becomes `into/<tenant>/<digest>`.

    A tenant with an owner (needs root) has everything that executes a package's code run as that user; the
    result belongs to root. *say* hears tenant and progress. No call of uv takes longer than *seconds*, no
    tenant's tests longer than *test_seconds*.
    """

    into: Path
    tools: Tools
    owners: Mapping[str, Owner] = field(default_factory=dict)
    say: Callable[[str, str], None] = _silent
    seconds: float = TIME_LIMIT
    test_seconds: float = TEST_TIME_LIMIT
    children: Children = field(default_factory=Children)


@dataclass(frozen=True)
class Site:
    """One tenant's place in the workshop."""

    tenant: str
    workshop: Workshop

    @property
    def home(self) -> Path:
        """Return the folder of all that is the tenant's."""
        return self.workshop.into / self.tenant

    @property
    def owner(self) -> Owner | None:
        """Return the tenant's user, None where it has none."""
        return self.workshop.owners.get(self.tenant)

    @property
    def account(self) -> Account | None:
        """Return the user to run programs as."""
        return self.owner.account if self.owner else None

    def say(self, text: str) -> None:
        """Tell of progress."""
        self.workshop.say(self.tenant, text)

    def place(self, file: str) -> str:
        """Return *file* of the tenant as mistakes name it."""
        return f"tenants/{self.tenant}/{file}"

    def uv(self, folder: Path, *arguments: str | Path) -> None:
        """Run uv in *folder* as the tenant's user."""
        shop = self.workshop
        Uv(shop.tools.uv, self.account, shop.children, shop.seconds).run(folder, *arguments)


@contextmanager
def alone(site: Site) -> Iterator[None]:
    """Hold the tenant's place for the block; wait while another process builds or clears away there."""
    with _held(site):
        for folder in (site.home, site.home / LAYERS, site.home / TESTS):
            folder.mkdir(exist_ok=True)
            if site.owner:
                os.chown(folder, 0, site.owner.gid)
                folder.chmod(0o750)
        yield


def _held(site: Site) -> TextIO:
    while True:
        site.home.mkdir(parents=True, exist_ok=True)
        stream = (site.home / LOCK).open("w")
        try:
            if not take(stream):
                site.say("waiting for another command that builds or clears away here")
                _wait(stream, site.workshop.children)
            if is_current(stream, site.home):
                return stream
        except BaseException:
            stream.close()
            raise
        # What was waited for has removed the folder.
        stream.close()


def _wait(stream: TextIO, children: Children) -> None:
    while not take(stream):
        children.require_wanted()
        time.sleep(_PATIENCE)


def take(stream: TextIO) -> bool:
    """Return whether the lock that *stream* is was free, and now is held until *stream* is closed."""
    try:
        # The kernel gives the lock back however its holder ends.
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_current(stream: TextIO, home: Path) -> bool:
    """Return whether *stream* is still the lock of *home*, which may have been removed."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), (home / LOCK).stat())
    except FileNotFoundError:
        return False


@contextmanager
def made_whole(target: Path, site: Site) -> Iterator[Path]:
    """Give a folder to build `venv` in; what was built there is sealed and becomes *target* at once."""
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=BUILDING))
    try:
        yield folder
        give(folder, None if site.owner is None else ROOT)
        seal(folder / VENV, site.owner)
        if target.exists():
            target.rename(folder / "outdated")
        (folder / VENV).rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
