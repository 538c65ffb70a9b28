"""Manifests as a tenant commits them: through the platform's check, or taken at their word."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aerodrome.pipeline import build
from aerodrome.scaffold import scaffold_tenant
from suite import naive
from suite.place import ATTACKER, Place

SOURCE = Path(__file__).resolve().parents[1] / "repository"
NAME = "attack"


@dataclass(frozen=True)
class Answer:
    """The text of the rendered DAG, empty where the manifest was refused, and what was said about it."""

    text: str
    problems: tuple[str, ...]


def submit(
    place: Place, manifest: str | bytes, *, files: Mapping[str, str] | None = None, name: str = NAME
) -> Answer:
    """Return what becomes of *manifest* in the attacker's folder, beside *files* by their path in that folder."""
    root = _repository(place)
    folder = root / "tenants" / ATTACKER
    for path, text in (files or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / f"dags/{name}.yaml").write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode())
    return rendered(place, root, name)


def rendered(place: Place, root: Path, name: str = NAME) -> Answer:
    """Return what becomes of the attacker's manifest *name* below *root* in *place*."""
    if is_trusted(place):
        return Answer(naive.rendered(root / "tenants" / ATTACKER / f"dags/{name}.yaml"), ())
    return checked(root, name)


def granted(place: Place, manifest: str | bytes, *signs: str, files: Mapping[str, str] | None = None) -> str:
    """Return which of *signs* stand in the DAG that *manifest* becomes; empty where it is refused."""
    text = submit(place, manifest, files=files).text
    return ", ".join(sign for sign in signs if sign in text)


def granted_each(place: Place, manifests: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return which of *manifests*, by file name, become a DAG that holds its sign: manifest and sign of each.

    A manifest that claims no other id gets that of its file: all are checked together.
    """
    root = _repository(place)
    folder = root / "tenants" / ATTACKER / "dags"
    for name, (manifest, _) in manifests.items():
        whole = json.loads(manifest)
        whole["dag_id"] = name if whole["dag_id"] == NAME else whole["dag_id"]
        (folder / f"{name}.yaml").write_text(json.dumps(whole))
    texts = _taken(folder) if is_trusted(place) else _built(root)
    return [name for name, (_, sign) in manifests.items() if _holds(texts.get(name, ""), sign)]


def _taken(folder: Path) -> dict[str, str]:
    return {file.stem: naive.rendered(file) for file in folder.glob("*.yaml")}


def _built(root: Path) -> dict[str, str]:
    files = build(root, "local", runtimes=dict.fromkeys(("alpha", "beta"), "0123456789abcdef")).files
    return {Path(path).stem: text for path, text in files.items() if path.startswith(f"{ATTACKER}/")}


def _holds(text: str, sign: str) -> bool:
    return any(form in text for form in (sign, repr(sign)[1:-1], ascii(sign)[1:-1]))


def checked(root: Path, name: str = NAME) -> Answer:
    """Return what becomes of the attacker's manifest *name* below *root*."""
    made = build(root, "local", runtimes=dict.fromkeys(("alpha", "beta"), "0123456789abcdef"))
    problems = tuple(str(problem) for problem in made.problems if f"tenants/{ATTACKER}/" in problem.file)
    return Answer(made.files.get(f"{ATTACKER}/{name}.py", ""), problems)


def repository(place: Place) -> Path:
    """Return a repository with the tenants of the attacked platform, of this attempt's own."""
    return _repository(place)


def _repository(place: Place) -> Path:
    root = place.folder / f"repository-{len(list(place.folder.iterdir()))}"
    root.mkdir()
    for tenant in ("alpha", "beta"):
        scaffold_tenant(root, tenant)
    shutil.copytree(SOURCE, root, dirs_exist_ok=True)
    return root


def task(uses: str, parameters: Mapping[str, Any], **fields: Any) -> str:
    """Return a manifest with one task; JSON is YAML too."""
    return document(tasks=[{"id": "run", "uses": uses, "with": dict(parameters), **fields}])


def document(**fields: Any) -> str:
    """Return a manifest with *fields* beside those that each must have."""
    whole = {"dag_id": NAME, "schedule": None, "tasks": [{"id": "run", "uses": "flow.empty"}]}
    return json.dumps(whole | fields)


@contextlib.contextmanager
def at_their_word(place: Place) -> Iterator[Place]:
    """The place in which a loader without models or rules takes manifests at their word, as scripts often do."""
    yield replace(place, notes={"at their word": True})


def is_trusted(place: Place) -> bool:
    """Return whether manifests are taken at their word in *place*."""
    return bool(place.notes.get("at their word"))
