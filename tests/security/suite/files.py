"""Which files the attacker's code can read, tried by opening them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from suite.place import Place

_PROGRAM = """
import json
for name in json.loads({names!r}):
    try:
        with open(name, "rb") as file:
            file.read(1)
        print(name)
    except OSError:
        pass
"""


def readable(place: Place, files: Iterable[Path]) -> list[str]:
    """Return which of *files* the attacker's code can open."""
    names = json.dumps([str(file) for file in files])
    return place.code.python(_PROGRAM.format(names=names)).splitlines()


def read_by(place: Place, files: Iterable[Path]) -> str:
    """Return the same as a text; there must be files at all."""
    wanted = [file for file in files if file.is_file()]
    assert wanted, "there is nothing to read"
    return ", ".join(readable(place, wanted))
