"""A tenant's image: the platform's, and the virtual environment of the tenant's own code."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from aerodrome.images.recipe import FOLDER, Recipe, labels, tag_of
from aerodrome.progress import Progress
from aerodrome.runtime.packing import packed
from aerodrome.runtime.project import built_packages
from aerodrome.runtime.source import read_source

FILE = "tenant.Dockerfile"


def tenant_name(tenant: str) -> str:
    """Return the name of the tenant's image."""
    return f"tenants/{tenant}"


def tenant_image(root: Path, tenant: str, platform: Recipe, reference: str, cache: Path) -> Recipe | None:
    """Return the recipe of the tenant's image, on top of that of *platform*, which is called *reference* where it is.

    None for a tenant without code of its own.
    """
    source = read_source(root / "tenants" / tenant)
    if source is None:
        return None
    dockerfile = (root / FOLDER / FILE).read_bytes()
    parts = {FILE: dockerfile, "platform": platform.tag.encode(), "environment": source.digest.encode()}
    tag = tag_of([("tenant", tenant.encode()), *parts.items()])

    def fill(folder: Path, say: Progress) -> None:
        shutil.copy(root / FOLDER / FILE, folder)
        say(f"fetching what {tenant}'s lock names")
        with tarfile.open(packed(source.folder, cache, wheels=True)) as tar:
            tar.extractall(folder / "incoming", filter="data")

    arguments = {"PLATFORM": reference, "TENANT": tenant, "DIGEST": source.digest}
    built = bool(built_packages(source.folder))
    where = f"tenants/{tenant}/{source.lock or 'pyproject.toml'}"
    return Recipe(
        tenant_name(tenant), tag, where, FILE, fill, arguments, labels(f"Code of {tenant}", tag), built
    )
