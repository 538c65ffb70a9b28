"""The digest that stands in each rendered file: what the rules, the catalogue and the tenant's limits are."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from aerodrome.policy.limits import Limits


def policy_digest(limits: Limits) -> str:
    """Return "sha256:…" over rules, catalogue and *limits*; another digest means: render again."""
    return "sha256:" + hashlib.sha256(f"{_program_digest()}{limits.digest}".encode()).hexdigest()


@cache
def _program_digest() -> str:
    from common_plugins import catalogue

    total = hashlib.sha256()
    here = Path(__file__).parent
    for folder in (here, here / "rules", Path(catalogue.__file__).parent):
        for path in sorted(folder.glob("*.py")):
            total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()
