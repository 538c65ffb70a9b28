"""Files of the bundle in, mistakes out; what was imported before is not imported again."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from aerodrome.check import places
from aerodrome.check.child import Importer, StuckError
from aerodrome.check.memory import Memory, Outcome, program_digest
from aerodrome.errors import Problem, counted

TIME_LIMIT = 20.0
MEMORY_LIMIT = 4 * 2**30
_STEP = 50
_REMEDY_STUCK = (
    "a value that is slow to check, such as a `pattern` that repeats a repetition, stops the DAG processor"
)


class BundleFile(Protocol):
    """One file of the bundle; `dag_id` is empty where it is no DAG."""

    @property
    def path(self) -> str:
        """Return the path in the bundle, `<tenant>/<name>`."""

    @property
    def text(self) -> str:
        """Return the content."""

    @property
    def source(self) -> str:
        """Return the manifest that it was made from."""

    @property
    def dag_id(self) -> str:
        """Return the id of the DAG inside."""


def check_rendered(
    files: Sequence[BundleFile],
    *,
    cache: Path | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Problem, ...]:
    """Return a mistake for each DAG among *files* that Airflow would not import within *time_limit* seconds.

    The tenants' policy files must be among *files*. *cache* is a folder for what is known about equal files.
    """
    dags = {file.path: file for file in files if file.dag_id}
    keys = _keys(files, dags)
    memory = Memory(cache)
    known = {path: found for path, key in keys.items() if (found := memory.get(key))}
    todo = [file for path, file in dags.items() if path not in known]
    for path, outcome in _import(files, todo, time_limit, progress):
        known[path] = outcome
        memory.put(keys[path], outcome)
    memory.save()
    return tuple(sorted(_problem(dags[path], outcome) for path, outcome in known.items() if outcome.error))


def _keys(files: Sequence[BundleFile], dags: Mapping[str, BundleFile]) -> dict[str, str]:
    limits = {file.path.partition("/")[0]: file.text for file in files if not file.dag_id}
    base = program_digest()
    return {
        path: _key(base, path, file.text, limits.get(path.partition("/")[0], ""))
        for path, file in dags.items()
    }


def _key(*parts: str) -> str:
    total = hashlib.sha256()
    for part in parts:
        encoded = part.encode(errors="surrogatepass")
        total.update(len(encoded).to_bytes(8, "big") + encoded)
    return total.hexdigest()


def _import(
    files: Sequence[BundleFile],
    todo: Sequence[BundleFile],
    time_limit: float,
    progress: Callable[[str], None],
) -> Iterator[tuple[str, Outcome]]:
    if not todo:
        return
    progress(f"importing {counted(len(todo), 'DAG')}")
    with tempfile.TemporaryDirectory(prefix="aerodrome-check-") as folder:
        bundle = Path(folder, "bundle")
        _write(bundle, files)
        with Importer(Path(folder), MEMORY_LIMIT) as importer:
            for count, file in enumerate(todo, 1):
                yield file.path, _import_one(importer, bundle, file, time_limit)
                if not count % _STEP:
                    progress(f"imported {count} of {len(todo)} DAGs")


def _import_one(importer: Importer, bundle: Path, file: BundleFile, time_limit: float) -> Outcome:
    path = bundle / file.path
    try:
        error, trace = importer.load(path, file.dag_id, time_limit)
    except StuckError as stuck:
        # A busy machine may be the reason: not remembered.
        return Outcome(
            stuck.message, places.line_of_stuck(file.text, path, stuck.trace), _REMEDY_STUCK, lasting=False
        )
    if not error:
        return Outcome()
    return Outcome(error, places.line_of_trace(file.text, path, trace))


def _write(bundle: Path, files: Sequence[BundleFile]) -> None:
    for file in files:
        path = bundle / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")


def _problem(file: BundleFile, outcome: Outcome) -> Problem:
    return Problem(
        file.source, outcome.line, 1, "", f"Airflow does not import the DAG: {outcome.error}", outcome.remedy
    )
