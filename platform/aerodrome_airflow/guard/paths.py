"""Where a request goes: the path below `/execution`, and only in its plain form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

PREFIX = "/execution"
# An encoded slash, point, backslash or control character: a reader that decodes again would see another path.
_ENCODED = re.compile(rb"%(?:2[ef]|5c|[01][0-9a-f]|7f)", re.IGNORECASE)
_UNUSUAL = re.compile(r"//|[\x00-\x1f\x7f\\]|/\.{1,2}(?:/|$)|.*/$")
_LOOKS_LIKE = re.compile(r"[/\\.]*execution(?:[/\\?;]|$)", re.IGNORECASE)


def is_execution(scope: Mapping[str, Any]) -> bool:
    """Return whether the request goes to the execution API, or is made to look as if it did."""
    path = _routed(scope)
    return any(_LOOKS_LIKE.match(text) for text in (path, unquote(path)))


def plain(scope: Mapping[str, Any]) -> str | None:
    """Return the path below `/execution`; None where it is written in any but the plain way."""
    path = _routed(scope)
    if not path.startswith(f"{PREFIX}/") or _ENCODED.search(scope.get("raw_path") or b""):
        return None
    below = path.removeprefix(PREFIX)
    return None if _UNUSUAL.search(below) else below


def _routed(scope: Mapping[str, Any]) -> str:
    """Return the path that Airflow's router looks at."""
    # Every Airflow process loads the plugin; the API server alone needs this library.
    from starlette._utils import get_route_path

    return get_route_path(dict(scope))
