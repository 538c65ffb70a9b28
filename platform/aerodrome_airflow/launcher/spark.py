"""What spark-submit is told, kept off its command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\f": "\\f",
        **{sign: f"\\{sign}" for sign in "=: #!"},
    }
)


def split_conf(options: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return *options* without each `--conf key=value`, and what those say; the last of a key counts."""
    rest, conf = [], {}
    remaining = iter(options)
    for option in remaining:
        if option == "--conf":
            key, _, value = next(remaining, "").partition("=")
            conf[key] = value
        else:
            rest.append(option)
    return rest, conf


def properties(conf: dict[str, str]) -> str:
    """Return *conf* as a file of Java properties."""
    return "".join(f"{_escaped(key)}={_escaped(value)}\n" for key, value in conf.items())


def driver(folder: Path, text: str, application: Path, arguments: Sequence[str]) -> Path:
    """Return the program to submit in the place of *application*: it calls that one with *arguments* from a file."""
    (folder / "arguments.json").write_text(json.dumps([str(application), *arguments]), encoding="utf-8")
    # A name that no module has: its folder stands first in the path for a moment.
    program = folder / "aerodrome_driver.py"
    program.write_text(text, encoding="utf-8")
    return program


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
