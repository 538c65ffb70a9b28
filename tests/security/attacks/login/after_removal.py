"""Somebody who was taken out of all groups goes on with the open page and the token, without logging in again."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from suite.attack import HELD
from suite.place import ATTACKER, Place

FROM = "a tenant's user"
AGAINST = "people's rights"
DEFENCE = "roles follow the directory, within a minute and for sessions that are open"
MUST = HELD
NEEDS = ("directory",)
GROUP = "regulars"
LIMIT_SECONDS = 60
# Longer than the API server remembers what a user may do.
NOT_FOLLOWED_SECONDS = 12
WAYS = ("the page", "the token", "the page of the web interface")


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Roles are given at the login and stay."""
    with place.company.not_followed():
        yield replace(place, notes={"seconds": NOT_FOLLOWED_SECONDS})


def attack(place: Place) -> str:
    """Return by what the person still sees the tenant's DAGs."""
    company, name = place.company, f"leaver{secrets.token_hex(3)}"
    company.joins(name, GROUP)
    person = company.log_in(name)
    assert person.dags() == [{ATTACKER}] * len(WAYS)
    company.leaves(name, GROUP)
    end = time.monotonic() + place.notes.get("seconds", LIMIT_SECONDS)
    while any(seen := person.dags()) and time.monotonic() < end:
        time.sleep(0.5)
    return ", ".join(way for way, dags in zip(WAYS, seen, strict=True) if dags)
