"""Lets roles follow the directory: `python -m aerodrome_airflow.roles.follow [--once] [--dry-run] [--force]`.

Without an option it goes on for ever, a run every 20 seconds. One run prints what it found as JSON and returns 1
where it was held back or the directory is away.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import signal
import sys
import threading
from collections.abc import Callable, Sequence

import psycopg

from aerodrome_airflow.directory.client import Directory, DirectoryUnavailable
from aerodrome_airflow.directory.settings import SettingsError, home, load, load_secrets
from aerodrome_airflow.roles.reconcile import Follower, Options, Outcome
from aerodrome_airflow.roles.table import BusyError
from aerodrome_airflow.roles.watch import Watch

EVERY_SECONDS = 20.0
JITTER = 0.1
"""Share of the pause: several platforms do not ask at the same moment for ever."""
WAIT_SECONDS = 60
"""A single run waits so long for another one's end."""
MOST_LINES = 100
FAILED, MISTAKE = 1, 2

log = logging.getLogger("aerodrome_airflow.roles.follow")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once, or again and again until told to end; 2: the login has no directory."""
    options = _options(arguments)
    try:
        follower = _follower()
    except SettingsError as problem:
        return _refused(str(problem), MISTAKE)
    if follower is None:
        return _refused("this login has no directory to follow", MISTAKE)
    _log_to_standard_error()
    if options.once or options.dry_run or options.force:
        return _once(follower, Options(options.dry_run, options.force, WAIT_SECONDS))
    _go_on()
    return 0


def _log_to_standard_error() -> None:
    # Past Airflow's own logging, which is set up when Airflow is loaded: standard output is for documents.
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("aerodrome_airflow")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False


def _follower() -> Follower | None:
    from airflow.configuration import conf

    settings, secrets = load(home()), load_secrets(home())
    if settings.directory is None:
        return None
    directory = Directory(settings.directory, secrets.bind_password)
    return Follower(settings, directory, conf.get_mandatory_value("database", "sql_alchemy_conn"))


def _once(follower: Follower, options: Options) -> int:
    try:
        outcome = follower.run(options)
    except (DirectoryUnavailable, BusyError, psycopg.Error) as problem:
        return _refused(_text(problem), FAILED)
    sys.stdout.write(json.dumps(outcome.document()) + "\n")
    return FAILED if outcome.brake and not options.force else 0


def _go_on() -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    watch = Watch(_alert)
    while True:
        # Anew each time: with a new tenant come new groups, and nothing is restarted.
        run(_follower, watch)
        # No secret hangs on it.
        if ended.wait(EVERY_SECONDS * random.uniform(1 - JITTER, 1 + JITTER)):  # noqa: S311
            return


def run(find: Callable[[], Follower | None], watch: Watch) -> None:
    """Make one run of many with what *find* returns, and tell what people should know."""
    try:
        follower = find()
        if follower is None:
            return
        outcome = follower.run()
    except BusyError:
        # It sees what we would see.
        return
    except (DirectoryUnavailable, SettingsError, psycopg.Error) as problem:
        watch.failed(_text(problem))
        return
    except Exception as problem:
        # The next run may meet something else; whoever looks for the reason finds it here.
        log.debug("roles: a run broke off", exc_info=True)
        watch.failed(f"{type(problem).__name__}: {problem}")
        return
    watch.succeeded(outcome.brake)
    if outcome.applied:
        _tell(outcome)


def _tell(outcome: Outcome) -> None:
    changes = list(outcome.changes())
    for change in changes[:MOST_LINES]:
        log.info("%s %s %s (%s)", change["action"], change["user"], change["role"], change["why"])
    if len(changes) > MOST_LINES:
        log.info("and %d changes more", len(changes) - MOST_LINES)


def _alert(kind: str, text: str) -> bool:
    from aerodrome_airflow.alerts import tell_platform

    return tell_platform(kind, text)


def _text(problem: Exception) -> str:
    # PostgreSQL's client tells its problems on several lines.
    return " ".join(str(problem).split())[:500]


def _refused(text: str, code: int) -> int:
    sys.stderr.write(text + "\n")
    return code


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Let roles follow the directory.")
    parser.add_argument("--once", action="store_true", help="one run, and what it found as JSON")
    parser.add_argument("--dry-run", action="store_true", help="one run that changes nothing")
    parser.add_argument("--force", action="store_true", help="one run that no brake holds back")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
