"""Clear away virtual environments that no published DAG names any more."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aerodrome.names import is_tenant
from aerodrome.runtime.build import layer_note
from aerodrome.runtime.source import DIGEST_PATTERN
from aerodrome.runtime.turns import open_lock, take
from aerodrome.runtime.workshop import BUILDING, LAYERS

_NAME = re.compile(DIGEST_PATTERN)
KEEP = 3


def prune(into: Path, tenant: str, named: Collection[str], keep: int = KEEP) -> tuple[str, ...]:
    """Remove the environments of *tenant* that are not *named*, but for the *keep* newest, and return them.

    The newest stay because a run that started under an earlier bundle still uses its environment. Nothing is
    removed while another process builds for the tenant; the next call does it.
    """
    with _if_free(into / tenant) as free:
        return _prune(into / tenant, named, keep) if free else ()


def prune_all(
    into: Path, named: Collection[str], tenants: Collection[str], keep: int = KEEP
) -> dict[str, tuple[str, ...]]:
    """Prune every tenant's environments and return tenant → what was removed.

    Of a tenant that is none of *tenants* only what is *named* stays, and its folder goes with the last of it.
    """
    homes = sorted(path for path in into.iterdir() if is_tenant(path.name)) if into.is_dir() else []
    return {
        home.name: prune(into, home.name, named, keep)
        if home.name in tenants
        else _prune_removed(home, named)
        for home in homes
    }


def _prune_removed(home: Path, named: Collection[str]) -> tuple[str, ...]:
    with _if_free(home) as free:
        removed = _prune(home, named, 0) if free else ()
        if free and not _environments(home):
            shutil.rmtree(home, ignore_errors=True)
        return removed


@contextmanager
def _if_free(home: Path) -> Iterator[bool]:
    if not home.is_dir() or home.is_symlink():
        yield False
        return
    with open_lock(home.parent, home.name) as lock:
        yield take(lock)


def _prune(home: Path, named: Collection[str], keep: int) -> tuple[str, ...]:
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
