"""What a catalogue entry is: a parameter model that names its operator.

This package imports neither Airflow nor the control program, so that both can read it cheaply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    Strict,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import core_schema

from common_plugins.catalogue import durations

T = TypeVar("T")

RETURN_VALUE = "return_value"
"""The XCom key of what a task returns, as in Airflow."""


class Reference(BaseModel):
    """The XCom of an upstream task: `{$x: task}` or `{$x: {task: load, key: rows}}`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    task: str
    key: str = RETURN_VALUE

    @model_validator(mode="before")
    @classmethod
    def _made_by_the_loader(cls, value: Any, info: ValidationInfo) -> Any:
        # A mapping with a key `task` is an author's own data; the loader alone turns `$x` into references.
        if info.context and not isinstance(value, cls):
            raise ValueError("write a reference as {$x: task}")
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of the form that authors write."""
        named = handler.resolve_ref_schema(handler(schema))
        task = {"type": "string", "description": "A task that comes before this one."}
        full = {
            "type": "object",
            "additionalProperties": False,
            "required": ["task"],
            "properties": {"task": task, "key": {"type": "string", "default": RETURN_VALUE}},
        }
        return {
            "type": "object",
            "description": named["description"],
            "additionalProperties": False,
            "required": ["$x"],
            "properties": {"$x": {"anyOf": [task, full]}},
        }


@dataclass(frozen=True)
class Kind:
    """What the text in a parameter is; it holds for every string in the parameter's value.

    The loader checks each kind against the tenant and the DAG. A parameter carries at most one, outermost.
    """

    name: str


Many = Annotated[tuple[T, ...], Strict(False)]
Text = Annotated[str | Reference, Kind("template")]
"""Text with `{{ … }}` templates, or a reference."""
OptionalText = Annotated[str | Reference | None, Kind("template")]
"""Text that may be left out."""
Texts = Annotated[str | Reference | Many[str | Reference], Kind("template")]
"""One text or a list of them."""
TextMap = Annotated[dict[str, str | Reference], Kind("template")]
"""Names and their texts; only the texts are templates."""
EnvironmentMap = Annotated[dict[str, str | Reference], Kind("environment")]
"""Variables of a process's environment and their texts; only the texts are templates."""
Json = Annotated[Any, Kind("json")]
"""Any JSON value; templates and references may stand anywhere in it."""
JsonMap = Annotated[dict[str, Any] | Reference, Kind("json")]
"""A JSON object; templates and references may stand in its values."""
Connection = Annotated[str, Kind("connection")]
"""A connection that tenant.yaml names, or `global.<name>` of what all tenants share."""
OptionalConnection = Annotated[str | None, Kind("connection")]
"""A connection that may be left out."""
Connections = Annotated[Many[str], Kind("connection")]
"""Connections that tenant.yaml names, or `global.<name>` of what all tenants share."""
Variable = Annotated[str, Kind("variable")]
"""A variable that tenant.yaml names, or `global.<name>` of what all tenants share."""
Variables = Annotated[Many[str], Kind("variable")]
"""Variables that tenant.yaml names, or `global.<name>` of what all tenants share."""
DagName = Annotated[str, Kind("dag")]
"""Another DAG of the same tenant, without the tenant's prefix."""
Function = Annotated[str, Kind("function"), Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
"""`package.module:function` of the tenant's own Python package."""
DataPath = Annotated[str | Reference, Kind("data_path")]
"""A path below the tenant's data folder, no `..`, not absolute; templates allowed."""
OptionalDataPath = Annotated[str | Reference | None, Kind("data_path")]
"""A path below the tenant's data folder that may be left out."""
PackageFile = Annotated[str, Kind("package_file")]
"""A file inside an installed package of the tenant's virtual environment, relative to site-packages."""
OptionalPackageFile = Annotated[str | None, Kind("package_file")]
"""A file of an installed package that may be left out."""


def _parse_seconds(value: Any) -> float:
    return value if isinstance(value, float) else float(durations.seconds(value))


Seconds = Annotated[
    float,
    BeforeValidator(_parse_seconds),
    WithJsonSchema({"type": "string", "pattern": durations.PATTERN, "examples": ["30s", "1h30m"]}),
    Kind("duration"),
]
"""Seconds, written as '30s' or '1h30m'."""


class CatalogueEntry(BaseModel):
    """Parameters of one operator; field descriptions become its reference page."""

    # Validators are built at the first use: a manifest names few of the entries.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, defer_build=True
    )

    uses: ClassVar[str]
    operator: ClassVar[str]
    """`module:Class` of the Airflow operator; its constructor takes these parameters by the same names."""
    runs_tenant_code: ClassVar[bool] = False
    """The operator starts or reads the tenant's code through the launcher and takes `runtime`."""
    launches: ClassVar[bool] = False
    """The operator reaches the tenant's code or files, through the launcher: on Kubernetes in the tenant's own pod."""
    runs_tenant_text: ClassVar[bool] = False
    """The operator executes text of the manifest itself (a shell script): refused on shared queues."""
    sensor: ClassVar[bool] = False
    """The operator waits; it may take `mode: poke | reschedule | defer`."""
    connection_types: ClassVar[tuple[str, ...]] = ()
    """Types of tenant.yaml that the parameter `connection` accepts."""
    results: ClassVar[frozenset[str]] = frozenset({RETURN_VALUE})
    """XCom keys that a task of this operator may leave; none: it hands nothing to later tasks."""
    unmapped: ClassVar[frozenset[str]] = frozenset()
    """Parameters that stand in `with` only: before a run the platform must know what they say."""

    @classmethod
    def kind_of(cls, parameter: str) -> str | None:
        """Return the kind of *parameter*, or None where its text is neither checked nor rendered."""
        metadata = cls.model_fields[parameter].metadata
        return next((mark.name for mark in metadata if isinstance(mark, Kind)), None)

    def result_keys(self) -> frozenset[str]:
        """Return the XCom keys under which a task with these parameters leaves its results."""
        return self.results

    @classmethod
    def can_be_mapped(cls, parameter: str) -> bool:
        """Return whether *parameter* may have another value in each mapped task."""
        # Airflow gets the values of `expand` as they are written, and of a duration it wants the seconds.
        return parameter not in cls.unmapped and cls.kind_of(parameter) != "duration"

    @classmethod
    def template_fields(cls) -> tuple[str, ...]:
        """Return the parameters whose text is rendered at run time, in the order of the model."""
        rendered = {"template", "environment", "json", "data_path"}
        return tuple(name for name in cls.model_fields if cls.kind_of(name) in rendered)
