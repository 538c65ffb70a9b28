"""What a task's token gets from the execution API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from suite.place import ATTACKER, VICTIM, Place

Request = tuple[str, str] | tuple[str, str, Any]
"""Method, path below /execution, and the body where there is one."""
# No 404: a thing that is not there would be taken for one that is guarded.
REFUSED = frozenset({401, 403})


def token(place: Place, tenant: str = ATTACKER) -> str:
    """Return the token of a running task of *tenant*."""
    return str(place.served.things[tenant]["token"])


def run_of(place: Place, tenant: str = VICTIM) -> dict[str, Any]:
    """Return the ids of *tenant*'s things."""
    found: dict[str, Any] = place.served.things[tenant]
    return found


@contextmanager
def ended(place: Place, tenant: str = ATTACKER) -> Iterator[str]:
    """The id of a second task of *tenant*, which ended some minutes ago, and waits for its turn afterwards."""
    which = f"dag_id = '{tenant}.daily' AND run_id = 'run_{tenant}' AND task_id = 'more'"
    change = f"UPDATE task_instance SET state = {{}}, updated_at = {{}} WHERE {which} RETURNING id"
    try:
        yield str(place.served.query(change.format("'success'", "now() - interval '5 minutes'"))[0][0])
    finally:
        place.served.query(change.format("NULL", "now()"))


def answered(place: Place, requests: Iterable[Request], *, with_token: str | None = None) -> str:
    """Return the requests that are answered; AssertionError where one is neither answered nor refused."""
    mine = with_token or token(place)
    return ", ".join(
        f"{method} {path}"
        for method, path, *body in requests
        if _is_answered(place, mine, method, path, *body)
    )


def _is_answered(place: Place, mine: str, method: str, path: str, *body: Any) -> bool:
    request = {"json": body[0]} if body and body[0] is not None else {}
    answer = place.api.task(mine, method, path, **request)
    refused = answer.status_code in REFUSED
    assert answer.is_success or refused, (
        f"{method} {path} is not refused: {answer.status_code} {answer.text[:300]}"
    )
    return not refused


def made(place: Place, *requests: Request) -> None:
    """Carry *requests* out past all defences: what an attack changes has to be there."""
    for method, path, body in requests:
        place.served.undefended.task(token(place), method, path, json=body).raise_for_status()
