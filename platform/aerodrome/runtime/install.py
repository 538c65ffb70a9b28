"""Install what a lock names: wheels first, by whom is trusted with logins; then what a tenant has built from source."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from aerodrome.runtime.lock_rules import relock, split
from aerodrome.runtime.own_copy import hand_over
from aerodrome.runtime.uv import CACHE, UvError, refusal
from aerodrome.runtime.workshop import VENV, Site

COPIED = ("--link-mode", "copy", "--no-config")
_HASHED = ("--no-deps", "--require-hashes")
_BUILT = "built-"


@dataclass(frozen=True)
class Lock:
    """A lock of a tenant: the name and the text of its file, and the packages that are *built* from source."""

    name: str
    text: str
    built: Collection[str] = ()


def install_lock(site: Site, folder: Path, lock: Lock, where: Sequence[str]) -> None:
    """Install *lock* into `venv` below *folder*, the fetcher's so far, and compile it.

    *where* are uv's options that name the place. What is there in the end is the tenant's. UserError names the lock
    that uv refused.
    """
    wheels, sources = split(lock.text, lock.built)
    # Both before the folder is the tenant's, who could put a link there.
    locked, built = folder / lock.name, folder / f"{_BUILT}{lock.name}"
    for file, text in ((locked, wheels), (built, sources)):
        _write(file, text)
    if wheels:
        _install(site, site.fetch, locked, (*where, "--no-build", *_source(site)))
    shutil.rmtree(folder / CACHE, ignore_errors=True)
    hand_over(folder, site.owner)
    if sources:
        site.say(f"building what {lock.name} has no wheels for")
        _install(site, site.uv, built, where)
    site.compile(folder / VENV)


def _source(site: Site) -> tuple[str, ...]:
    wheels = site.workshop.wheels
    return () if wheels is None else ("--offline", "--no-index", "--find-links", str(wheels))


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="")
    file.chmod(0o644)


def _install(site: Site, uv: Callable[..., None], lock: Path, options: Sequence[str]) -> None:
    try:
        uv(lock.parent, "pip", "install", *COPIED, *_HASHED, *options, "-r", lock.name)
    except UvError as failure:
        place = site.place(lock.name.removeprefix(_BUILT))
        raise refusal(failure, place, "cannot be installed", relock(site.tenant)) from None
