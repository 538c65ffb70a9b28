"""What a tenant's lock must be: a file in the tenant's folder that names packages with hashes, and nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from aerodrome.errors import Problem, ProblemsFound
from aerodrome.source.document import read_document, read_text
from aerodrome.source.place import Positions
from aerodrome.source.report import Report, readable

MANIFEST = "tenant.yaml"
# So named a lock is no part of the package, and none of the tenant's other files.
ENDING = ".lock"
_BYTES = 8 * 2**20
_SHOWN = 80
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash=sha(256|384|512):[0-9a-f]{64,}")
_PACKAGE = re.compile(r"[A-Za-z0-9._-]+")
_SEPARATORS = re.compile(r"[-_.]+")
_ADDRESS = re.compile(r"://|^-")


def named_lock(folder: Path) -> str | None:
    """Return what tenant.yaml names as `dependencies`; None where it names nothing or cannot be read."""
    try:
        content = read_document(folder / MANIFEST, MANIFEST).data
    except ProblemsFound:
        # No mistake is told here: the loader does that.
        return None
    name = content.get("dependencies") if isinstance(content, dict) else None
    return name if isinstance(name, str) else None


def is_plain(name: str) -> bool:
    """Return whether *name* names a lock: a file directly in the tenant's folder."""
    return name.endswith(ENDING) and "/" not in name and not name.startswith(".") and name.isprintable()


def lock_problems(folder: Path) -> tuple[Problem, ...]:
    """Return every mistake in the name or the text of the tenant's lock; none where it has no lock."""
    try:
        checked_lock(folder)
    except ProblemsFound as found:
        return found.problems
    return ()


def checked_lock(folder: Path) -> str | None:
    """Return the text of the tenant's lock, None where it has none; ProblemsFound with every mistake in it."""
    name = named_lock(folder)
    if name is None:
        return None
    if not is_plain(name):
        raise ProblemsFound([_misnamed(folder, name)])
    if not os.path.lexists(folder / name):
        message = "tenant.yaml names this file as `dependencies`, and there is none"
        raise ProblemsFound([Problem(_place(folder, name), 0, 0, "", message, relock(folder.name))])
    return lock_text(folder, name)


def lock_text(folder: Path, name: str) -> str:
    """Return the text of the lock *name* in the tenant's folder; ProblemsFound with every mistake in it."""
    file, remedy = _place(folder, name), relock(folder.name)
    text = read_text(folder / name, file, _BYTES)
    if mistakes := unhashed(text):
        raise ProblemsFound(Problem(file, line, 0, "", told, remedy) for line, told in mistakes)
    return text


def split(lock: str, built: Collection[str]) -> tuple[str, str]:
    """Return the entries of a lock's text that are installed from wheels, and those of packages that are *built*."""
    entries = [entry.strip() for _, entry in _entries(lock) if entry.strip()]
    parts = ([e for e in entries if _name(e) not in built], [e for e in entries if _name(e) in built])
    wheels, sources = ("".join(f"{entry}\n" for entry in part) for part in parts)
    return wheels, sources


def _name(entry: str) -> str:
    found = _PACKAGE.match(entry)
    return canonical(found[0]) if found else ""


def canonical(name: str) -> str:
    """Return the one spelling of a package's name."""
    return _SEPARATORS.sub("-", name).lower()


def _place(folder: Path, name: str) -> str:
    return f"tenants/{folder.name}/{name}"


def relock(tenant: str) -> str:
    """Return the command that writes the lock of *tenant*."""
    return f"make lock-tenant TENANT={tenant}"


def unhashed(lock: str) -> list[tuple[int, str]]:
    """Return line and mistake of each entry of a lock's text that is not a package with a hash."""
    found = ((line, entry.strip()) for line, entry in _entries(lock))
    return [(line, told) for line, entry in found if entry and (told := _mistake(entry))]


def _mistake(entry: str) -> str:
    if _ADDRESS.search(entry):
        return "a lock names packages and hashes, never the address of an index or a file"
    return "" if _HASH.search(entry) else f"'{readable(entry.split(maxsplit=1)[0][:_SHOWN])}' has no hash"


def _entries(lock: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each entry; a backslash at the end of a line goes on in the next."""
    begun: list[str] = []
    start = 1
    for number, line in enumerate(lock.splitlines(), 1):
        text = _COMMENT.sub("", line).strip()
        start = start if begun else number
        begun.append(text.removesuffix("\\"))
        if not text.endswith("\\"):
            yield start, " ".join(begun)
            begun = []
    yield start, " ".join(begun)


def _misnamed(folder: Path, name: str) -> Problem:
    file = _place(folder, MANIFEST)
    document = read_document(folder / MANIFEST, file)
    report = Report(file, document.data, Positions(document.place))
    report.at(("dependencies",), f"'{name}' is no lock", _remedy(folder, name))
    return report.problems[0]


def _remedy(folder: Path, name: str) -> str:
    own = f"{Path(name).stem or 'requirements'}{ENDING}"
    return f"a lock is a file *{ENDING} directly in tenants/{folder.name}/, such as {own}"
