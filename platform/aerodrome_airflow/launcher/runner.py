"""Call one function in the tenant's virtual environment, with its interpreter (Python 3.9 to 3.13).

File descriptor 3 holds the request, a line of JSON that content of arguments may follow; 4 takes the answer, JSON too;
5 is this text; 7 takes a result that is no JSON: bytes, a file, pieces of bytes, a table. Standard output and error are
the task's log.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import os
import re
import sys
import traceback
from pathlib import Path
from types import GeneratorType, TracebackType
from typing import Any, Callable, Iterable, Optional  # noqa: UP035 - Python 3.9

RESULT_LIMIT = 1024 * 1024
PIECE = 64 * 1024
MESSAGE_LIMIT = 2000
GIVEN_IF_DECLARED = ("connections", "variables")


class CallError(Exception):
    """The function could not be called, or what it returned cannot be handed on."""


def load(name: str) -> Callable[..., Any]:
    """Return the function that `package.module:function` names."""
    module_name, _, function_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as problem:
        if problem.name is None or not (module_name + ".").startswith(problem.name + "."):
            raise
        raise CallError(f"module {problem.name!r} of {name!r} is not in the tenant's environment") from None
    function = getattr(module, function_name, None)
    if not callable(function):
        raise CallError(f"module {module_name!r} has no function {function_name!r}")
    return function  # type: ignore[no-any-return]


def arguments(function: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of the call: those of the task, and what the function declares by name."""
    keywords = dict(request["args"])
    signature = inspect.signature(function)
    for name in GIVEN_IF_DECLARED:
        if name in signature.parameters and name not in keywords:
            keywords[name] = request[name]
    try:
        signature.bind(**keywords)
    except TypeError as problem:
        raise CallError(f"the arguments do not fit {request['function']}: {problem}") from None
    return keywords


def encoded(value: object) -> str:
    """Return *value* as JSON."""
    try:
        text = json.dumps({"value": value}, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as problem:
        raise CallError(f"the result is not JSON: {problem}") from None
    if len(text) > RESULT_LIMIT:
        size = f"{len(text):,} bytes of JSON; {RESULT_LIMIT:,} at most"
        raise CallError(f"the result has {size}. Write it to a file or a table")

    return text


def streamed(value: object, target: Any) -> Optional[str]:  # noqa: UP045 - Python 3.9
    """Write *value* to *target* and return what it is, or None where it is none of what can be streamed."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        write_all(target, [value])
        return "bytes"
    if isinstance(value, Path):
        with value.open("rb") as source:
            write_all(target, iter(lambda: source.read(PIECE), b""))
        return re.sub(r"[^a-z0-9.+-]", "", value.suffix.lower()).strip(".")[:40]
    if isinstance(value, GeneratorType):
        write_all(target, value)
        return "bytes"
    return write_table(value, target)


def write_all(target: Any, pieces: Iterable[Any]) -> None:
    """Write all of *pieces*."""
    for piece in pieces:
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise CallError(f"a generator's pieces must be bytes, not {type(piece).__name__}")
        target.write(piece)


def write_table(value: object, target: Any) -> Optional[str]:  # noqa: UP045 - Python 3.9
    """Write a table of pandas or Arrow as Arrow's stream; None where *value* is none."""
    library, name = type(value).__module__.partition(".")[0], type(value).__name__
    if (library, name) not in (("pandas", "DataFrame"), ("pyarrow", "Table")):
        return None
    try:
        pyarrow = importlib.import_module("pyarrow")
    except ModuleNotFoundError:
        raise CallError("to return a table of pandas, add pyarrow to the tenant's dependencies") from None
    table: Any = pyarrow.Table.from_pandas(value) if library == "pandas" else value
    with pyarrow.ipc.new_stream(target, table.schema) as writer:
        writer.write_table(table, max_chunksize=65536)
    return "arrow"


def is_machinery(trace: TracebackType) -> bool:
    """Return whether the frame belongs to this file or to Python's import."""
    name = trace.tb_frame.f_code.co_filename
    return name in (main.__code__.co_filename, importlib.__file__) or name.startswith("<frozen importlib")


def tenants_part(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame of the tenant's code on, or None where there is none."""
    while trace is not None and is_machinery(trace):
        trace = trace.tb_next
    return trace


def describe(problem: BaseException) -> str:
    """Return the exception in one short text."""
    text = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    return text if len(text) <= MESSAGE_LIMIT else text[:MESSAGE_LIMIT] + " …"


def answer(request: dict[str, Any]) -> str:
    """Return the JSON to answer with."""
    try:
        function = load(request["function"])
        result = function(**arguments(function, request))
        with os.fdopen(7, "wb") as target:
            form = streamed(result, target)
        return encoded(result) if form is None else json.dumps({"value": None, "stream": form})
    except CallError as problem:
        return json.dumps({"failure": str(problem)})
    except MemoryError:
        return json.dumps({"memory": True})
    except SystemExit as problem:
        return json.dumps({"error": f"the function ended its process: exit code {problem.code!r}"})
    except BaseException as problem:
        traceback.print_exception(type(problem), problem, tenants_part(problem.__traceback__))
        return json.dumps({"error": describe(problem)})


def read_request() -> Any:
    """Return the request with a file in the place of each argument whose content follows it."""
    with os.fdopen(3, "rb") as source:
        request = json.loads(source.readline())
        for number, stream in enumerate(request["streams"]):
            *way, last = stream["at"]
            holder = request["args"]
            for key in way:
                holder = holder[key]
            holder[last] = received(source, number, stream)
    return request


def received(source: Any, number: int, stream: dict[str, Any]) -> Path:
    """Return a file of this task, in its temporary folder, that holds what *source* gives next."""
    form, left = stream["form"], stream["size"]
    path = Path.cwd() / (f"argument-{number}.{form}" if form else f"argument-{number}")
    with path.open("xb") as target:
        while left:
            piece = source.read(min(left, PIECE))
            if not piece:
                raise EOFError(f"{left} bytes of an argument did not come")
            target.write(piece)
            left -= len(piece)
    return path


def main() -> None:
    """Answer the request."""
    # The tenant's own child processes must not hold the channel of the answer open; 5 was this file's text.
    os.set_inheritable(4, False)
    os.set_inheritable(7, False)
    os.close(5)
    # `multiprocessing` would look for this file in each process that it spawns.
    del globals()["__file__"]
    try:
        request = read_request()
    except (OSError, EOFError) as problem:
        leave(json.dumps({"failure": f"the arguments could not be received: {describe(problem)}"}))
        return
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(name)s: %(message)s")
    text = answer(request)
    sys.stdout.flush()
    sys.stderr.flush()
    leave(text)


def leave(text: str) -> None:
    """Give the answer."""
    with os.fdopen(4, "w", encoding="ascii") as target:
        target.write(text)


if __name__ == "__main__":
    main()
