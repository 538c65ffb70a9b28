"""All tenants of the repository as checked models, and every mistake in them."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from aerodrome.environment import Environment, environment_names
from aerodrome.errors import Problem, ProblemsFound
from aerodrome.manifest import differences
from aerodrome.manifest.dag import DagManifest
from aerodrome.manifest.draft import Catalogue, Draft, Surroundings
from aerodrome.manifest.folder import DAGS, MANIFEST, TenantFolder, read_folders
from aerodrome.manifest.functions import Functions
from aerodrome.manifest.inclusion import Inclusions
from aerodrome.manifest.lenient import fit
from aerodrome.manifest.loaded import LoadedDag, LoadedTenant, LoadResult
from aerodrome.manifest.order import check_order_of_tasks
from aerodrome.manifest.parameters import check_parameters
from aerodrome.manifest.params import check_params
from aerodrome.manifest.schedule import check_dates, check_schedule, check_timezone
from aerodrome.manifest.sensors import check_sensors
from aerodrome.manifest.settings import check_settings, check_texts
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.manifest.tenant_checks import below_ceiling, check_environments, check_tenant
from aerodrome.manifest.tenant_wide import Broken, check_tenant_wide
from aerodrome.source.document import Document, read_document
from aerodrome.source.place import Positions, TaskPositions
from aerodrome.source.report import Report, TooManyProblemsError
from aerodrome.source.shape import check

CHECKS = (
    check_schedule,
    check_timezone,
    check_dates,
    check_params,
    check_settings,
    check_texts,
    check_parameters,
    check_sensors,
    check_order_of_tasks,
)


def load_repository(
    root: Path,
    environment: Environment,
    tenants: Collection[str] | None = None,
    catalogue: Catalogue | None = None,
) -> LoadResult:
    """Return the tenants below *root* as they are in *environment*, and all mistakes of all files.

    A manifest with a mistake is left out, and so is a tenant whose tenant.yaml has one; all else is loaded.
    Manifests with `enabled: false` are checked and left out. *tenants*: only these. *catalogue*: other
    operators than `common_plugins` has.
    """
    if catalogue is None:
        from common_plugins.catalogue import entries

        catalogue = entries()
    folders, problems = read_folders(root, tenants)
    environments = environment_names(root)
    loaded = [_load_tenant(folder, environment, environments, catalogue) for folder in folders]
    found = {*problems, *(problem for _, some in loaded for problem in some)}
    return LoadResult(tuple(tenant for tenant, _ in loaded if tenant), tuple(sorted(found)))


def _load_tenant(
    folder: TenantFolder, environment: Environment, environments: tuple[str, ...], catalogue: Catalogue
) -> tuple[LoadedTenant | None, list[Problem]]:
    model, problems = _load_manifest(folder, environment, environments)
    functions = Functions(folder.path, folder.file)
    around = Surroundings(environment, environments, catalogue, folder, functions, model)
    found = [_load_dag(name, around, problems) for name in folder.manifests]
    drafts = [each for each in found if isinstance(each, Draft)]
    check_tenant_wide(drafts, [each for each in found if isinstance(each, Broken)])
    problems += [problem for draft in drafts for problem in draft.report.problems]
    if model is None or folder.unsafe:
        return None, problems
    good = (draft for draft in drafts if not draft.report.problems and draft.model.enabled)
    bad = (draft for draft in drafts if draft.report.problems)
    return LoadedTenant(
        folder.name, folder.file, model, tuple(map(_loaded, good)), tuple(map(_readable_part, bad))
    ), problems


def _load_manifest(
    folder: TenantFolder, environment: Environment, environments: tuple[str, ...]
) -> tuple[TenantManifest | None, list[Problem]]:
    file = f"{folder.file}/{MANIFEST}"
    problems = list(folder.problems)
    if not (folder.path / MANIFEST).exists():
        problems.append(
            Problem(file, 0, 0, "", "is missing", "make tenant NAME=… writes one; it needs at least owners")
        )
        return None, problems
    try:
        document = read_document(folder.path / MANIFEST, file)
    except ProblemsFound as found:
        return None, [*problems, *found.problems]
    report, data = _in_environment(document, environment.name)
    model = None
    with suppress(TooManyProblemsError):
        check_environments(document.data, environments, _report_on(document, report))
        if check(TenantManifest, document.data, _report_on(document, report)):
            model = check(TenantManifest, data, report)
        if model is not None:
            check_tenant(model, environment, report)
            model = below_ceiling(model, environment)
    return (None if report.problems else model), [*problems, *report.problems]


def _load_dag(name: str, around: Surroundings, problems: list[Problem]) -> Draft | Broken:
    file = f"{around.folder.file}/{DAGS}/{name}"
    try:
        document = read_document(around.folder.path / DAGS / name, file)
    except ProblemsFound as found:
        problems += found.problems
        return Broken(file, _text(around.folder.path / DAGS / name), None)
    report, data = _in_environment(document, around.environment.name)
    draft = None
    with suppress(TooManyProblemsError):
        draft = _checked(document, data, report, around)
    if draft is None:
        problems += report.problems
    return draft or Broken(file, document.text, document.data)


def _checked(document: Document, data: Any, report: Report, around: Surroundings) -> Draft | None:
    draft = _draft(document, data, report, around) if isinstance(data, dict) else None
    if draft is None:
        check(DagManifest, document.data, _report_on(document, report))
        return None
    for run in CHECKS:
        run(draft)
    return draft


def _draft(document: Document, data: dict[str, Any], report: Report, around: Surroundings) -> Draft | None:
    told = differences.KEY in document.data
    if told:
        told = check(DagManifest, document.data, _report_on(document, report)) is None
    check_environments(document.data, around.environments, _report_on(document, report))
    inclusions = Inclusions(around.folder, report)
    resolved = inclusions.resolve(data)
    fitted = fit(resolved, report, told=told)
    if fitted is None:
        return None
    tasks = tuple(zip(fitted.indices, fitted.model.tasks, strict=True))
    return Draft(around, document, fitted.model, tasks, _ids(data), fitted.connected, inclusions, report)


def _in_environment(document: Document, environment: str) -> tuple[Report, Any]:
    """Return the data of *document* as it is in *environment*, and a report that places mistakes in it."""
    data, place = document.data, document.place
    if isinstance(data, dict):
        place = differences.merged_place(place, data, environment)
        data = differences.merged(data, environment)
    return Report(document.file, data, Positions(place)), data


def _report_on(document: Document, report: Report) -> Report:
    """Return a report on *document* as it is written; its mistakes are those of *report*."""
    return Report(document.file, document.data, Positions(document.place), report.problems)


def _loaded(draft: Draft) -> LoadedDag:
    digest = draft.inclusions.digest(draft.document.text)
    return LoadedDag(draft.report.file, digest, draft.model, draft.report.positions, draft.parameters)


def _readable_part(draft: Draft) -> LoadedDag:
    """Return *draft* with those of its tasks whose parameters could be read."""
    kept = [(index, task) for index, task in draft.tasks if task.id in draft.parameters]
    model = draft.model.model_copy(update={"tasks": tuple(task for _, task in kept)})
    positions = TaskPositions(draft.report.positions, tuple(index for index, _ in kept))
    return replace(_loaded(draft), model=model, positions=positions)


def _ids(data: dict[str, Any]) -> frozenset[str]:
    lists = [found for key in ("tasks", "task_groups") if isinstance(found := data.get(key), list)]
    items = [item for found in lists for item in found]
    return frozenset(
        item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)
    )


def _text(path: Path) -> str:
    try:
        return (
            path.read_bytes()[: 2**20].decode(errors="replace")
            if path.is_file() and not path.is_symlink()
            else ""
        )
    except OSError:
        return ""
