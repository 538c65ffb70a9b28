"""The stamp that a setup leaves on a host: whose host it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PLACE = "/etc/aerodrome/state.json"
# Which files a setup has written and not yet brought into force; there from its beginning to its stamp.
UNFINISHED = Path("/run/aerodrome-unfinished")


class UnfitError(Exception):
    """This host cannot be worked on: what is wrong, and how to mend it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def read(path: Path) -> dict[str, Any]:
    """Return the stamp; empty where there is none, or none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def require_ours(stamp: dict[str, Any], environment: str, host: str) -> None:
    """Raise UnfitError where this machine was set up as another host, or as one of another environment."""
    whose, known = stamp.get("environment", environment), stamp.get("host", host)
    if (whose, known) != (environment, host):
        raise UnfitError(
            f"it is '{known}' of the environment '{whose}' already",
            "see whether ansible_host is right; if it is, take it out of there first, by the name that it has there: "
            f"make remove ENV={whose} LIMIT={known}",
        )
