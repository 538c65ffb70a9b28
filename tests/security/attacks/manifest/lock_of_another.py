"""A tenant's `dependencies` lead to another tenant's lock, by a path and by a link."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aerodrome.errors import ProblemsFound
from aerodrome.runtime.lock_rules import checked_lock
from suite.attack import HELD
from suite.manifests import repository
from suite.place import ATTACKER, Place

FROM = "a tenant's manifest"
AGAINST = "tenants' source"
DEFENCE = "a lock is a file directly in the tenant's folder, and no link"
MUST = HELD
NEEDS = ()
KEPT = "# only beta knows this package\n"
LOCK = "requirements.lock"
PATHS = (
    f"../beta/{LOCK}",
    f"./../beta/{LOCK}",
    f"dags/../../beta/{LOCK}",
    "linked.lock",
    "link/requirements.lock",
)


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """What is named is read."""
    yield replace(place, notes={"plainly": True})


def harmless(place: Place) -> str:
    """Return the text of the own lock."""
    return "a lock" if _read(place, LOCK) is not None else ""


def attack(place: Place) -> str:
    """Return by which ways the other tenant's lock is read."""
    return ", ".join(path for path in PATHS if KEPT in (_read(place, path) or ""))


def _read(place: Place, name: str) -> str | None:
    folder = _folder(repository(place), name)
    if place.notes.get("plainly"):
        return (folder / name).read_text()
    try:
        return checked_lock(folder)
    except ProblemsFound:
        return None


def _folder(root: Path, name: str) -> Path:
    """Return the attacker's folder, whose tenant.yaml names *name*."""
    tenants = root / "tenants"
    (tenants / "beta" / LOCK).write_text(KEPT)
    folder = tenants / ATTACKER
    (folder / "linked.lock").symlink_to(f"../beta/{LOCK}")
    (folder / "link").symlink_to("../beta")
    (folder / "tenant.yaml").write_text(f"dependencies: {name}\n")
    return folder
