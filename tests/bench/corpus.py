"""A corpus of DAGs whose shape follows real ones: 400 over 20 tenants, the same bytes on every machine.

Sizes are the quantiles of a log-normal distribution, so that median, mean and tail hold
exactly and not by luck.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, mean, median
from typing import Any

SEED = 20_260_101
MEDIAN_TASKS = 6.1
SPREAD = 1.45
MOST_TASKS = 212

TENANTS = (
    "billing", "brokerage", "catalogue", "claims", "crm", "customs", "fleet", "fraud", "hr", "inventory",
    "legal", "loyalty", "marketing", "payments", "pricing", "procurement", "risk", "support", "treasury",
    "weather",
)  # fmt: skip
SCHEDULES = ("@daily", "@hourly", "0 5 * * 1-5", "30 2 * * *", "15 */4 * * *", "0 6 1 * *", None)
VERBS = ("extract", "load", "clean", "join", "score", "publish", "archive", "reconcile", "enrich", "export")
NOUNS = (
    "orders",
    "invoices",
    "accounts",
    "events",
    "sessions",
    "rates",
    "parcels",
    "contracts",
    "calls",
    "stock",
)
KINDS = {"query": 12, "short": 28, "check": 8, "request": 13, "call": 19, "wait": 6, "mail": 4, "empty": 10}


@dataclass(frozen=True)
class Step:
    """One task: an operator of the catalogue and its parameters."""

    id: str
    uses: str
    parameters: Mapping[str, Any]
    needs: tuple[str, ...]
    retries: int | None = None


@dataclass(frozen=True)
class Flow:
    """One DAG of one tenant."""

    tenant: str
    name: str
    description: str
    schedule: str | None
    tags: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def dag_id(self) -> str:
        """Return the id in Airflow."""
        return f"{self.tenant}.{self.name}"


def corpus(count: int = 400, tenants: Sequence[str] = TENANTS) -> tuple[Flow, ...]:
    """Return *count* DAGs, dealt to *tenants* in turn."""
    chance = random.Random(SEED)
    sizes = list(_sizes(count))
    chance.shuffle(sizes)
    return tuple(_flow(chance, tenants[i % len(tenants)], i, size) for i, size in enumerate(sizes))


def shape(lines: Sequence[int], tasks: Sequence[int]) -> dict[str, float]:
    """Return the figures that describe a corpus, from the lines and tasks of each manifest."""
    return {
        "manifests": len(lines),
        "median_lines": median(lines),
        "most_lines": max(lines),
        "mean_tasks": round(mean(tasks), 1),
        "most_tasks": max(tasks),
    }


def _sizes(count: int) -> Iterator[int]:
    for i in range(count):
        quantile = NormalDist().inv_cdf((i + 0.5) / count)
        yield max(1, min(MOST_TASKS, round(MEDIAN_TASKS * math.exp(SPREAD * quantile))))


def _flow(chance: random.Random, tenant: str, number: int, size: int) -> Flow:
    verb, noun = chance.choice(VERBS), chance.choice(NOUNS)
    name = f"{verb}_{noun}_{number:03d}"
    steps = tuple(_step(chance, i) for i in range(size))
    schedule = chance.choice(SCHEDULES)
    return Flow(tenant, name, f"{verb.capitalize()} {noun}.", schedule, (noun, verb), steps)


def _step(chance: random.Random, number: int) -> Step:
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    noun = chance.choice(NOUNS)
    uses, parameters = _PARAMETERS[kind](noun, number)
    first = max(0, number - 6)
    wanted = (
        {chance.randrange(first, number) for _ in range(chance.choice((1, 1, 1, 2)))} if number else set()
    )
    needs = tuple(step_id(i) for i in sorted(wanted))
    return Step(step_id(number), uses, parameters, needs, retries=chance.choice((*[None] * 9, 3)))


def step_id(number: int) -> str:
    """Return the id of the task with this number."""
    return f"step_{number:03d}"


def _query(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    sql = (
        f"INSERT INTO {noun}_{number:03d}\n"
        f"SELECT day, region, count(*) AS n FROM {noun}\n"
        "WHERE day = '{{ ds }}' GROUP BY day, region\n"
    )
    return "sql.query", {"connection": "warehouse", "sql": sql, "result": "none"}


def _short(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    return "sql.query", {"connection": "warehouse", "sql": f"CALL refresh_{noun}({number}, '{{{{ ds }}}}')"}


def _check(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    checks = [
        {"name": f"{noun} are there", "sql": f"SELECT count(*) FROM {noun}_{number:03d}", "at_least": 1}
    ]
    return "sql.check", {"connection": "warehouse", "checks": checks}


def _request(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    return "http.request", {"connection": "service", "endpoint": f"/v1/{noun}/{number}", "response": "json"}


def _call(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    return "python.call", {
        "function": "steps.jobs:run",
        "args": {"table": noun, "part": number, "day": "{{ ds }}"},
    }


def _wait(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    return "file.wait", {"path": f"in/{noun}_{number:03d}.csv", "mode": "reschedule"}


def _mail(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    text = f"Part {number} of {noun} is ready."
    return "email.send", {"connection": "mail", "to": f"{noun}@example.org", "subject": text, "text": text}


def _empty(noun: str, number: int) -> tuple[str, dict[str, Any]]:
    return "flow.empty", {}


_PARAMETERS = {
    "query": _query,
    "short": _short,
    "check": _check,
    "request": _request,
    "call": _call,
    "wait": _wait,
    "mail": _mail,
    "empty": _empty,
}
