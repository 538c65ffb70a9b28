"""A manifest to a Python file with one DAG, as a person would write it: the same input, the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from aerodrome import names
from aerodrome.manifest.dag import AllAssets, AnyAsset, DagManifest, Every, Param, Task, TaskGroup
from aerodrome.manifest.loaded import LoadedDag, LoadedTenant
from aerodrome.policy import effective, facts
from aerodrome.policy.digest import policy_digest
from aerodrome.policy.limits import Limits
from aerodrome.policy.placement import Placement, placement
from aerodrome.render import code, emit, values
from aerodrome.render.dependencies import dependencies
from aerodrome.render.files import RenderedFile
from aerodrome.render.order import Block, arrange
from aerodrome.render.scope import Imports, variables
from aerodrome.render.tasks import Writer, references, settings
from aerodrome.render.values import SDK


def render_dag(tenant: LoadedTenant, dag: LoadedDag, limits: Limits, runtime: str | None) -> RenderedFile:
    """Return the file of *dag*; *limits* are its tenant's, *runtime* the digest of the tenant's virtual environment."""
    imports = Imports()
    statement = _Dag(tenant, dag, limits, runtime, imports).statement()
    header = [
        f"Rendered from {dag.path}: edit that file, this one is overwritten.",
        f"Source {dag.source_digest}",
        f"Policy {policy_digest(limits)}",
    ]
    text = emit.emit(code.Module(header, imports.blocks(), [statement]))
    dag_id = names.dag_id(tenant.name, dag.model.dag_id)
    line = dag.positions.locate(("dag_id",))[0]
    return RenderedFile(f"{tenant.name}/{dag.model.dag_id}.py", text, dag.path, dag_id, line)


@dataclass(frozen=True)
class _Dag:
    tenant: LoadedTenant
    dag: LoadedDag
    limits: Limits
    runtime: str | None
    imports: Imports

    @property
    def model(self) -> DagManifest:
        return self.dag.model

    def statement(self) -> code.Statement:
        reads = references(self.dag)
        ids = [*(task.id for task in self.model.tasks), *(group.id for group in self.model.task_groups)]
        known = variables(ids)
        head = code.Call(self.imports.use(SDK, "DAG"), (), self._keywords(), self._line("dag_id"))
        lines, placements = self._task_lines(), self._placements()
        writer = Writer(self.tenant.name, self.dag, self.runtime, known, lines, placements, self.imports)
        body = self._block(arrange(self.model, reads), writer)
        ties = dependencies(self.model, known, reads)
        return code.With(head, "dag", [*body, *([code.Blank()] if ties else []), *ties])

    def _block(self, block: Block, writer: Writer) -> list[code.Statement]:
        return [self._item(item, writer) for item in block.items]

    def _item(self, item: Task | Block, writer: Writer) -> code.Statement:
        if isinstance(item, Task):
            return writer.statement(item)
        group = item.group
        assert group is not None
        name = writer.variables[group.id]
        if item.again:
            return code.With(code.Name(name), None, self._block(item, writer))
        call = self._group(group)
        return code.With(call, name, self._block(item, writer)) if item.items else code.Assign(name, call)

    def _group(self, group: TaskGroup) -> code.Call:
        keywords: dict[str, code.Expression] = {"group_id": code.Literal(group.id)}
        if group.tooltip:
            keywords["tooltip"] = code.Literal(group.tooltip)
        # The ids of tasks are the manifest's own, in whatever group they are shown.
        keywords["prefix_group_id"] = code.Literal(False)
        line = self._line("task_groups", self.model.task_groups.index(group))
        return code.Call(self.imports.use(SDK, "TaskGroup"), (), keywords, line)

    def _keywords(self) -> dict[str, code.Expression]:
        model = self.model
        keywords: dict[str, code.Expression] = {
            "dag_id": code.Literal(names.dag_id(self.tenant.name, model.dag_id)),
            "description": code.Literal(model.description),
            "doc_md": code.Literal(model.doc_md),
            "schedule": self._schedule(),
            **{name: self._moment(name) for name in ("start_date", "end_date")},
            "catchup": code.Literal(model.catchup),
            "max_active_runs": code.Literal(effective.max_active_runs(self.limits, model)),
            "max_active_tasks": code.Literal(effective.max_active_tasks(self.limits, model)),
            "dagrun_timeout": values.duration(self.imports, model.dagrun_timeout)
            if model.dagrun_timeout
            else _NONE,
            "tags": code.literal(list(dict.fromkeys((names.tag(self.tenant.name), *model.tags)))),
            "params": code.DictOf({name: self._param(name, value) for name, value in model.params.items()}),
            "default_args": self._default_args(),
            **self._forced(),
        }
        optional = {"description": code.Literal(""), "params": code.DictOf({})} | dict.fromkeys(
            _LEFT_OUT, _NONE
        )
        return {name: value for name, value in keywords.items() if value != optional.get(name)}

    def _forced(self) -> dict[str, code.Expression]:
        """Return what every DAG carries and no author writes."""
        kind = effective.schedule_kind(self.model.schedule)
        dag_id = names.dag_id(self.tenant.name, self.model.dag_id)
        channels = [code.Literal(channel.name) for channel in self.limits.channels]
        owner = self.tenant.model.owners[0]
        return {
            "owner_links": code.literal({owner.name: f"mailto:{quote(owner.email, safe='@')}"}),
            "allowed_run_types": code.literal(
                facts.run_types(kind, triggered=dag_id in self.limits.triggered_dags)
            ),
            "access_control": _access(self.tenant.name),
            "on_failure_callback": code.Call(
                self.imports.use("aerodrome_airflow.alerts", "FailureAlert"), channels
            ),
            "user_defined_macros": code.DictOf({"tenant": self._tenant_values()}),
            # Without it Jinja drops the last line feed of a text.
            "jinja_environment_kwargs": code.literal({"keep_trailing_newline": True}),
        }

    def _default_args(self) -> code.Expression:
        base = effective.defaults(self.limits, self.model, self.tenant.model.queues[0])
        forced: dict[str, code.Expression] = {
            "owner": code.Literal(self.limits.owner),
            "logger_name": code.Literal(self.tenant.name),
            "queue": code.Literal(base.queue),
            "pool": code.Literal(base.pool),
            "retries": code.Literal(base.retries),
            "execution_timeout": values.duration(self.imports, base.execution_timeout),
        }
        return code.DictOf(forced | settings(self.tenant.name, self.model.defaults, self.imports))

    def _schedule(self) -> code.Expression:
        schedule = self.model.schedule
        if isinstance(schedule, Every):
            return values.duration(self.imports, schedule.every)
        if isinstance(schedule, AllAssets):
            return code.ListOf(self._assets(schedule.all_assets))
        if isinstance(schedule, AnyAsset):
            return code.Call(self.imports.use(SDK, "AssetAny"), self._assets(schedule.any_asset))
        return code.Literal(schedule)

    def _assets(self, some: Iterable[str]) -> list[code.Expression]:
        return [values.asset(self.imports, self.tenant.name, name) for name in some]

    def _moment(self, name: str) -> code.Expression:
        value = getattr(self.model, name)
        return _NONE if value is None else values.moment(self.imports, value, self.model.timezone)

    def _param(self, name: str, value: object) -> code.Expression:
        if not isinstance(value, Param):
            return code.literal(value)
        schema = value.model_dump(include=value.model_fields_set, by_alias=True)
        default = [code.literal(schema.pop("default"))] if "default" in schema else []
        keywords = {key: code.literal(item) for key, item in schema.items()}
        return code.Call(self.imports.use(SDK, "Param"), default, keywords, self._line("params", name))

    def _tenant_values(self) -> code.Expression:
        known = self.imports.use("aerodrome_airflow.tenant_values", "TenantValues")
        return code.Call(known, [code.Literal(self.tenant.name), code.literal(self.tenant.model.values)])

    def _task_lines(self) -> Mapping[str, int]:
        return {task.id: self._line("tasks", index) for index, task in enumerate(self.model.tasks)}

    def _placements(self) -> Mapping[str, Placement]:
        base = effective.defaults(self.limits, self.model, self.tenant.model.queues[0])
        return {
            task.id: placement(
                self.limits,
                effective.of_task(self.limits, base, task).queue,
                launches=self.dag.parameters[task.id].launches,
            )
            for task in self.model.tasks
        }

    def _line(self, *path: str | int) -> int:
        return self.dag.positions.locate(path)[0]


_NONE = code.Literal(None)
_LEFT_OUT = ("doc_md", "start_date", "end_date", "dagrun_timeout")


def _access(tenant: str) -> code.Expression:
    return code.DictOf(
        {
            role: code.DictOf(
                {
                    resource: code.SetOf([code.Literal(a) for a in actions])
                    for resource, actions in rights.items()
                }
            )
            for role, rights in facts.access_control(tenant).items()
        }
    )
