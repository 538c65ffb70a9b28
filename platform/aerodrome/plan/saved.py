"""Where plans are kept until somebody applies them, and how one is found by its hash or its place."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from aerodrome.errors import UserError, counted
from aerodrome.files import write_atomically
from aerodrome.plan.document import Plan
from aerodrome.plan.page import page

FOLDER = Path(".aerodrome") / "plans"
DOCUMENT, PAGE = "plan.json", "plan.md"
KEPT = 20
SHORTEST = 12
_HASH = re.compile(r"[0-9a-fA-F]{1,64}")


def save(root: Path, plan: Plan, notes: tuple[str, ...] = (), out: Path | None = None) -> Path:
    """Write *plan* as JSON and as a page of Markdown, and return the folder that holds both.

    Without *out* it is among the plans of the repository at *root*, of which the newest are kept.
    """
    folder = out or root / FOLDER / plan.environment / plan.digest
    write_atomically(folder / PAGE, page(plan, notes))
    # The document goes last: where it is, the page is too.
    write_atomically(folder / DOCUMENT, plan.as_json())
    if out is None:
        _prune(folder.parent)
    return folder


def chosen(root: Path, environment: str, wanted: str) -> Plan:
    """Return the plan that *wanted* names, the beginning of its hash or the place of its file; UserError where none."""
    place = Path(wanted)
    if _HASH.fullmatch(wanted) and not place.exists():
        place = _by_hash(root / FOLDER / environment, environment, wanted.lower())
    file = place / DOCUMENT if place.is_dir() else place
    remedy = remedy_of(environment)
    if not file.is_file():
        raise UserError(f"{wanted}: neither a hash nor a file of a plan", remedy)
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    plan = Plan.from_json(file.read_bytes().decode(errors="replace"), str(shown), remedy)
    if plan.environment != environment:
        other = f"make deploy ENV={plan.environment} PLAN={wanted}"
        raise UserError(
            f"{shown}: a plan for ENV={plan.environment}, not {environment}", f"{other}, or {remedy}"
        )
    return plan


def remedy_of(environment: str) -> str:
    """Return what makes a plan that can be applied."""
    return f"make plan ENV={environment} makes a new one"


def command(plan: Plan, out: Path | None = None) -> str:
    """Return the command that applies *plan*, which was written to *out* or among the repository's own."""
    named = f" CONFIRM={','.join(plan.destroys)}" if plan.destroys else ""
    return f"make deploy ENV={plan.environment} PLAN={out / DOCUMENT if out else plan.digest}{named}"


def _by_hash(folder: Path, environment: str, wanted: str) -> Path:
    remedy = remedy_of(environment)
    if len(wanted) < SHORTEST:
        raise UserError(f"PLAN={wanted}: too short", f"write {SHORTEST} digits of the hash or more")
    found = [path for path in _plans(folder) if path.name.startswith(wanted)]
    if not found:
        raise UserError(f"PLAN={wanted}: no plan for ENV={environment} has this hash here", remedy)
    if len(found) > 1:
        raise UserError(
            f"PLAN={wanted}: {counted(len(found), 'plan')} begin so", "write more digits of the hash"
        )
    return found[0]


def _plans(folder: Path) -> list[Path]:
    """Return the folders of the plans in *folder*, the newest first."""
    found = {path.parent: path.stat().st_mtime_ns for path in folder.glob(f"*/{DOCUMENT}")}
    return sorted(found, key=lambda path: (-found[path], path.name))


def _prune(folder: Path) -> None:
    for path in _plans(folder)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
