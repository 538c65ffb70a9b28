"""A registry in a thread, and a program in buildah's place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from image_registry import ImageRegistry, image_registry


@dataclass(frozen=True)
class StandIn:
    """What was called buildah, and the folder where it keeps its calls."""

    folder: Path
    patch: pytest.MonkeyPatch

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Every call: `arguments`, and `file`, `mode`, `auths` of the login that it was shown."""
        kept = self.folder / "calls"
        return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []

    def behave(self, **how: str) -> None:
        """Let it end or answer otherwise: *trouble*, in builds *of* an image alone, *digest*."""
        for name, value in how.items():
            self.patch.setenv(f"BUILDER_{name.upper()}", value)


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without logins, so that none of this machine counts."""
    for name in ("XDG_RUNTIME_DIR", "HOME", "TMPDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "BUILDX_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path / "HOME"


@pytest.fixture
def registry() -> Iterator[ImageRegistry]:
    """A registry without TLS that has nothing."""
    with image_registry() as server:
        yield server


@pytest.fixture
def buildah(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A program of that name which builds nothing."""
    folder = tmp_path / "programs"
    folder.mkdir()
    script = repository / "tests/shared/image_builder_program.py"
    (folder / "buildah").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    (folder / "buildah").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("BUILDER_FOLDER", str(folder))
    return StandIn(folder, monkeypatch)
