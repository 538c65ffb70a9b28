"""What an image is made of, as a CycloneDX document: each package of its lock, with version and digests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_PACKAGE = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def sbom(lock: Path) -> dict[str, Any]:
    """Return the components of the hashed *lock*, in its order; nothing in it changes while the lock does not."""
    found: list[dict[str, Any]] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if package := _PACKAGE.match(line):
            found.append(_component(package[1], package[2]))
        for digest in _HASH.findall(line):
            found[-1]["hashes"].append({"alg": "SHA-256", "content": digest})
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": found}


def _component(name: str, version: str) -> dict[str, Any]:
    where = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": where,
        "bom-ref": where,
        "hashes": [],
    }
