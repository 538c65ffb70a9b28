"""The sender of task logs of a host or of a pod: one process, as the user of the workers there.

python -m aerodrome_airflow.logs.ship --config logs.json [--once]
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sqlite3
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from aerodrome_airflow.json_settings import SettingsError
from aerodrome_airflow.logs import place
from aerodrome_airflow.logs.ledger import Ledger
from aerodrome_airflow.logs.sender import Bounds, Sender, Status
from aerodrome_airflow.logs.settings import Settings, load

PAUSE, LONGEST_PAUSE = 3.0, 60.0
"""Seconds between two looks at the folder; the longer one while the store is away."""
CLEAN_SECONDS = 60.0

log = logging.getLogger("logs")


def sender_of(settings: Settings) -> Sender:
    """Return the sender that *settings* describe."""
    settings.ledger.parent.mkdir(parents=True, exist_ok=True)
    bounds = Bounds(settings.kept, settings.largest)
    store = place.opened(settings.store)
    return Sender((settings.folder, settings.host), store, Ledger(settings.ledger), bounds, time.time)


def note(file: Path, status: Status) -> None:
    """Write *status* for who measures this host; the file is whole at any time."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(json.dumps(asdict(status)), encoding="utf-8")
        new.replace(file)


def run(settings: Settings, ended: threading.Event) -> None:
    """Send until *ended*, and then what is left, so that a host or pod can be removed after it."""
    sender, pause, cleaned = sender_of(settings), PAUSE, time.monotonic()
    while not ended.wait(pause):
        status = sender.once()
        note(settings.status, status)
        pause = min(2 * pause, LONGEST_PAUSE) if status.failing_since else PAUSE
        if time.monotonic() - cleaned >= CLEAN_SECONDS:
            _clean(sender, settings)
            cleaned = time.monotonic()
    _send_the_rest(sender, settings)


def _clean(sender: Sender, settings: Settings) -> None:
    if settings.cleans:
        sender.clean()
    sender.forget()


def _send_the_rest(sender: Sender, settings: Settings) -> None:
    until = time.monotonic() + settings.ending
    while True:
        status = sender.once(at_rest=True)
        note(settings.status, status)
        if not status.waiting or time.monotonic() + PAUSE > until:
            break
        time.sleep(PAUSE)
    if status.waiting:
        log.error("%d logs, %d bytes, could not be sent", status.waiting, status.waiting_bytes)


def send_once(settings: Settings) -> int:
    """Send all that was not sent; return 0 where nothing waits any more."""
    status = sender_of(settings).once(at_rest=True)
    note(settings.status, status)
    if status.waiting:
        log.error("%d logs, %d bytes, could not be sent", status.waiting, status.waiting_bytes)
    return 1 if status.waiting else 0


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code of the sender."""
    parser = argparse.ArgumentParser(prog="ship", description="Sends task logs of this host to their store.")
    parser.add_argument("--config", type=Path, required=True, help="logs.json")
    parser.add_argument("--once", action="store_true", help="send what is there and end")
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    try:
        settings = load(options.config)
        return send_once(settings) if options.once else _until_told(settings)
    except (SettingsError, OSError, sqlite3.Error) as problem:
        log.error("cannot send logs: %s", problem)
        return 1


def _until_told(settings: Settings) -> int:
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    run(settings, ended)
    return 0


if __name__ == "__main__":
    sys.exit(main())
