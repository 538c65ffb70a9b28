"""Clear away virtual environments that no published DAG names any more."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

from aerodrome.runtime.build import BUILDING, LAYERS, layer_note
from aerodrome.runtime.source import DIGEST_PATTERN

_NAME = re.compile(DIGEST_PATTERN)


def prune(into: Path, tenant: str, named: Collection[str], keep: int = 3) -> tuple[str, ...]:
    """Remove the environments of *tenant* that are not *named*, but for the *keep* newest, and return them.

    The newest stay because a run that started under an earlier bundle still uses its environment.
    """
    home = into / tenant
    unnamed = [path for path in _environments(home) if path.name not in named]
    old = sorted(unnamed, key=lambda path: path.stat().st_mtime, reverse=True)[keep:]
    _remove(home, old)
    for path in old:
        layer_note(path).unlink(missing_ok=True)
    used = {_layer_of(path) for path in _environments(home)}
    _remove(home, [path for path in _environments(home / LAYERS) if path.name not in used])
    return tuple(sorted(path.name for path in old))


def _environments(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []


def _layer_of(path: Path) -> str:
    note = layer_note(path)
    return note.read_text() if note.is_file() else ""


def _remove(home: Path, paths: Iterable[Path]) -> None:
    for path in paths:
        # Moved aside first: an interrupted removal leaves no environment that looks whole.
        aside = Path(tempfile.mkdtemp(dir=home, prefix=BUILDING))
        path.rename(aside / path.name)
        shutil.rmtree(aside, ignore_errors=True)
