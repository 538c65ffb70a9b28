"""`python.call`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from common_plugins.catalogue.base import (
    CatalogueEntry,
    Connections,
    EnvironmentMap,
    Function,
    JsonMap,
    Many,
    Variables,
)


class PythonCall(CatalogueEntry):
    """Call a function of the tenant's own package, in its own virtual environment, process and user."""

    uses: ClassVar[str] = "python.call"
    operator: ClassVar[str] = "common_plugins.operators.python_call:PythonCallOperator"
    runs_tenant_code: ClassVar[bool] = True
    launches: ClassVar[bool] = True
    unmapped: ClassVar[frozenset[str]] = frozenset({"outputs"})

    function: Function = Field(
        description="`package.module:function`; what it returns goes to later tasks: JSON, or as a stream of any "
        "size bytes, a `pathlib.Path`, a generator of bytes, a table of pandas or Arrow."
    )
    args: JsonMap = Field(default_factory=dict, description="Keyword arguments of the function.")
    connections: Connections = Field(
        (),
        description="Connections for the function: it gets them if it declares an argument `connections`.",
    )
    variables: Variables = Field(
        (),
        description="Variables for the function: it gets them if it declares an argument `variables`.",
    )
    outputs: Many[Annotated[str, Field(pattern=r"^[A-Za-z_]\w{0,99}$")]] = Field(
        (), description="Keys of the returned object that later tasks reference one by one, by `key`."
    )
    env: EnvironmentMap = Field(
        default_factory=dict, description="Environment variables of the function's process."
    )

    def result_keys(self) -> frozenset[str]:
        """Return the XCom keys under which a task with these parameters leaves its results."""
        return super().result_keys() | frozenset(self.outputs)
