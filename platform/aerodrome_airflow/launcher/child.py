"""Start a job's process and hold the ends of its pipes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from aerodrome_airflow.launcher import sandbox
from aerodrome_airflow.launcher.commands import EXTRA, INPUT, RESULT, STREAM, Plan

_TROUBLE = 6
_ABOVE_ALL = 64
COULD_NOT_START = 127


@dataclass(frozen=True)
class Child:
    """A job's process; the descriptors are the keeper's ends, none of them blocks.

    *output* is both of standard output and error, so that lines keep their order; *trouble* tells why the
    process could not become the tenant's program.
    """

    pid: int
    input: int
    output: int
    result: int
    trouble: int
    data: int | None


@dataclass(frozen=True)
class _Pipe:
    reader: int
    writer: int


def start(plan: Plan, confined: sandbox.Confinement, folder: Path) -> Child:
    """Return the running process of *plan*, in *folder*."""
    incoming, output, result, trouble = (_Pipe(*os.pipe()) for _ in range(4))
    data = _Pipe(*os.pipe()) if plan.gives_data else None
    theirs = {
        INPUT: incoming.reader,
        1: output.writer,
        RESULT: result.writer,
        _TROUBLE: trouble.writer,
    }
    theirs[0], theirs[2] = os.open(os.devnull, os.O_RDONLY), os.dup(output.writer)
    if plan.script is not None:
        theirs[EXTRA] = _in_memory(plan.script)
    if data is not None:
        theirs[EXTRA if plan.script is None else STREAM] = data.writer
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_job(plan, confined, folder, keeper, theirs)
    for descriptor in theirs.values():
        os.close(descriptor)
    ours = (incoming.writer, output.reader, result.reader, trouble.reader)
    for descriptor in (*ours, *([data.reader] if data else [])):
        os.set_blocking(descriptor, False)
    return Child(pid, *ours, data.reader if data else None)


def _in_memory(text: bytes) -> int:
    # The tenant's user need not be able to read the folder that the text comes from.
    descriptor = os.memfd_create("aerodrome")
    os.write(descriptor, text)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _become_job(
    plan: Plan, confined: sandbox.Confinement, folder: Path, keeper: int, theirs: Mapping[int, int]
) -> NoReturn:
    try:
        _arrange(theirs)
        sandbox.enter(confined, keeper)
        os.chdir(folder)
        plan.run(folder)
        os._exit(0)
    except BaseException as problem:
        os.write(_TROUBLE, f"{type(problem).__name__}: {problem}".encode()[:2000])
    finally:
        os._exit(COULD_NOT_START)


def _arrange(theirs: Mapping[int, int]) -> None:
    # First out of the way of each other, then to their places.
    high = {place: fcntl.fcntl(descriptor, fcntl.F_DUPFD, _ABOVE_ALL) for place, descriptor in theirs.items()}
    for place, descriptor in high.items():
        os.dup2(descriptor, place, inheritable=place != _TROUBLE)
    for place in (EXTRA, STREAM):
        if place not in theirs:
            os.closerange(place, place + 1)
    os.closerange(STREAM + 1, os.sysconf("SC_OPEN_MAX"))
