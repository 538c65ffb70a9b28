"""Operating system users of the platform's processes and of the tenants' code; only root makes any."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from collections.abc import Iterable
from dataclasses import dataclass

from aerodrome import names
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.ownership import Owner, ensure_folder
from aerodrome.local.programs import run
from aerodrome.local.state import MACHINE_STATE

LOGS_GROUP = "aerodrome-logs"
LOGS_READER = "aerodrome"
# Marks the users that a deploy made: no other user is ever used or removed.
MARK = "Aerodrome platform user"
LEDGER = MACHINE_STATE / "accounts"
# Another program that changes users holds the lock of the password file for seconds at most.
LONGEST_SECONDS = 120
_SEARCH = "/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True)
class Accounts:
    """The user of each process; None for all of them where there is no root."""

    root: bool

    @property
    def airflow(self) -> str | None:
        """Return the user of API server, scheduler, DAG processor and triggerer."""
        return self._user(LOGS_READER)

    @property
    def postgres(self) -> str | None:
        """Return the user of PostgreSQL."""
        return self._user("aerodrome-db")

    @property
    def redis(self) -> str | None:
        """Return the user of Redis."""
        return self._user("aerodrome-redis")

    @property
    def openbao(self) -> str | None:
        """Return the user of OpenBao."""
        return self._user("aerodrome-vault")

    def worker(self, zone: str) -> str | None:
        """Return the user of the workers of *zone*."""
        return self._user(names.worker_user(zone))

    def owner(self, user: str | None) -> Owner:
        """Return *user* with its own group as the owner of a file."""
        return Owner(user)

    def logs_owner(self, user: str | None) -> Owner:
        """Return *user* with the group that may read task logs."""
        return Owner(user, LOGS_GROUP if self.root else None)

    def services(self, zones: Iterable[str]) -> tuple[str, ...]:
        """Return all service users, sorted."""
        fixed = (self.airflow, self.postgres, self.redis, self.openbao)
        return tuple(sorted(user for user in (*fixed, *map(self.worker, zones)) if user))

    def _user(self, name: str) -> str | None:
        return name if self.root else None


def missing(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the users of *wanted* that do not exist; UserError where one exists that no deploy made."""
    absent = []
    for user in wanted:
        entry = _entry(user)
        if entry is None:
            absent.append(user)
        elif entry.pw_gecos.split(",")[0] != MARK:
            raise UserError(
                f"the operating system user {user} exists and was not made by a deploy",
                "rename the tenant or zone, or remove that user",
            )
    return tuple(absent)


def ensure(services: Iterable[str], tenants: Iterable[str], deployment: str) -> tuple[str, ...]:
    """Make the missing users and groups, note that *deployment* uses them, and return the users made."""
    _ensure_group(LOGS_GROUP)
    wanted = [*services, *tenants]
    made = missing(wanted)
    for user in made:
        _create(user)
    if LOGS_READER in wanted and LOGS_READER not in grp.getgrnam(LOGS_GROUP).gr_mem:
        _run("usermod", "--append", "--groups", LOGS_GROUP, LOGS_READER)
    for user in wanted:
        ensure_folder(LEDGER / user, 0o755)
        (LEDGER / user / deployment).touch()
    return made


def used_by(deployment: str) -> tuple[str, ...]:
    """Return the users that *deployment* noted as its own."""
    return tuple(sorted(path.parent.name for path in LEDGER.glob(f"*/{deployment}")))


def release(users: Iterable[str], deployment: str) -> tuple[str, ...]:
    """Remove those *users* that no other deployment uses; return the removed ones."""
    removed = []
    for user in users:
        note = LEDGER / user
        (note / deployment).unlink(missing_ok=True)
        if note.is_dir() and not any(note.iterdir()):
            note.rmdir()
            removed.extend(_remove(user))
    if not LEDGER.is_dir() or not any(LEDGER.iterdir()):
        _remove_group(LOGS_GROUP)
    return tuple(removed)


def _entry(user: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        return None


def _create(user: str) -> None:
    no_login = shutil.which("nologin", path=_SEARCH) or "/bin/false"
    options = [
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        no_login,
    ]
    _run("useradd", *options, "--comment", MARK, user)


def _remove(user: str) -> list[str]:
    entry = _entry(user)
    if entry is None or entry.pw_gecos.split(",")[0] != MARK:
        return []
    _run("userdel", user)
    return [user]


def _ensure_group(group: str) -> None:
    try:
        grp.getgrnam(group)
    except KeyError:
        _run("groupadd", "--system", group)


def _remove_group(group: str) -> None:
    try:
        grp.getgrnam(group)
    except KeyError:
        return
    _run("groupdel", group)


def _run(command: str, *arguments: str) -> None:
    program = shutil.which(command, path=_SEARCH)
    if program is None:
        raise AerodromeError(
            f"{command} is not installed", "install it (Debian: passwd), or deploy without root"
        )
    environment = {**os.environ, "PATH": _SEARCH, "LC_ALL": "C"}
    done = run([program, *arguments], f"{command} {arguments[-1]}", LONGEST_SECONDS, env=environment, cwd="/")
    if done.returncode:
        raise AerodromeError(f"{command} {arguments[-1]}: {done.stderr.strip()}")
