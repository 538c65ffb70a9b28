"""`bash.run`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, EnvironmentMap, Text


class BashRun(CatalogueEntry):
    """Run a shell script in the tenant's own process and user; later tasks get its last line."""

    uses: ClassVar[str] = "bash.run"
    operator: ClassVar[str] = "common_plugins.operators.bash_run:BashRunOperator"
    runs_tenant_code: ClassVar[bool] = True
    launches: ClassVar[bool] = True
    runs_tenant_text: ClassVar[bool] = True

    script: Text = Field(description="Text for bash. Exit code 99 skips the task, any other but 0 fails it.")
    env: EnvironmentMap = Field(
        default_factory=dict,
        description="Environment variables of the script. The way to hand it a value: "
        "a value that a template puts into the text itself is executed.",
    )
