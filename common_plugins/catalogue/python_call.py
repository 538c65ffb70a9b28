"""`python.call`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, Connections, Function, JsonMap, TextMap, Variables


class PythonCall(CatalogueEntry):
    """Call a function of the tenant's own package, in its own virtual environment, process and user."""

    uses: ClassVar[str] = "python.call"
    operator: ClassVar[str] = "common_plugins.operators.python_call:PythonCallOperator"
    runs_tenant_code: ClassVar[bool] = True

    function: Function = Field(description="`package.module:function`; what it returns must be JSON and goes to later tasks.")
    args: JsonMap = Field(default_factory=dict, description="Keyword arguments of the function.")
    connections: Connections = Field(
        (), description="Connections that the function gets, as the keyword argument `connections` if it declares one."
    )
    variables: Variables = Field(
        (), description="Variables that the function gets, as the keyword argument `variables` if it declares one."
    )
    env: TextMap = Field(default_factory=dict, description="Environment variables of the function's process.")
