"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from aerodrome.errors import UserError

Environment = Annotated[str, typer.Option("--env", help="A folder of environments/.")]
Tenant = Annotated[str, typer.Argument(help="A folder of tenants/.", show_default=False)]
PlanToApply = Annotated[
    str, typer.Option("--plan", help="Apply this plan alone: its hash, 12 digits or more, or its file.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Confirm = Annotated[
    str, typer.Option("--confirm", help="Names, with commas, of what a plan destroys: that it may.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]


def repository_root() -> Path:
    """Return the repository around the current folder: the nearest one that holds tenants/ and environments/."""
    start = Path(os.environ.get("AERODROME_REPOSITORY", ".")).resolve()
    for folder in (start, *start.parents):
        if (folder / "tenants").is_dir() and (folder / "environments").is_dir():
            return folder
    remedy = "change to the folder that holds tenants/ and environments/"
    raise UserError(f"{start} is in no Aerodrome repository", remedy)
