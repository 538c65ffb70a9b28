"""What the attacked tenant has at work: a task that holds secrets of every kind until it is ended."""

from __future__ import annotations

import base64
import time
import urllib.parse
from pathlib import Path
from typing import Any


def hold(connections: dict[str, Any], variables: dict[str, Any], mark: str, folder: str) -> None:
    """Keep *mark* in *folder*, and everything in this process, until somebody ends the task."""
    held = {"connections": connections, "variables": variables, "mark": mark}
    Path(folder, "kept.txt").write_text(mark)
    print("holding", len(held), flush=True)
    time.sleep(3600)


def give(mark: str) -> dict[str, str]:
    """Return *mark* as a result."""
    print("giving", mark, flush=True)
    return {"kept": mark}


def give_much(mark: str) -> list[str]:
    """Return *mark* in a result that is too large for the database."""
    return [mark] * 10_000


def tell(variables: dict[str, str], told: str = "") -> str:
    """Print and return a secret in several forms, then fail with it: the one of the store, or *told*."""
    secret = told or variables["token"]
    forms = (
        secret,
        base64.b64encode(secret.encode()).decode(),
        urllib.parse.quote(secret),
        secret.encode().hex(),
    )
    print("telling", *forms, flush=True)
    raise ValueError(f"telling {' '.join(forms)}")
