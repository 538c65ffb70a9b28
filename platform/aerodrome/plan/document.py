"""All that a deploy would change, as one document: the same bytes for the same inputs, known by one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args

from aerodrome.errors import UserError
from aerodrome.plan.change import OBSERVE, Action, Change, Risk
from aerodrome.plan.orphan import Orphan

FORMAT = 3
_FORMAT, _DIGEST = "format", "digest"


@dataclass(frozen=True)
class Plan:
    """The changes of every target, in the order they are applied.

    *commit* is what the repository stands on, marked where files differ from it. *desired* is part of the desired
    state → its digest: a plan is for exactly that. The order of changes is for people: no hash depends on it.
    *orphans* are what it leaves alone, or takes away only when somebody names whose they were. *staying* are tenants
    that stay as they were deployed, since each has a mistake, or no image.
    """

    environment: str
    changes: tuple[Change, ...]
    commit: str = ""
    desired: Mapping[str, str] = field(default_factory=dict)
    orphans: tuple[Orphan, ...] = ()
    staying: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan's canonical JSON."""
        return hashlib.sha256(_text(self._content()).encode()).hexdigest()

    def as_json(self) -> str:
        """Return the plan as JSON, its own digest in it, with the same bytes for the same plan."""
        return _text({**self._content(), _DIGEST: self.digest}) + "\n"

    @classmethod
    def from_json(cls, text: str, file: str, remedy: str) -> Plan:
        """Return the plan that :meth:`as_json` wrote; UserError where *text* is anything else, be it by one sign.

        The error names *file*, and *remedy* as the way to a plan that can be read.
        """
        found = _document(text)
        if found is None:
            raise UserError(f"{file}: no plan, or one that was cut off: it is not JSON", remedy)
        version = found.get(_FORMAT)
        if isinstance(version, int) and version > FORMAT:
            newer = f"a newer version wrote this plan (format {version}, and this one reads {FORMAT})"
            raise UserError(f"{file}: {newer}", f"apply it with the commit that made it, or: {remedy}")
        plan = _read(found)
        if plan is None:
            raise UserError(f"{file}: no plan: its keys or values are others than those of one", remedy)
        if plan.as_json() != text:
            raise UserError(f"{file}: the plan was edited: its digest is not that of what it says", remedy)
        return plan

    def of(self, target: str) -> tuple[Change, ...]:
        """Return the changes of one target."""
        return tuple(change for change in self.changes if change.target == target)

    @property
    def made(self) -> tuple[Change, ...]:
        """Return the changes that are known: all but what cannot be observed yet."""
        return tuple(change for change in self.changes if change.action != OBSERVE)

    @property
    def destroys(self) -> tuple[str, ...]:
        """Return the names that somebody must say before this is applied, sorted."""
        return tuple(sorted({change.destroys for change in self.changes} - {""}))

    def _content(self) -> dict[str, Any]:
        return {
            _FORMAT: FORMAT,
            "environment": self.environment,
            "commit": self.commit,
            "desired": dict(self.desired),
            "changes": [asdict(change) for change in sorted(self.changes)],
            "orphans": [asdict(orphan) for orphan in sorted(self.orphans)],
            "staying": sorted(self.staying),
        }


def _text(document: Mapping[str, Any]) -> str:
    found = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False)
    # A file's name need not be text; what is not stands there as JSON escapes it.
    return found.encode("utf-8", "backslashreplace").decode()


def _document(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else {}


def _read(document: Mapping[str, Any]) -> Plan | None:
    if document.keys() != {_FORMAT, _DIGEST, *(each.name for each in fields(Plan))}:
        return None
    environment, commit, desired = (document[key] for key in ("environment", "commit", "desired"))
    staying = _rows(document["staying"])
    texts = isinstance(desired, dict) and [environment, commit, *desired.values(), *staying]
    if not texts or not all(isinstance(each, str) for each in texts):
        return None
    changes = tuple(_change(each) for each in _rows(document["changes"]))
    orphans = tuple(_orphan(each) for each in _rows(document["orphans"]))
    if None in changes or None in orphans:
        return None
    return Plan(environment, changes, commit, desired, orphans, tuple(staying))  # type: ignore[arg-type]


def _rows(found: object) -> list[Any]:
    return found if isinstance(found, list) else [None]


def _orphan(row: object) -> Orphan | None:
    if not isinstance(row, dict) or row.keys() != {each.name for each in fields(Orphan)}:
        return None
    return Orphan(**row) if all(isinstance(value, str) for value in row.values()) else None


def _change(row: object) -> Change | None:
    if not isinstance(row, dict) or row.keys() != {each.name for each in fields(Change)}:
        return None
    words = {"action": get_args(Action), "risk": get_args(Risk), "reversible": (True, False)}
    good = all(value in words[key] if key in words else isinstance(value, str) for key, value in row.items())
    return Change(**row) if good else None
