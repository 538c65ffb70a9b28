"""What a catalogue entry is: a parameter model that names its operator.

This package imports neither Airflow nor the control program, so that both can read it cheaply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict

T = TypeVar("T")


class Reference(BaseModel):
    """The XCom of an upstream task: `{$x: task}` or `{$x: {task: load, key: rows}}`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    task: str
    key: str = "return_value"


@dataclass(frozen=True)
class Kind:
    """What the text in a parameter is; the loader checks each kind against the tenant and the DAG."""

    name: str


Many = Annotated[tuple[T, ...], Strict(False)]
Text = Annotated[str | Reference, Kind("template")]
"""Text with `{{ … }}` templates, or a reference."""
Json = Annotated[Any, Kind("json")]
"""Any JSON value; templates and references may stand anywhere in it."""
Connection = Annotated[str, Kind("connection")]
"""A connection that tenant.yaml names."""
Variable = Annotated[str, Kind("variable")]
"""A variable that tenant.yaml names."""
DagName = Annotated[str, Kind("dag")]
"""Another DAG of the same tenant, without the tenant's prefix."""
Function = Annotated[str, Kind("function"), Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
"""`package.module:function` of the tenant's own Python package."""
DataPath = Annotated[str | Reference, Kind("data_path")]
"""A path below the tenant's data folder, no `..`, not absolute; templates allowed."""
PackageFile = Annotated[str, Kind("package_file")]
"""A file inside an installed package of the tenant's virtual environment, relative to site-packages."""


class CatalogueEntry(BaseModel):
    """Parameters of one operator; field descriptions become its reference page."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    uses: ClassVar[str]
    operator: ClassVar[str]
    """`module:Class` of the Airflow operator; its constructor takes these parameters by the same names."""
    runs_tenant_code: ClassVar[bool] = False
    """The operator starts the tenant's code through the launcher and takes `runtime`."""
    runs_tenant_text: ClassVar[bool] = False
    """The operator executes text of the manifest itself (a shell script): refused on shared queues."""
    sensor: ClassVar[bool] = False
    """The operator waits; it may take `mode: poke | reschedule | defer`."""
    connection_types: ClassVar[tuple[str, ...]] = ()
    """Types of tenant.yaml that the parameter `connection` accepts."""
