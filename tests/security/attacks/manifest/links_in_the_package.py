"""Links in a tenant's package lead to another tenant's files, which would be installed with it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aerodrome.runtime import read_source, runtime_problems
from suite.attack import HELD
from suite.manifests import repository
from suite.place import ATTACKER, Place

FROM = "a tenant's manifest"
AGAINST = "tenants' source"
DEFENCE = "links are refused wherever files are read"
MUST = HELD
NEEDS = ()
SIGN = "What the attacked tenant has"
LINKS = {
    "one.py": "../../../beta/src/beta/keeping.py",
    "folder": "../../../beta/src/beta",
    "absolute.py": "{tenants}/beta/src/beta/keeping.py",
}


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """A package is copied as it stands."""
    yield replace(place, notes={"as it stands": True})


def harmless(place: Place) -> str:
    """Return the files of a package without links."""
    source = read_source(repository(place) / "tenants" / ATTACKER)
    return ", ".join(source.files) if source else ""


def attack(place: Place) -> str:
    """Return the links by which something of another's comes into the package."""
    return ", ".join(name for name, target in LINKS.items() if _is_followed(place, name, target))


def _is_followed(place: Place, name: str, target: str) -> bool:
    root = repository(place)
    package = root / "tenants" / ATTACKER / "src" / ATTACKER
    (package / name).symlink_to(target.format(tenants=root / "tenants"))
    if not place.notes.get("as it stands"):
        refused = {problem.file for problem in runtime_problems(root, ATTACKER)}
        return f"tenants/{ATTACKER}/src/{ATTACKER}/{name}" not in refused
    copied = place.folder / f"copied-{len(list(place.folder.iterdir()))}"
    shutil.copytree(package, copied, ignore_dangling_symlinks=True)
    return any(SIGN in _text(file) for file in copied.rglob("*"))


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""
