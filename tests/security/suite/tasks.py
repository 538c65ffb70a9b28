"""What a task's token gets from the execution API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from suite.place import ATTACKER, VICTIM, Place

Request = tuple[str, str] | tuple[str, str, Any]
"""Method, path below /execution, and the body where there is one."""


def token(place: Place, tenant: str = ATTACKER) -> str:
    """Return the token of a running task of *tenant*."""
    return str(place.served.things[tenant]["token"])


def run_of(place: Place, tenant: str = VICTIM) -> dict[str, Any]:
    """Return the ids of *tenant*'s things."""
    found: dict[str, Any] = place.served.things[tenant]
    return found


def answered(place: Place, requests: Iterable[Request], *, with_token: str | None = None) -> str:
    """Return the requests that the attacker's task is not refused."""
    mine = with_token or token(place)
    return ", ".join(
        f"{method} {path}"
        for method, path, *body in requests
        if _is_answered(place, mine, method, path, *body)
    )


def _is_answered(place: Place, mine: str, method: str, path: str, *body: Any) -> bool:
    request = {"json": body[0]} if body and body[0] is not None else {}
    return bool(place.api.task(mine, method, path, **request).is_success)
