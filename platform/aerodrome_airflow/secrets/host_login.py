"""The login of a host to the secrets store: taken once, and replaced again and again by the host itself.

python -m aerodrome_airflow.secrets.host_login take --config /etc/aerodrome/agent.json     (wrapped, on standard input)
python -m aerodrome_airflow.secrets.host_login replace --config … --older-than 86400 --restart aerodrome-secrets.service
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aerodrome_airflow.json_settings import loaded
from aerodrome_airflow.secrets import login_files
from aerodrome_airflow.secrets.login_files import LoginFiles
from aerodrome_airflow.secrets.login_store import LoginError, LoginStore, NotAcceptedError

Say = Callable[[str], None]
"""Hears after each step what was done."""
_RESTART_SECONDS = 60

log = logging.getLogger("login")


def take(store: LoginStore, files: LoginFiles, wrapped: str, say: Say) -> None:
    """Unwrap the first secret id, try it and keep it; what a login before it has left goes."""
    secret_id = store.unwrap(wrapped)
    say("the wrapped login was opened")
    store.log_in(secret_id)
    login_files.write(files.path, secret_id)
    for left in (files.next, files.old):
        login_files.remove(left)
    say("the host can log in")


def replace(
    store: LoginStore, files: LoginFiles, older_than: float, renew: Callable[[], None], say: Say
) -> None:
    """Replace a secret id that has been in use for more than *older_than* seconds, and end what was begun before.

    *renew* has whoever uses it read it again, before the last one is destroyed. Killed at any moment, the next call
    goes on from there: the host can log in all the time.
    """
    if not files.current():
        raise LoginError(f"{files.path} is not there: `make workers` with LIMIT= this host delivers a login")
    if files.next.exists():
        _end_what_was_begun(store, files, say)
    if not files.old.exists() and files.age() > older_than:
        _make_another(store, files, say)
    if files.old.exists():
        _forget_the_last(store, files, renew, say)


def _end_what_was_begun(store: LoginStore, files: LoginFiles, say: Say) -> None:
    try:
        store.log_in(login_files.read(files.next))
    except NotAcceptedError:
        login_files.remove(files.next)
        say("a login that was begun earlier is not known to the store: thrown away")
        return
    files.accept()
    say("a login that was begun earlier is in use")


def _make_another(store: LoginStore, files: LoginFiles, say: Say) -> None:
    token = store.log_in(files.current())
    files.propose(store.make(token))
    say("a new login is made")
    try:
        store.log_in(login_files.read(files.next))
    except NotAcceptedError:
        login_files.remove(files.next)
        raise LoginError(
            "the store does not accept the login that it made: the last one stays in use"
        ) from None
    files.accept()
    say("the new login is in use")


def _forget_the_last(store: LoginStore, files: LoginFiles, renew: Callable[[], None], say: Say) -> None:
    current, last = files.current(), login_files.read(files.old)
    # Killed between the link and the rename: then the old one is the current one.
    if last and last != current:
        renew()
        say("whoever uses the login has read it")
        store.destroy(store.log_in(current), last)
        say("the last login is destroyed")
    login_files.remove(files.old)


def restart(unit: str) -> None:
    """Restart the service *unit* where it runs; LoginError says that it does not start again."""
    command = ["systemctl", "try-restart", unit]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_RESTART_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise LoginError(f"{unit} cannot be restarted: {problem}") from None
    if done.returncode:
        told = done.stderr.strip().replace("\n", " ")
        raise LoginError(f"{unit} does not start again with the new login: {told}; the last one stays valid")


def _opened(config: Path) -> tuple[LoginStore, LoginFiles]:
    def made(raw: Mapping[str, Any]) -> tuple[LoginStore, LoginFiles]:
        store = raw["store"]
        role_id = login_files.read(config.parent / store["role_id_file"])
        files = LoginFiles(config.parent / store["secret_id_file"])
        if not role_id:
            raise LoginError(f"{store['role_id_file']} is not there: deploy this host again")
        return LoginStore(str(store["url"]), store.get("ca_file"), role_id), files

    return loaded(config, made, error=LoginError)


def _run(options: argparse.Namespace) -> None:
    store, files = _opened(options.config)
    with files.alone():
        if options.action == "take":
            # Neither on the command line nor in a file: whoever sees either could use it first.
            take(store, files, sys.stdin.readline().strip(), log.info)
        else:
            replace(store, files, options.older_than, _renewing(options.restart), log.info)


def _renewing(unit: str) -> Callable[[], None]:
    return (lambda: restart(unit)) if unit else (lambda: None)


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code of the program."""
    parser = argparse.ArgumentParser(prog="host_login", description="Keeps the login of this host.")
    parser.add_argument("action", choices=("take", "replace"))
    parser.add_argument(
        "--config", type=Path, required=True, help="agent.json, whose store says where and which files"
    )
    parser.add_argument(
        "--older-than", type=float, default=0.0, help="seconds; a younger login stays (0: any)"
    )
    parser.add_argument("--restart", default="", help="the service to restart with the new login")
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.umask(0o077)
    try:
        _run(options)
    except (LoginError, OSError) as problem:
        log.error("%s", problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
