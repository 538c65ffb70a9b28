"""Units of systemd, as it tells of them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_PROPERTIES = "Id,ActiveState,NRestarts,ActiveExitTimestamp"
_SECONDS = 20


@dataclass(frozen=True)
class Unit:
    """One unit; *stopping_since*: seconds since 1970, 0 where it is not being stopped."""

    name: str
    state: str
    restarts: int = 0
    stopping_since: float = 0

    @property
    def is_up(self) -> bool:
        """Return whether it does its work: one that is being stopped ends what it has begun."""
        return self.state in ("active", "reloading")


def units(names: Sequence[str]) -> dict[str, Unit]:
    """Return name → unit of those in *names*; one that systemd does not know is inactive."""
    command = ["systemctl", "show", "--timestamp=unix", f"--property={_PROPERTIES}", *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    return parsed(done.stdout)


def parsed(text: str) -> dict[str, Unit]:
    """Return name → unit of what `systemctl show` printed."""
    blocks = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in text.split("\n\n"))
    found = [_unit(block) for block in blocks if block.get("Id")]
    return {unit.name: unit for unit in found}


def _unit(said: Mapping[str, str]) -> Unit:
    state, left = said.get("ActiveState", "inactive"), said.get("ActiveExitTimestamp", "").lstrip("@")
    since = float(left) if state == "deactivating" and left.isdigit() else 0
    return Unit(said["Id"], state, int(said.get("NRestarts") or 0), since)
