"""A task prints a secret of the store, plain, in base64, percent-encoded and in hexadecimal, and fails with it."""

import base64
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from suite.attack import HELD
from suite.place import MARK, VICTIM, Place

FROM = "tenant code in a task"
AGAINST = "task logs"
DEFENCE = "what was read from the store is blackened in logs and errors, in all its forms"
MUST = HELD
NEEDS = ("platform",)


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """The text did not come out of the store."""
    yield replace(place, notes={"told": MARK[::-1]})


def attack(place: Place) -> str:
    """Return the forms that stand in the log."""
    secret = place.notes.get("told", MARK)
    dag = f"{VICTIM}.tells"
    run = place.live.ran(dag, {"told": place.notes["told"]} if "told" in place.notes else {})
    log = place.live.airflow.log(dag, run, "tell", 1)
    assert "telling" in log, log[-2000:]
    forms = (
        secret,
        base64.b64encode(secret.encode()).decode(),
        urllib.parse.quote(secret),
        secret.encode().hex(),
    )
    return ", ".join(form for form in forms if form in log)
