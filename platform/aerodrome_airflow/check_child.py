"""Import DAG files as Airflow does and say how it went: one line of JSON in, one line out, per file.

Started by the control program as `python -I -m aerodrome_airflow.check_child TRACE_FILE MEMORY_LIMIT`.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import resource
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO, TextIO

_TRACEBACK = re.compile(r"(?m)^Traceback .*$")
_CAUSE = re.compile(r"(?m)^(?:The above exception|During handling of the above)")
_MODULE = re.compile(r"^(?:\w+\.)+(?=\w+(?:: |$))")


def main(trace_file: str, memory_limit: str) -> None:
    """Answer until the input ends."""
    answers = _take_output()
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_limit), int(memory_limit)))
    with Path(trace_file).open("w") as trace:
        _say_where_on_signal(trace)
        _import_airflow()
        _write(answers, {"ready": True})
        for line in sys.stdin:
            question = json.loads(line)
            error, stack = load(Path(question["path"]), question["dag_id"])
            _write(answers, {"error": error, "trace": stack})


def load(path: Path, dag_id: str) -> tuple[str, str]:
    """Return error and trace, both empty where the file *path* of a bundle defines *dag_id* alone."""
    from airflow.dag_processing.dagbag import DagBag

    bag: Any = DagBag(path.parent, collect_dags=False, bundle_path=path.parents[1], bundle_name="check")
    bag.process_file(str(path))
    if bag.import_errors:
        trace = "\n".join(bag.import_errors.values())
        return headline(trace), trace
    if list(bag.dags) != [dag_id]:
        return f"the file defines {', '.join(bag.dags) or 'no DAG'} in the place of {dag_id}", ""
    return _serialize(bag.dags[dag_id])


def headline(trace: str) -> str:
    """Return the message of a trace's last exception, and that of the first where it has a cause."""
    messages = [message for part in _TRACEBACK.split(trace) if (message := _message(part))]
    if not messages:
        return trace.strip()
    cause = f" ({messages[0].splitlines()[0]})" if len(messages) > 1 else ""
    return messages[-1] + cause


def _message(part: str) -> str:
    lines = _CAUSE.split(part)[0].strip("\n").split("\n")
    start = next((at for at, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
    return _MODULE.sub("", "\n".join(line for line in lines[start:] if line.strip()))


def _serialize(dag: Any) -> tuple[str, str]:
    import traceback

    from airflow.serialization.serialized_objects import DagSerialization

    try:
        _check_params(dag.params)
        DagSerialization.to_dict(dag)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}", traceback.format_exc()
    return "", ""


def _check_params(params: Any) -> None:
    # Airflow looks at the defaults of a DAG without a schedule only when somebody starts a run.
    for name in params:
        param = params.get_param(name)
        if param.has_value:
            param.resolve()


def _take_output() -> BinaryIO:
    """Return the standard output for answers alone: what an import prints goes to the standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _say_where_on_signal(trace: TextIO) -> None:
    faulthandler.register(signal.SIGUSR1, file=trace, all_threads=False)


def _import_airflow() -> None:
    import logging
    import warnings

    warnings.simplefilter("ignore")
    import airflow.dag_processing.dagbag  # noqa: F401 - paid once, before the first file's time runs

    logging.disable(logging.CRITICAL)


def _write(answers: BinaryIO, document: dict[str, Any]) -> None:
    answers.write(json.dumps(document).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
