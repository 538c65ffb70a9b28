"""Which versions have made the tables of the metadata database: of a commit by its lock, of a revision by its mark."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome.errors import AerodromeError

_PACKAGES = {"airflow": "apache-airflow-core", "fab": "apache-airflow-providers-fab"}
"""What brings migrations of tables that are in one database."""
_UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class DatabaseVersion:
    """Versions of Airflow and of its provider FAB, which has tables of its own; empty where nobody has noted it."""

    airflow: str
    fab: str = ""

    @property
    def mark(self) -> dict[str, str]:
        """Return what stands of it in the values of a revision."""
        return {"airflow": self.airflow, "fab": self.fab}


@dataclass(frozen=True)
class Migration:
    """The database is brought from one of the versions *before*, usually one, to *after*."""

    before: tuple[DatabaseVersion, ...]
    after: DatabaseVersion

    @property
    def older(self) -> bool:
        """Return whether Airflow goes back: no migration of it makes older tables."""
        return any(_numbers(one.airflow) > _numbers(self.after.airflow) for one in self.before)

    def __str__(self) -> str:
        """Return the versions on both sides; FAB's where they are two."""
        parts = [f"Airflow {_either(one.airflow for one in self.before)} → {self.after.airflow}"]
        fab = {one.fab for one in self.before}
        if fab != {self.after.fab}:
            parts.append(f"FAB {_either(fab)} → {self.after.fab or _UNKNOWN}")
        return ", ".join(parts)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _either(versions: Any) -> str:
    return " or ".join(sorted({one or _UNKNOWN for one in versions}))


def of_lock(lock: Path) -> DatabaseVersion:
    """Return the versions that an image gets by *lock*; AerodromeError where it names none."""
    text = lock.read_text(encoding="utf-8")
    found = {key: _pinned(text, package) for key, package in _PACKAGES.items()}
    if missing := [_PACKAGES[key] for key, version in found.items() if not version]:
        raise AerodromeError(f"{lock.name} pins no {' and no '.join(missing)}", "make lock writes it again")
    return DatabaseVersion(**found)


def _pinned(text: str, package: str) -> str:
    found = re.search(rf"^{re.escape(package)}==([^\s\\;]+)", text, re.MULTILINE)
    return found[1] if found else ""


def of_values(values: Mapping[str, Any], app_version: str) -> DatabaseVersion:
    """Return what a revision with *values* was marked with; without a mark the version of Airflow that it says."""
    mark = ((values.get("global") or {}).get("aerodrome") or {}).get("database") or {}
    if mark:
        return DatabaseVersion(str(mark.get("airflow", "")), str(mark.get("fab", "")))
    return DatabaseVersion(str(values.get("airflowVersion") or app_version))


def migration(before: Sequence[DatabaseVersion], after: DatabaseVersion) -> Migration | None:
    """Return what brings a database to *after* that may be at any of *before*; None where nothing changes."""
    if not before or set(before) == {after}:
        return None
    return Migration(tuple(sorted(set(before))), after)
