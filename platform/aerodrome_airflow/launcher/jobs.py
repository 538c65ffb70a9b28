"""What a worker asks of the launcher."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal["call", "bash", "spark", "read", "write", "stat"]
KINDS: frozenset[str] = frozenset(get_args(Kind))

_RUNTIME = re.compile(r"[0-9a-f]{16}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class BadJobError(Exception):
    """A request that the launcher does not understand."""


@dataclass(frozen=True)
class Job:
    """One process for one task.

    *runtime* is the digest of the tenant's virtual environment; *environment* is what the task declares.
    *body* has, for call: `function, args, connections, variables` and perhaps `streams`, a list of `at` (keys into
    args), `size` and `form`; bash: `script`; spark: `options, application, arguments`; read: `root` (data or
    package) and `path`; write: `path, size`; stat: `path`.
    """

    tenant: str
    kind: Kind
    runtime: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def encode(job: Job) -> bytes:
    """Return *job* as it travels."""
    return json.dumps(vars(job), allow_nan=False).encode()


def decode(content: bytes) -> Job:
    """Return the job that *content* says; BadJobError where it says none."""
    try:
        raw = json.loads(content)
        job = Job(**raw)
    except (ValueError, TypeError, RecursionError) as problem:
        raise BadJobError(f"not a job: {problem}") from problem
    _check(job)
    return job


def _check(job: Job) -> None:
    if not isinstance(job.tenant, str) or job.kind not in KINDS:
        raise BadJobError("a job has a tenant and a kind")
    if job.runtime is not None and not _is_runtime(job.runtime):
        raise BadJobError(f"{job.runtime!r} is not the digest of a virtual environment")
    if not isinstance(job.body, dict) or not isinstance(job.environment, dict):
        raise BadJobError("body and environment of a job are objects")
    for name, value in job.environment.items():
        if not _VARIABLE.fullmatch(name) or not isinstance(value, str) or "\0" in value:
            raise BadJobError(f"{name!r} is not an environment variable with a text")


def _is_runtime(value: object) -> bool:
    return isinstance(value, str) and _RUNTIME.fullmatch(value) is not None
