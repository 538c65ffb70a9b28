"""Where virtual environments are built, by what and as whom; one tenant's place there is one builder's at a time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.runtime.children import Account, Children, lines
from aerodrome.runtime.sealing import ROOT, Owner, give, seal
from aerodrome.runtime.turns import holder, open_lock, take, wait
from aerodrome.runtime.uv import MOST_BYTES, TIME_LIMIT, Tools, Uv

LAYERS = ".layers"
TESTS = ".tests"
BUILDING = ".building-"
VENV = "venv"
TEST_TIME_LIMIT = 3600.0
# Three calls of uv that take all the time they may.
PATIENCE = 3 * TIME_LIMIT


def _silent(_tenant: str, _text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Workshop:
    """Where environments are built and by what: an environment becomes `into/<tenant>/<digest>`.

    A tenant with an owner (needs root) has everything that executes a package's code run as that user; the
    result belongs to root. Packages are fetched by the *fetcher*, who knows the logins of package indexes: no code
    of a package runs as that user, and no tenant can look into its processes. *say* hears tenant and progress. No
    call of uv takes longer than *seconds* or puts more than *most_bytes* on the disk, no tenant's tests take longer
    than *test_seconds*; nobody waits longer than *patience* for another builder. With *wheels*, a folder, whatever has
    a wheel comes from there, and no index is asked for it.
    """

    into: Path
    tools: Tools
    owners: Mapping[str, Owner] = field(default_factory=dict)
    say: Callable[[str, str], None] = _silent
    seconds: float = TIME_LIMIT
    test_seconds: float = TEST_TIME_LIMIT
    patience: float = PATIENCE
    children: Children = field(default_factory=Children)
    fetcher: Owner | None = None
    most_bytes: int = MOST_BYTES
    wheels: Path | None = None


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
    def fetcher(self) -> Owner | None:
        """Return who fetches packages, in the tenant's group, which alone may enter the tenant's place."""
        if self.owner is None or self.workshop.fetcher is None:
            return self.owner
        return Owner(self.workshop.fetcher.uid, self.owner.gid)

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

    def fetch(self, folder: Path, *arguments: str | Path) -> None:
        """Run uv in *folder* as the fetcher, with the logins of package indexes: no package's code may run in this."""
        account = self.fetcher.account if self.fetcher else None
        self._uv(account, trusted=True).run(folder, *arguments)

    def uv(self, folder: Path, *arguments: str | Path) -> None:
        """Run uv in *folder* as the tenant's user, who may run code of packages and knows no login."""
        self._uv(self.account, trusted=False).run(folder, *arguments)

    def compile(self, folder: Path) -> None:
        """Compile the modules in *folder* as the tenant's user; what does not compile only starts slower."""
        shop = self.workshop
        # Without site-packages of its own: the start of this interpreter runs no package's code.
        command: list[str | Path] = [
            shop.tools.python,
            "-I",
            "-S",
            "-m",
            "compileall",
            "-qq",
            "-j",
            "0",
            folder,
        ]
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
        running = shop.children.running
        with running(command, folder=folder, environment=environment, account=self.account) as process:
            for _ in lines(process, shop.seconds):
                pass

    def _uv(self, account: Account | None, *, trusted: bool) -> Uv:
        shop = self.workshop
        return Uv(shop.tools.uv, account, shop.children, shop.seconds, trusted, shop.most_bytes)


@contextmanager
def alone(site: Site) -> Iterator[None]:
    """Hold the tenant's place for the block; wait while another process builds or clears away there.

    AerodromeError names the other process where it does so for longer than the workshop's *patience*.
    """
    shop = site.workshop
    with open_lock(shop.into, site.tenant) as lock:
        if not take(lock):
            site.say(f"waiting for {holder(lock)}, which builds or clears away here")
            wait(lock, site.tenant, shop.patience, shop.children.require_wanted)
        for folder in (site.home, site.home / LAYERS, site.home / TESTS):
            folder.mkdir(exist_ok=True)
            if site.owner:
                os.chown(folder, 0, site.owner.gid)
                folder.chmod(0o750)
        yield


@contextmanager
def made_whole(target: Path, site: Site) -> Iterator[Path]:
    """Give a folder to build `venv` in; what was built there is sealed and becomes *target* at once."""
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=BUILDING))
    try:
        yield folder
        give(folder, None if site.owner is None else ROOT)
        # First of all: it refuses a link in the place of the folder.
        seal(folder / VENV, site.owner)
        # uv's own lock: whoever holds it, and tenants could open it, holds each later build on this layer.
        (folder / VENV / ".lock").unlink(missing_ok=True)
        if target.exists():
            target.rename(folder / "outdated")
        (folder / VENV).rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
