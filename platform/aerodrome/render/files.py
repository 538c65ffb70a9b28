"""What rendering makes; it imports nothing, so that an unchanged tree is known without the renderer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RenderedFile:
    """One file of the bundle: *path* in it, *text*, the *source* that it comes from, *dag_id* where it is a DAG.

    *line* is where the DAG begins in its source; 0 for all of that file.
    """

    path: str
    text: str
    source: str
    dag_id: str = ""
    line: int = 0
