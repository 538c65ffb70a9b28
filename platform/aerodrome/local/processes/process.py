"""One process of a platform, as the supervisor is told of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One supervised process; *files* are its configuration, name → text, all of them private to *user*."""

    name: str
    command: tuple[str, ...]
    user: str | None
    folder: Path
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    priority: int = 100
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    umask: str = "027"
    code: str = ""
    # Keys of `local.ports` in environment.yaml and the ports that the process listens on.
    ports: Mapping[str, int] = field(default_factory=dict)
    # Files that the process reads again by itself: a change is no reason to restart it.
    reloaded: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return a digest that changes when the process must be restarted; it tells no secret."""
        fixed = {name: text for name, text in self.files.items() if name not in self.reloaded}
        parts = [
            self.command,
            self.user,
            str(self.folder),
            fixed,
            dict(self.environment),
            self.stop_signal,
            self.umask,
            self.code,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
