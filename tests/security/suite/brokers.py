"""The broker as a worker of the default zone reaches it, and what it tries there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import redis
from aerodrome.local.stores import broker
from suite.live import ZONE
from suite.place import Place

OTHER = "pii"
"""The queue of another zone."""


def tried(place: Place, *commands: tuple[Any, ...]) -> str:
    """Return which of *commands* the broker carries out for the worker's user."""
    platform = place.live.platform
    user = broker.admin_user(platform) if place.notes.get("one user") else broker.zone_user(platform, ZONE)
    address = {"port": platform.ports.redis, "username": user.name, "password": user.password}
    # In the newer protocol the client waits for an answer to a subscription, which comes as something else, in vain.
    with redis.Redis(**address, socket_timeout=5, protocol=2, retry=None) as client:
        return ", ".join(str(command[0]) for command in commands if _is_done(client, command))


def _is_done(client: redis.Redis, command: tuple[Any, ...]) -> bool:
    try:
        client.execute_command(*command)
    except redis.ResponseError:
        # Whoever gets no answer at all has not been refused.
        return False
    return True


@contextlib.contextmanager
def one_user(place: Place) -> Iterator[Place]:
    """All workers log into the broker as one user, as Airflow sets it up."""
    yield replace(place, notes={"one user": True})
