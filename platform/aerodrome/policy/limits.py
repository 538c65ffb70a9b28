"""What one tenant may do in one environment. Travels in the bundle as `<tenant>/policy.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

FILE_NAME = "policy.json"


@dataclass(frozen=True)
class QueueLimits:
    """What holds on one queue."""

    shared: bool
    personal_data: bool
    triggerer: bool
    pods_of: str | None = None
    """The zone in whose pods the tenant's code and files are; None: they are on the workers' hosts."""


@dataclass(frozen=True)
class Channel:
    """A place that the tenant's alerts go to."""

    name: str
    type: str
    target: str


@dataclass(frozen=True)
class Limits:
    """Seconds, slots and Airflow's own names; *connections* maps each to the queues that may use it."""

    tenant: str
    environment: str
    owner: str
    queues: Mapping[str, QueueLimits]
    reserved_queues: tuple[str, ...]
    pools: Mapping[str, int]
    parallelism: int
    active_runs: int
    retries: int
    execution_timeout: float
    connections: Mapping[str, tuple[str, ...]]
    variables: tuple[str, ...]
    forbidden_operators: tuple[str, ...]
    triggered_dags: tuple[str, ...]
    channels: tuple[Channel, ...]

    @property
    def digest(self) -> str:
        """Return a digest of all but `triggered_dags`, which follow from manifests, not from policy."""
        document = {key: value for key, value in asdict(self).items() if key != "triggered_dags"}
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def to_json(limits: Limits) -> str:
    """Return *limits* as text, the same bytes for the same limits."""
    return json.dumps(asdict(limits), sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Limits:
    """Return the limits that *text* holds; ValueError where it is no such document."""
    try:
        document: dict[str, Any] = json.loads(text)
        return Limits(
            **document
            | {
                "queues": {name: QueueLimits(**queue) for name, queue in document["queues"].items()},
                "connections": {name: tuple(queues) for name, queues in document["connections"].items()},
                "channels": tuple(Channel(**channel) for channel in document["channels"]),
                **{key: tuple(document[key]) for key in _LISTS},
            }
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"not a policy document: {problem}") from problem


def for_earlier_dags(limits: str, earlier: str) -> str:
    """Return the document *limits* for the DAGs that were published with *earlier*.

    Which of them are started by others follows from the DAGs, and nothing else of *earlier* remains.
    """
    try:
        return to_json(replace(from_json(limits), triggered_dags=from_json(earlier).triggered_dags))
    except ValueError:
        # Of a version of the platform that wrote something else.
        return limits


_LISTS = ("reserved_queues", "variables", "forbidden_operators", "triggered_dags")
