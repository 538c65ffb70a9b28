"""The `with` and `expand` of tasks against the operator's catalogue entry, the tenant and the DAG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import create_model

from aerodrome import names
from aerodrome.errors import did_you_mean
from aerodrome.manifest.dag import Task
from aerodrome.manifest.draft import Draft
from aerodrome.manifest.settings import queue_of
from aerodrome.manifest.template_places import check_text
from aerodrome.source.place import Path
from aerodrome.source.report import field_name
from aerodrome.source.shape import check, check_part
from common_plugins.catalogue.base import CatalogueEntry, Kind, Reference

Entry = type[CatalogueEntry]
# Airflow's [core] max_map_length.
MOST_MAPPED = 1024
# What the platform must know before a run: no other task's result can say it.
_FIXED = frozenset({"connection", "variable", "dag", "function", "package_file"})


def check_parameters(draft: Draft) -> None:
    """Report every mistake in the tasks' parameters and keep those without as typed entries."""
    for index, task in draft.tasks:
        entry = draft.around.catalogue.get(task.uses)
        if entry is None:
            hint = did_you_mean(task.uses, draft.around.catalogue)
            draft.report.at(
                ("tasks", index, "uses"),
                f"unknown operator '{task.uses}'",
                f"{hint}   catalogue: make operators",
            )
            continue
        _check_expand(draft, index, task, entry)
        sample = {name: _sample(value) for name, value in task.expand.items() if _is_mapped(entry, name)}
        model = mapped(entry, frozenset(sample)) if sample else entry
        typed = check(model, task.with_ | sample, draft.report, ("tasks", index, "with"))
        if typed is not None:
            draft.parameters[task.id] = typed
        _check_kinds(draft, index, task, entry)


def _is_mapped(entry: Entry, name: str) -> bool:
    return name in entry.model_fields and entry.can_be_mapped(name)


@cache
def mapped(entry: Entry, names: frozenset[str]) -> Entry:
    """Return *entry* with anything allowed in the parameters *names*: their values come at run time."""
    fields: dict[str, Any] = {name: (_anything(entry.kind_of(name)), None) for name in sorted(names)}
    return create_model(entry.__name__, __base__=entry, __doc__=entry.__doc__, **fields)


def _anything(kind: str | None) -> Any:
    return Any if kind is None else Annotated[Any, Kind(kind)]


def _check_expand(draft: Draft, index: int, task: Task, entry: Entry) -> None:
    copies = 1
    for name, value in task.expand.items():
        path: Path = ("tasks", index, "expand", name)
        if name not in entry.model_fields:
            draft.report.at_key(path, f"unknown parameter '{name}'", did_you_mean(name, entry.model_fields))
        elif name in task.with_:
            draft.report.at_key(path, f"'{name}' stands in with as well", "keep one of them")
        elif not entry.can_be_mapped(name):
            draft.report.at_key(path, f"'{name}' is one for all mapped tasks", "write a single value in with")
        elif isinstance(value, Reference):
            _check_mapped_reference(draft, path, entry.kind_of(name))
        elif not isinstance(value, list | dict) or not value:
            draft.report.at(path, "must be a list or mapping with at least one item, or {$x: task}")
        else:
            copies *= len(value)
            for key, item in _elements(value):
                check_part(entry, task.with_ | {name: item}, name, draft.report, (*path, key))
    if copies > MOST_MAPPED:
        draft.report.at_key(("tasks", index, "expand"), f"{copies} mapped tasks; {MOST_MAPPED} are allowed")


def _check_mapped_reference(draft: Draft, path: Path, kind: str | None) -> None:
    if kind in _FIXED:
        draft.report.at(path, f"a {kind} cannot come from another task", "write a list")


def _elements(value: Any) -> list[tuple[str | int, Any]]:
    """Return what each mapped task gets, by its place; a mapping is mapped over its pairs, as in Airflow."""
    if isinstance(value, dict):
        return [(key, [key, item]) for key, item in value.items()]
    return list(enumerate(value)) if isinstance(value, list) else []


def _sample(value: Any) -> Any:
    return next((item for _, item in _elements(value)), value)


def _check_kinds(draft: Draft, index: int, task: Task, entry: Entry) -> None:
    for section, values in (("with", task.with_), ("expand", task.expand)):
        for name, value in values.items():
            kind = entry.kind_of(name) if name in entry.model_fields else None
            if kind == "environment":
                _check_environment(draft, ("tasks", index, section, name), value)
            checker = _CHECKERS.get(kind or "")
            if checker is None:
                continue
            find = _texts_of_pairs if section == "expand" else texts
            for path, text in find(value, ("tasks", index, section, name)):
                checker(draft, path, text, task, entry)


def _check_environment(draft: Draft, path: Path, value: Any) -> None:
    """Report the names in *value*, a mapping or a list of them, that no process could have in its environment."""
    for index, item in enumerate(value) if isinstance(value, list) else ():
        _check_environment(draft, (*path, index), item)
    for name in value if isinstance(value, Mapping) else ():
        if not names.is_environment_variable(name):
            remedy = "use letters, digits and '_', and no digit first"
            draft.report.at_key((*path, name), f"'{name}' cannot name an environment variable", remedy)


def _texts_of_pairs(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Return what `texts` does, and the keys of a mapping: each mapped task gets its key and its value."""
    for key in value if isinstance(value, Mapping) else ():
        yield from texts(key, (*path, key))
    yield from texts(value, path)


def texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Return every text in *value* with its path; keys of mappings are not among them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))


def _connection(draft: Draft, path: Path, name: str, task: Task, entry: Entry) -> None:
    if names.is_shared(name):
        _shared(draft, path, "connection", name)
        return
    tenant = draft.around.tenant
    if tenant is None:
        return
    connection = tenant.connections.get(name)
    queue = queue_of(draft, task)
    if connection is None:
        hint = (
            did_you_mean(name, tenant.connections)
            if tenant.connections
            else "tenant.yaml names none: add it there"
        )
        draft.report.at(path, f"unknown connection '{name}'", hint)
    elif entry.connection_types and connection.type not in entry.connection_types:
        wanted = " or ".join(entry.connection_types)
        draft.report.at(path, f"'{name}' is of type {connection.type}; {entry.uses} needs {wanted}")
    elif connection.queues is not None and queue not in connection.queues:
        remedy = f"it may be used on: {', '.join(connection.queues)}"
        draft.report.at(path, f"the connection '{name}' may not be used on queue '{queue}'", remedy)


def _shared(draft: Draft, path: Path, kind: str, name: str) -> None:
    secrets = draft.around.environment.secrets
    listed = secrets.global_connections if kind == "connection" else secrets.global_variables
    known = [f"{names.GLOBAL}{names.SEPARATOR}{each}" for each in listed]
    if name not in known:
        file = f"environments/{draft.around.environment.name}/environment.yaml"
        hint = did_you_mean(name, known) if known else f"{file} lists none under secrets.global_{kind}s"
        draft.report.at(path, f"unknown {kind} '{name}' of what all tenants share", hint)


def _variable(draft: Draft, path: Path, name: str, _task: Task, _entry: Entry) -> None:
    if names.is_shared(name):
        _shared(draft, path, "variable", name)
        return
    tenant = draft.around.tenant
    if tenant is not None and name not in tenant.variables:
        hint = (
            did_you_mean(name, tenant.variables)
            if tenant.variables
            else "tenant.yaml names none: add it there"
        )
        draft.report.at(path, f"unknown variable '{name}'", hint)


def _function(draft: Draft, path: Path, name: str, _task: Task, _entry: Entry) -> None:
    # A misspelt form is the model's to report.
    if name.count(":") == 1 and all(part.isidentifier() for part in name.partition(":")[0].split(".")):
        mistake = draft.around.functions.mistake(name)
        if mistake:
            draft.report.at(path, *mistake)


def _relative(draft: Draft, path: Path, text: str) -> None:
    if text.startswith(("/", "~")) or ".." in text.split("/") or "\\" in text or not text:
        field = field_name(draft.report.data, path).rpartition(".")[2]
        draft.report.at(path, f"{field} must be a relative path without '..'")


def _data_path(draft: Draft, path: Path, text: str, task: Task, entry: Entry) -> None:
    _relative(draft, path, text)
    _template(draft, path, text, task, entry)


def _package_file(draft: Draft, path: Path, text: str, _task: Task, _entry: Entry) -> None:
    _relative(draft, path, text)


def _template(draft: Draft, path: Path, text: str, _task: Task, _entry: Entry) -> None:
    if "{" in text:
        check_text(draft, path, text)


_CHECKERS: dict[str, Callable[[Draft, Path, str, Task, Entry], None]] = {
    "connection": _connection,
    "variable": _variable,
    "function": _function,
    "data_path": _data_path,
    "package_file": _package_file,
    "template": _template,
    "environment": _template,
    "json": _template,
}
