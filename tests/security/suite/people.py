"""What a person gets from the web interface's and the REST API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from suite.place import ATTACKER, VICTIM, Api, Place
from suite.rights import ADMINISTRATOR

Request = tuple[str, str] | tuple[str, str, Any]
"""Method, path with the API's own words for ids (`{dag_id}`: the victim's), and the body where there is one."""
# 404: rows of others are as if they were not there; that this one is there, the administrator shows.
REFUSED = frozenset({401, 403, 404})
CONFLICT = 409


def shown(place: Place, paths: Iterable[str], *, by_post: Any = None) -> str:
    """Return which of *paths* answer with something of the victim's."""
    method = "GET" if by_post is None else "POST"
    return ", ".join(path for path in paths if VICTIM in _text(place, method, path, by_post))


def done(place: Place, requests: Iterable[Request]) -> str:
    """Return which of *requests* are carried out.

    What is not, the platform's administrator does in its place, so that the next request finds what it is about:
    AssertionError where the administrator cannot either, for then nobody was refused anything.
    """
    return ", ".join(
        f"{method} {path}" for method, path, *body in requests if _is_done(place, method, path, *body)
    )


def _is_done(place: Place, method: str, path: str, *body: Any) -> bool:
    answer = ask(place, method, path, *body)
    if answer.is_success:
        return True
    assert answer.status_code in REFUSED, f"{method} {path} is not refused: {_said(answer)}"
    mine = ask(replace(place, open_api=Api(place.served.defended, ADMINISTRATOR)), method, path, *body)
    # Made without the defences already.
    is_there = method in {"POST", "PUT"} and mine.status_code == CONFLICT
    assert mine.is_success or is_there, f"{method} {path}: not even the administrator: {_said(mine)}"
    return False


def _said(answer: Any) -> str:
    return f"{answer.status_code} {answer.text[:300]}"


def own(place: Place, *paths: str) -> str:
    """Return which of *paths* answer with something of the attacker's own."""
    template = (place.served.path(path, ATTACKER) for path in paths)
    return ", ".join(path for path in template if ATTACKER in place.api.ask("GET", path).text)


def ask(place: Place, method: str, path: str, body: Any = None) -> Any:
    """Return the answer to one request about the victim's things; ids in the body are filled in too."""
    request = {} if body is None else {"json": json.loads(_filled(place, json.dumps(body)))}
    return place.api.ask(method, place.served.path(path, VICTIM), **request)


def _filled(place: Place, text: str) -> str:
    # A number in a body stands as "<asset>": JSON has no other place for a word.
    return text.replace('"<asset>"', str(place.served.things[VICTIM]["asset"]))


def _text(place: Place, method: str, path: str, body: Any) -> str:
    answer = ask(place, method, path, body)
    return str(answer.text) if answer.is_success else ""
