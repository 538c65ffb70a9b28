"""tenants/<tenant>/dags/<name>.yaml: one DAG, in Airflow's words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    WithJsonSchema,
    field_validator,
    model_serializer,
)

from aerodrome.manifest.differences import described_by
from aerodrome.modelling import Many, Model, Name
from aerodrome.quantities import Duration

TriggerRule = Literal[
    "all_success", "all_failed", "all_done", "all_skipped", "one_failed", "one_success", "one_done",
    "none_failed", "none_failed_min_one_success", "none_skipped", "always", "all_done_min_one_success",
]  # fmt: skip
JsonValue = Any


def parse_moment(value: Any) -> datetime:
    """Return the date or date and time that *value* says; without an offset it is in the DAG's time zone."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("write a date as '2024-01-31' or '2024-01-31T06:00:00'")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("write a date as '2024-01-31' or '2024-01-31T06:00:00'") from None
    # Near the ends of the calendar a change of the time zone has no result.
    if not 1970 < moment.year < 2200:
        raise ValueError("the year must be after 1970 and before 2200")
    return moment


Moment = Annotated[
    datetime,
    BeforeValidator(parse_moment),
    WithJsonSchema({"type": "string", "examples": ["2024-01-31", "2024-01-31T06:00:00"]}),
]


class Every(Model):
    """Runs a fixed time apart."""

    every: Duration = Field(description="The distance between two runs.")


class AllAssets(Model):
    """Runs when each of these assets was updated."""

    all_assets: Many[Name] = Field(
        min_length=1, description="Assets that tasks of this tenant name in `produces`."
    )


class AnyAsset(Model):
    """Runs when one of these assets was updated."""

    any_asset: Many[Name] = Field(
        min_length=1, description="Assets that tasks of this tenant name in `produces`."
    )


def _schedule_form(value: Any) -> str | None:
    """Return which form of schedule *value* wants to be: a mistake in it is told in that form's words."""
    if isinstance(value, dict):
        return next((form for key, form in _FORMS.items() if key in value), None)
    return {str: "<text>", type(None): "<none>"}.get(type(value)) or _MODELS.get(type(value))


_FORMS = {"every": "<every>", "all_assets": "<all>", "any_asset": "<any>"}
_MODELS: dict[type, str] = {Every: "<every>", AllAssets: "<all>", AnyAsset: "<any>"}

Schedule = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[Every, Tag("<every>")]
    | Annotated[AllAssets, Tag("<all>")]
    | Annotated[AnyAsset, Tag("<any>")]
    | Annotated[None, Tag("<none>")],
    Discriminator(
        _schedule_form,
        custom_error_type="schedule",
        custom_error_message="write a cron expression, a preset, {every: 1h}, {all_assets: [x]}, "
        "{any_asset: [x]} or null",
    ),
]
"""A cron expression or preset ('@daily'), a distance, assets, or null: only by hand."""


ParamType = Literal["string", "integer", "number", "boolean", "array", "object", "null"]


class ValueSchema(Model):
    """What a value must be, in the words of JSON Schema."""

    type: ParamType | Many[ParamType] | None = Field(
        None, validate_default=False, description="A JSON type, or a list of them."
    )
    title: str | None = Field(None, description="Heading in the form that starts a run.")
    description: str | None = Field(None, description="Help in the form that starts a run.")
    enum: Many[JsonValue] | None = Field(None, description="The only values that are allowed.")
    minimum: float | int | None = Field(None, description="Smallest number.")
    maximum: float | int | None = Field(None, description="Largest number.")
    min_length: int | None = Field(None, alias="minLength", ge=0, description="Shortest text, in characters.")
    max_length: int | None = Field(None, alias="maxLength", ge=0, description="Longest text, in characters.")
    format: Literal["date", "date-time", "time", "email", "uri"] | None = Field(
        None,
        description="What a text must look like; in this order: 2024-01-31, 2024-01-31T06:00:00Z, 06:00:00, "
        "team@example.org, https://example.org/data.",
    )
    items: ValueSchema | None = Field(None, description="What each element of an array must be.")

    @field_validator("type", mode="before")
    @classmethod
    def _null_has_quotes(cls, value: Any) -> Any:
        if value is None or (isinstance(value, list) and None in value):
            raise ValueError("write 'null' in quotes: without them it means no value at all")
        return value

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # JSON Schema knows no key that is null; only a default can be.
        kept = self.model_fields_set & {"default"}
        return {name: value for name, value in handler(self).items() if value is not None or name in kept}


class Param(ValueSchema):
    """A parameter of a run: a default and the JSON Schema that a value must meet."""

    default: JsonValue = Field(None, description="The value of a run that does not say another.")
    pattern: str | None = Field(
        None,
        description="Regular expression that a text must match, with '^' first where a part of it repeats: "
        "one that some text could make slow is refused, and so are look-arounds and references to groups.",
    )


def _param_form(value: Any) -> str:
    return "<described>" if isinstance(value, dict | Param) else "<plain>"


_Plain = Annotated[JsonValue, WithJsonSchema({"type": ["string", "number", "boolean", "array", "null"]})]
ParamValue = Annotated[
    Annotated[Param, Tag("<described>")] | Annotated[_Plain, Tag("<plain>")], Discriminator(_param_form)
]
"""A described parameter, or just its default; a default that is a mapping needs `default:`."""


class TaskSettings(Model):
    """What a task and the DAG's `defaults` may both set."""

    queue: Name | None = Field(
        None, description="A queue of tenant.yaml. Left out: the first that stands there."
    )
    pool: Name | None = Field(None, description="A pool of tenant.yaml. Left out: the tenant's own pool.")
    pool_slots: int | None = Field(None, ge=1, description="Slots of the pool that the task takes.")
    priority_weight: int | None = Field(
        None, ge=1, le=1000, description="Of waiting tasks, the one with the higher weight starts first."
    )
    retries: int | None = Field(
        None, ge=0, description="Further attempts after a failed one. Left out: none."
    )
    retry_delay: Duration | None = Field(None, description="Time between two attempts. Left out: 5m.")
    retry_exponential_backoff: bool | None = Field(
        None, description="True: the time between two attempts doubles with each."
    )
    max_retry_delay: Duration | None = Field(None, description="Longest time between two attempts.")
    execution_timeout: Duration | None = Field(
        None, description="Longest time of one attempt. Left out: the tenant's limit."
    )
    trigger_rule: TriggerRule | None = Field(
        None, description="What must hold of the tasks directly before. Left out: all_success."
    )
    depends_on_past: bool | None = Field(
        None, description="True: waits until the same task of the run before succeeded."
    )


class TaskGroup(Model):
    """Tasks shown and depended on together."""

    id: Name = Field(description="Its name in `group` and `needs`.")
    tooltip: str = Field("", description="Text shown on the group.")
    parent: Name | None = Field(None, description="The group that it stands in.")


class Task(TaskSettings):
    """One step: an operator of the catalogue, its parameters and what it waits for."""

    id: Name = Field(description="The task's name; unique in the DAG.")
    uses: str = Field(description="An operator of the catalogue: `make operators`.")
    with_: dict[str, JsonValue] = Field(
        default_factory=dict, alias="with", description="The operator's parameters."
    )
    needs: Many[Name] = Field((), description="Tasks or task groups that come before.")
    group: Name | None = Field(None, description="The task group that it stands in.")
    expand: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="Parameters with a list, a mapping or a result `{$x: task}` each: one mapped task per element.",
    )
    max_active_tis_per_dag: int | None = Field(
        None, ge=1, le=10_000, description="Mapped copies of this task at the same time."
    )
    produces: Many[Name] = Field((), description="Assets of this tenant that the task updates.")
    consumes: Many[Name] = Field((), description="Assets of this tenant that the task reads.")
    setup: bool = Field(False, description="True: makes what later tasks need; a teardown clears it away.")
    teardown_of: Many[Name] = Field((), description="The setup tasks that this task cleans up after.")
    doc_md: str | None = Field(None, description="Markdown shown with the task.")


class DagDifferences(Model):
    """What is different in one environment. Mappings are merged key by key, lists are replaced."""

    model_config = ConfigDict(json_schema_extra=described_by(lambda: DagManifest))

    enabled: bool | None = None
    schedule: Schedule = None
    timezone: str | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    catchup: bool | None = None
    max_active_runs: int | None = Field(None, ge=1)
    max_active_tasks: int | None = Field(None, ge=1)
    dagrun_timeout: Duration | None = None
    tags: Many[str] | None = None
    defaults: TaskSettings | None = None
    params: dict[Name, ParamValue] | None = None


class DagManifest(Model):
    """A DAG. Its id in Airflow is `<tenant>.<dag_id>`."""

    schema_line: str | None = Field(None, alias="$schema", description="For the editor; without effect.")
    dag_id: Name = Field(description="The DAG's name within the tenant.")
    description: str = Field("", max_length=1000, description="One line, shown in the list of DAGs.")
    doc_md: str | None = Field(None, description="Markdown shown with the DAG.")
    enabled: bool = Field(True, description="False: not published in this environment.")
    schedule: Schedule = Field(None, description="Cron, preset, `every`, assets, or null: only by hand.")
    timezone: str = Field("UTC", description="Zone of cron, `start_date` and `end_date`: Europe/London.")
    start_date: Moment | None = Field(None, description="Required for schedules by time.")
    end_date: Moment | None = Field(None, description="No run is scheduled after it.")
    catchup: bool = Field(False, description="True: also the runs since `start_date` that were missed.")
    max_active_runs: int | None = Field(
        None, ge=1, description="Runs at the same time. Left out: the tenant's `limits.active_runs`."
    )
    max_active_tasks: int | None = Field(
        None, ge=1, description="Tasks of one run at the same time. Left out: the tenant's limit."
    )
    dagrun_timeout: Duration | None = Field(None, description="A run that takes longer fails.")
    tags: Many[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        (), description="Words to find the DAG by; the tenant's name is one by itself."
    )
    params: dict[Name, ParamValue] = Field(
        default_factory=dict, description="What a run can be given; templates read `{{ params.<name> }}`."
    )
    defaults: TaskSettings = Field(
        default_factory=TaskSettings, description="Settings of every task that does not say otherwise."
    )
    task_groups: Many[TaskGroup] = Field((), description="Tasks shown and depended on together.")
    tasks: Many[Task] = Field(min_length=1, description="The steps, in any order.")
    environments: dict[str, DagDifferences] = Field(
        default_factory=dict, description="What is different, by environment."
    )
