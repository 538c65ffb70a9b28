"""Operating system users of the platform's processes and of the tenants' code; only root makes any."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from aerodrome import names
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import Owner, ensure_folder
from aerodrome.local.machine.programs import run
from aerodrome.local.machine.state import MACHINE_STATE

LOGS_GROUP = "aerodrome-logs"
BUNDLE_GROUP = "aerodrome-bundle"
RESULTS_GROUP = "aerodrome-results"
FETCHER = "aerodrome-fetch"
LOGS_READER = "aerodrome"
# Marks the users that a deploy made: no other user is ever used or removed.
MARK = "Aerodrome platform user"
LEDGER = MACHINE_STATE / "accounts"
# Another program that changes users holds the lock of the password file for seconds at most.
LONGEST_SECONDS = 120
KILL_SECONDS = 10
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

    @property
    def directory(self) -> str | None:
        """Return the user of the directory that may run here."""
        return self._user("aerodrome-directory")

    @property
    def entrance(self) -> str | None:
        """Return the user of the entrance for workers on hosts."""
        return self._user("aerodrome-entrance")

    @property
    def fetcher(self) -> str | None:
        """Return the user that fetches tenants' packages: none of their code runs as it or sees its processes."""
        return self._user(FETCHER)

    def worker(self, zone: str) -> str | None:
        """Return the user of the workers of *zone*."""
        return self._user(names.worker_user(zone))

    def owner(self, user: str | None) -> Owner:
        """Return *user* with its own group as the owner of a file."""
        return Owner(user)

    def bundle_owner(self) -> Owner:
        """Return root with the group that may read the rendered DAGs."""
        return Owner("root", BUNDLE_GROUP) if self.root else Owner()

    def results_owner(self) -> Owner:
        """Return root with the group of who stores, reads and collects large results."""
        return Owner("root", RESULTS_GROUP) if self.root else Owner()

    def logs_owner(self, user: str | None) -> Owner:
        """Return *user* with the group that may read task logs."""
        return Owner(user, LOGS_GROUP if self.root else None)

    def services(
        self, zones: Iterable[str], *, directory: bool = False, entrance: bool = False
    ) -> tuple[str, ...]:
        """Return all service users, sorted; those of the *directory* and the *entrance* where they run here."""
        fixed = (self.airflow, self.postgres, self.redis, self.openbao, self.fetcher)
        own = (*((self.directory,) if directory else ()), *((self.entrance,) if entrance else ()))
        return tuple(sorted(user for user in (*fixed, *own, *map(self.worker, zones)) if user))

    def memberships(
        self, zones: Iterable[str], triggerer_zones: Iterable[str], *, entrance: bool = False
    ) -> dict[str, tuple[str, ...]]:
        """Return group → the users that must be in it beside its own: who reads rendered DAGs, who asks launchers."""
        if not self.airflow:
            return {}
        readers = (self.airflow, *(names.worker_user(zone) for zone in zones))
        # It hands rendered DAGs out to hosts.
        out = (self.entrance,) if entrance and self.entrance else ()
        # A zone's launcher listens to the group of the zone's workers.
        launchers = {names.worker_user(zone): (self.airflow,) for zone in triggerer_zones}
        return {BUNDLE_GROUP: (*readers, *out), RESULTS_GROUP: readers, **launchers}

    def _user(self, name: str) -> str | None:
        return name if self.root else None


def missing(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the users of *wanted* that do not exist; UserError where one exists that no deploy made."""
    users = tuple(wanted)
    for user in users:
        if reason := why_foreign(user):
            raise UserError(reason, "rename the tenant or zone, or remove that user or group")
    return tuple(user for user in users if _entry(user) is None)


def why_foreign(user: str) -> str:
    """Return why *user* cannot be one of the platform's: no deploy made what is there; else an empty text."""
    entry = _entry(user)
    if entry is None:
        return (
            f"the operating system group {user} exists and was not made by a deploy" if _group(user) else ""
        )
    if entry.pw_gecos.split(",")[0] != MARK:
        return f"the operating system user {user} exists and was not made by a deploy"
    return ""


def join(memberships: Mapping[str, Collection[str]]) -> None:
    """Make missing groups and put users into them: group → users."""
    for group, users in memberships.items():
        _ensure_group(group)
        for user in sorted(set(users) - set(grp.getgrnam(group).gr_mem)):
            _run("usermod", "--append", "--groups", group, user)


def ensure(services: Iterable[str], tenants: Iterable[str], deployment: str) -> tuple[str, ...]:
    """Make the missing users and groups, note that *deployment* uses them, and return the users made."""
    _ensure_group(LOGS_GROUP)
    wanted = [*services, *tenants]
    made = missing(wanted)
    # The note is made first and removed last: whenever this ends, no user is left that no deployment knows.
    for user in wanted:
        ensure_folder(LEDGER / user, 0o755)
        (LEDGER / user / deployment).touch()
    for user in made:
        _create(user)
    if LOGS_READER in wanted and LOGS_READER not in grp.getgrnam(LOGS_GROUP).gr_mem:
        _run("usermod", "--append", "--groups", LOGS_GROUP, LOGS_READER)
    return made


def used_by(deployment: str) -> tuple[str, ...]:
    """Return the users that *deployment* noted as its own."""
    return tuple(sorted(path.parent.name for path in LEDGER.glob(f"*/{deployment}")))


def release(users: Iterable[str], deployment: str) -> tuple[str, ...]:
    """Remove those *users* that no other deployment uses; return the removed ones."""
    removed = []
    for user in users:
        note = LEDGER / user / deployment
        if note.parent.is_dir() and {path.name for path in note.parent.iterdir()} <= {deployment}:
            removed.extend(_remove(user))
        note.unlink(missing_ok=True)
    _remove_empty_notes()
    if not LEDGER.is_dir() or not any(LEDGER.iterdir()):
        for group in (LOGS_GROUP, BUNDLE_GROUP, RESULTS_GROUP):
            _remove_group(group)
    return tuple(removed)


def _remove_empty_notes() -> None:
    for note in LEDGER.glob("*"):
        # An empty one of a user that exists was made this moment, by another deploy.
        if not any(note.iterdir()) and _entry(note.name) is None:
            note.rmdir()


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
    # What a tenant's job has detached would keep its user in use.
    wait_until(lambda: not kill_processes(entry.pw_uid), KILL_SECONDS)
    if (group := _group(user)) and group.gr_mem:
        # With members the user's own group would stay, and the next user of that name could not be made.
        _run("gpasswd", "--members", "", user)
    _run("userdel", user)
    return [user]


def kill_processes(uid: int) -> bool:
    """Kill the processes of the user *uid* and return whether there were any; those of containers are left alone."""
    found = [
        process
        for process in psutil.process_iter(["uids", "status"])
        if process.info["uids"] and process.info["uids"].real == uid
        if process.info["status"] != psutil.STATUS_ZOMBIE and not _in_container(process.pid)
    ]
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    return bool(found)


def _in_container(pid: int) -> bool:
    """Return whether somebody with every right has started the process in a container, whose user bears this number.

    A user who puts a process out of sight needs a user namespace of his own for it.
    """
    try:
        same = {kind: _namespace(str(pid), kind) == _namespace("self", kind) for kind in ("pid", "user")}
    except OSError:
        # It has just ended.
        return False
    return same["user"] and not same["pid"]


def _namespace(process: str, kind: str) -> Path:
    return Path("/proc", process, "ns", kind).readlink()


def _group(name: str) -> grp.struct_group | None:
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


def _ensure_group(group: str) -> None:
    if _group(group) is None:
        _run("groupadd", "--system", group)


def _remove_group(group: str) -> None:
    if _group(group) is not None:
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
