"""What spark-submit is told, kept off its command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from aerodrome_airflow.launcher.jobs import BadJobError

DEPLOY_MODE = "spark.submit.deployMode"
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
    """Return *options* without each `--conf key=value`, and what those say; the last of a key counts.

    BadJobError where they ask for a driver on another machine: it would not end with the task, and the files with
    its settings and arguments are on this one.
    """
    # Said, because an environment variable could else say something else.
    rest: list[str] = []
    conf = {DEPLOY_MODE: "client"}
    remaining = iter(options)
    for option in remaining:
        if option == "--conf":
            key, _, value = next(remaining, "").partition("=")
            conf[key] = value
        else:
            rest.append(option)
    if conf[DEPLOY_MODE] != "client" or _mode(rest) not in ("", "client"):
        raise BadJobError(
            f"spark.submit runs the driver on the worker: leave out {DEPLOY_MODE} and --deploy-mode, or say client"
        )
    return rest, conf


def _mode(options: Sequence[str]) -> str:
    """Return what the option `--deploy-mode` says; nothing where it is not there."""
    said = ""
    for option, following in zip(options, [*options[1:], ""], strict=True):
        name, separator, value = option.partition("=")
        if name == "--deploy-mode":
            said = value if separator else following
    return said


def within(folder: Path) -> dict[str, str]:
    """Return the variables by which Spark's Java leaves no files but in *folder*: it knows no TMPDIR."""
    options = f"-XX:-UsePerfData -Djava.io.tmpdir={folder}"
    return {"SPARK_LAUNCHER_OPTS": options, "SPARK_SUBMIT_OPTS": options}


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
