"""Where the state of ENV=local lives."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine.ownership import ensure_folder

MACHINE_STATE = Path("/var/lib/aerodrome")
# Linux takes 107 bytes for the path of a Unix socket; the rest is room for the longest socket's name.
SOCKET_FOLDER_LIMIT = 60
# A file that says by its place whose folder this is: nothing else is ever deleted. It is empty until that begins.
MARK = "made-by-aerodrome"
BEING_DESTROYED = "being destroyed\n"
# With what begins whatever versions that left no mark put into a state folder: `venv-<digest>`, `.code.history`.
_MADE = frozenset(
    ("bundle", "bundles", "code", "compiled", "config", "data", "homes", "logs", "python", "run", "runtimes",
     "secrets", "tools", "venv")
)  # fmt: skip
# What every one of their deploys made.
_ALWAYS_MADE = frozenset(("bundle.git", "config", "homes", "runtimes", "secrets"))


@dataclass(frozen=True)
class Layout:
    """The folders of one deployment; *root* tells whether it runs with service users of its own."""

    repository: Path
    state: Path
    run: Path
    root: bool

    @property
    def name(self) -> str:
        """Return the word that tells this deployment from others on the machine."""
        return _digest(self.state)

    @property
    def config(self) -> Path:
        """Return the folder with one configuration folder for each process."""
        return self.state / "config"

    @property
    def data(self) -> Path:
        """Return the folder with the data of PostgreSQL, Redis and OpenBao."""
        return self.state / "data"

    @property
    def results(self) -> Path:
        """Return the folder of large results, where they go to no bucket."""
        return self.state / "results"

    @property
    def secrets(self) -> Path:
        """Return the folder of generated passwords and keys."""
        return self.state / "secrets"

    @property
    def logs(self) -> Path:
        """Return the folder with one log file for each process."""
        return self.state / "logs"

    @property
    def task_logs(self) -> Path:
        """Return the folder of task logs, one folder for each queue."""
        return self.logs / "tasks"

    @property
    def alerts(self) -> Path:
        """Return the folder of the alert files, one for each channel of type file."""
        return self.logs / "alerts"

    @property
    def bundle(self) -> Path:
        """Return the bare git repository with the rendered DAGs."""
        return self.state / "bundle.git"

    @property
    def runtimes(self) -> Path:
        """Return the folder of the tenants' virtual environments: <tenant>/<digest>."""
        return self.state / "runtimes"

    @property
    def homes(self) -> Path:
        """Return the folder of the tenants' home folders."""
        return self.state / "homes"

    @property
    def venv(self) -> Path:
        """Return the virtual environment that the platform's processes run from."""
        return self.state / "venv" if self.root else self.repository / ".venv"

    @property
    def code(self) -> Path:
        """Return the folder with the platform's own code for its processes; without root they run the clone's."""
        return self.state / "code"

    @property
    def python(self) -> Path:
        """Return the platform's Python interpreter."""
        return self.venv / "bin" / "python"

    @property
    def supervisor_socket(self) -> Path:
        """Return the socket that the process supervisor listens on."""
        return self.run / "supervisor.sock"

    @property
    def temporary(self) -> Path:
        """Return the folder with the folders for temporary files, which goes with the deployment."""
        return self.run / "tmp"

    def temporary_of(self, user: str | None) -> Path:
        """Return the folder for temporary files of *user*'s processes; its path leaves room for a socket's name."""
        return self.temporary / user if user else self.temporary

    @property
    def git_config(self) -> Path:
        """Return git's configuration for every process of the platform."""
        return self.config / "gitconfig"

    @property
    def authority(self) -> Path:
        """Return the certificate of the authority that the broker's and the entrance's are signed by."""
        return self.config / "authority.pem"

    def launcher_socket(self, zone: str) -> Path:
        """Return the socket of the launcher of *zone*."""
        return self.run / f"launcher-{zone}" / "s"

    def launcher_limits(self, zone: str) -> Path:
        """Return the file in which the launcher of *zone* says how it enforces the limits of tasks."""
        return self.run / f"launcher-{zone}" / "s.limits"

    def secrets_socket(self, zone: str) -> Path:
        """Return the socket of the secrets agent of *zone*."""
        return self.run / f"secrets-{zone}" / "s"

    def process_config(self, process: str) -> Path:
        """Return the configuration folder of *process*."""
        return self.config / process

    def process_log(self, process: str) -> Path:
        """Return the log file of *process*."""
        return self.logs / f"{process}.log"


def locate(repository: Path, state: Path | None = None) -> Layout:
    """Return the layout of *repository*'s deployment; AERODROME_STATE or *state* move it elsewhere.

    UserError where the folder has a name that the configuration of some process cannot hold.
    """
    repository = repository.resolve()
    root = os.geteuid() == 0
    chosen = state or _from_environment()
    folder = chosen.resolve() if chosen else _default_state(repository, root)
    # As root no process has anything to do with the repository's own folder.
    for path in (folder,) if root else (folder, repository):
        _require_plain(path)
    return Layout(repository, folder, _run_folder(folder), root)


def _require_plain(path: Path) -> None:
    # In the supervisor's configuration a quote ends a value, a per cent sign begins a place to fill in, and after
    # a space these two begin a comment; OpenBao takes the place of its seal key for a URL.
    if not str(path).isprintable() or any(sign in str(path) for sign in ('"', "%", " #", " ;")):
        raise UserError(
            f"the path {str(path)!r} has '\"', '%', ' #', ' ;' or an unprintable character in it",
            "rename that folder; spaces and apostrophes may stay",
        )


def _from_environment() -> Path | None:
    value = os.environ.get("AERODROME_STATE", "")
    if value and not Path(value).is_absolute():
        raise UserError(f"AERODROME_STATE={value} is not an absolute path", "start it with a slash")
    return Path(value) if value else None


def _default_state(repository: Path, root: bool) -> Path:
    if root:
        return MACHINE_STATE / _digest(repository)
    return repository / ".aerodrome" / "local"


def _run_folder(state: Path) -> Path:
    run = state / "run"
    if len(str(run).encode()) <= SOCKET_FOLDER_LIMIT:
        return run
    return Path(tempfile.gettempdir()) / f"aerodrome-{os.geteuid()}-{_digest(state)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def exists(layout: Layout) -> bool:
    """Return whether anything was ever deployed here."""
    return layout.config.is_dir()


def claim(layout: Layout) -> None:
    """Make the state folder and mark it as one of a platform; UserError where it cannot be one."""
    require_usable(layout)
    require_whole(layout)
    ensure_folder(layout.state, 0o755 if layout.root else 0o700)
    (layout.state / MARK).touch()


def begin_destroy(layout: Layout) -> None:
    """Note that from now on nothing here is whole: users may be gone already, and their numbers given to others."""
    # A full disk does not keep anybody from a destroy, which is what makes room.
    with suppress(OSError):
        (layout.state / MARK).write_text(BEING_DESTROYED, encoding="utf-8")


def is_being_destroyed(layout: Layout) -> bool:
    """Return whether a destroy began to remove things here and did not come to its end."""
    try:
        return (layout.state / MARK).read_text(encoding="utf-8") == BEING_DESTROYED
    except OSError:
        return False


def require_whole(layout: Layout) -> None:
    """Refuse what an interrupted destroy has left."""
    if is_being_destroyed(layout):
        raise UserError(
            f"{layout.state} is what a destroy has left that was interrupted",
            "make destroy removes the rest; make deploy does so too, and then starts anew",
        )


def remove(layout: Layout) -> None:
    """Delete the state folder, its mark last: what an interruption has left is known again."""
    for path in layout.state.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()
    (layout.state / MARK).unlink(missing_ok=True)
    layout.state.rmdir()


def require_usable(layout: Layout) -> None:
    """Refuse a state folder that service users could not enter, or that is somebody else's."""
    require_reachable(layout)
    require_not_foreign(layout)
    require_own(layout)


def require_own(layout: Layout) -> None:
    """Refuse a folder that holds something and that no platform made: it would be changed, and deleted one day."""
    if layout.state.exists() and not layout.state.is_dir():
        raise UserError(f"{layout.state} is no folder", "set AERODROME_STATE to a folder of its own")
    if not layout.state.exists() or (layout.state / MARK).is_file() or _is_of_earlier_version(layout):
        return
    if found := sorted(path.name for path in layout.state.iterdir()):
        raise UserError(
            f"{layout.state} is not the state of a platform: it holds {', '.join(found[:3])} and no mark {MARK}",
            "set AERODROME_STATE to a folder of its own; of a platform that an earlier version deployed there,"
            f" make the mark: touch {layout.state / MARK}",
        )


def _is_of_earlier_version(layout: Layout) -> bool:
    """Return whether the folder holds only what a deploy makes: all of it, or in a place that nobody chose."""
    found = {path.name for path in layout.state.iterdir()}
    if any(re.split("[-.]", name.lstrip("."))[0] not in _MADE for name in found):
        return False
    return found >= _ALWAYS_MADE or layout.state == _default_state(layout.repository, layout.root)


def link_into_repository(layout: Layout) -> None:
    """Make `.aerodrome/local` in the repository lead to a state that lives outside of it."""
    link = layout.repository / ".aerodrome" / "local"
    if layout.state != _default_state(layout.repository, layout.root) or layout.state == link:
        return
    link.parent.mkdir(mode=0o755, exist_ok=True)
    if link.is_symlink():
        link.unlink()
    if link.exists():
        raise UserError(
            f"{link} is a folder of an earlier deployment without root",
            "run `make destroy ENV=local` as the user who deployed it, then deploy again",
        )
    link.symlink_to(layout.state, target_is_directory=True)


def require_private(folder: Path) -> None:
    """Refuse a folder in a shared place that somebody else made first."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise AerodromeError(f"{folder} belongs to somebody else or may be written by others", "remove it")


def require_reachable(layout: Layout) -> None:
    """Refuse a state folder that service users could not enter."""
    if not layout.root:
        return
    for parent in layout.state.parents:
        if parent.exists() and not parent.stat().st_mode & 0o001:
            raise UserError(
                f"{parent} is closed to other users: service users cannot reach {layout.state}",
                "set AERODROME_STATE to a folder below /var/lib or /srv, or leave it unset",
            )


def require_not_foreign(layout: Layout) -> None:
    """Refuse a state folder that another user's deploy made."""
    if layout.state.exists() and layout.state.stat().st_uid != os.geteuid():
        raise UserError(
            f"{layout.state} belongs to another user",
            "deploy as that user, or set AERODROME_STATE to another folder",
        )
