"""`$f` and `$x` in the parameters of tasks: text of another file, and the XCom of another task."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from aerodrome.errors import ProblemsFound
from aerodrome.manifest.folder import DAGS, TenantFolder
from aerodrome.source.budget import unstorable
from aerodrome.source.document import read_text
from aerodrome.source.place import Path
from aerodrome.source.report import Report
from common_plugins.catalogue.base import Reference

FILE = "$f"
XCOM = "$x"
SECTIONS = ("with", "expand")
_MAX_TASK = 63
_MAX_KEY = 512
# Stands for a reference with a mistake, so that the mistake is told once.
_UNCLEAR = Reference(task="unclear")


@dataclass(frozen=True)
class Inclusion:
    """A file whose text stands in a manifest."""

    file: str
    text: str


@dataclass
class Inclusions:
    """What a manifest refers to, by the path of the value."""

    folder: TenantFolder
    report: Report
    files: dict[Path, Inclusion] = field(default_factory=dict)
    references: dict[Path, Reference] = field(default_factory=dict)

    def resolve(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the manifest *data* with texts in the place of `$f` and references in the place of `$x`."""
        tasks = data.get("tasks")
        if not isinstance(tasks, list):
            return data
        return data | {"tasks": [self._task(task, ("tasks", index)) for index, task in enumerate(tasks)]}

    def digest(self, text: str) -> str:
        """Return "sha256:…" of the manifest's *text* and of every file that it includes."""
        total = hashlib.sha256(text.encode())
        for file, content in sorted(
            {inclusion.file: inclusion.text for inclusion in self.files.values()}.items()
        ):
            total.update(f"\0{file}\0{len(content)}\0{content}".encode())
        return f"sha256:{total.hexdigest()}"

    def _task(self, task: Any, path: Path) -> Any:
        if not isinstance(task, dict):
            return task
        found = {key: self._value(task[key], (*path, key)) for key in SECTIONS if key in task}
        return task | found if found else task

    def _value(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return value
        if isinstance(value, dict):
            if FILE in value:
                return self._file(value, path)
            if XCOM in value:
                return self._reference(value, path)
            return {key: self._value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _reference(self, value: dict[str, Any], path: Path) -> Any:
        said = value[XCOM] if isinstance(value[XCOM], dict) else {"task": value[XCOM]}
        texts = all(isinstance(item, str) and item for item in said.values())
        if len(value) > 1 or not texts or not {"task"} <= said.keys() <= {"task", "key"}:
            self.report.at(
                path,
                "not a reference",
                "write {$x: task} or {$x: {task: load, key: rows}}, nothing beside it",
            )
            return _UNCLEAR
        if len(said["task"]) > _MAX_TASK or len(said.get("key", "")) > _MAX_KEY:
            self.report.at(path, f"a task's id has {_MAX_TASK} characters at most, a key {_MAX_KEY}")
            return _UNCLEAR
        self.references[path] = reference = Reference(**said)
        return reference

    def _file(self, value: dict[str, Any], path: Path) -> Any:
        said = value[FILE]
        inclusion = None
        if len(value) > 1 or not isinstance(said, str) or not said:
            self.report.at(
                path, "not a file", f"write {{$f: sql/load.sql}}, a path below {DAGS}/, nothing beside it"
            )
        else:
            inclusion = self._read(said, path)
        if inclusion is None:
            return ""
        self.files[path] = inclusion
        return inclusion.text

    def _read(self, said: str, path: Path) -> Inclusion | None:
        found = is_inside(self.folder.path, said, DAGS)
        if found is None:
            self.report.at(
                path, f"'{said}' is outside the tenant's folder", f"name a file below {self.folder.file}/"
            )
            return None
        file = f"{self.folder.file}/{found.relative_to(self.folder.path).as_posix()}"
        try:
            text = read_text(found, file)
        except ProblemsFound as refused:
            problem = refused.problems[0]
            where = f":{problem.line}:{problem.column}" if problem.line else ""
            self.report.at(path, f"{file}{where}: {problem.message}", problem.remedy)
            return None
        if mistake := unstorable(0, 0, text):
            self.report.at(path, f"{file}: {mistake.message}", mistake.remedy)
            return None
        return Inclusion(file, text)


def is_inside(folder: FilePath, said: str, start: str = "") -> FilePath | None:
    """Return the path that *said* names, from *start* in *folder*; None where it leads out of *folder*."""
    base = os.path.normpath(folder)
    # Not resolved by the file system: a link on the way is refused below, not followed.
    whole = os.path.normpath(f"{base}/{start}/{said}")
    if said.startswith("/") or not said.isprintable() or not whole.startswith(f"{base}{os.sep}"):
        return None
    path = FilePath(base)
    for part in FilePath(whole).relative_to(base).parts:
        path = path / part
        if path.is_symlink():
            return None
    return path
