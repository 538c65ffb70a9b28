"""What the tasks of gamma call."""

from __future__ import annotations

import time


def rows() -> list[dict[str, int]]:
    """Return the arguments of two calls of `double`."""
    return [{"n": 1}, {"n": 2}]


def double(n: int) -> int:
    """Return twice *n*, after a moment in which another call could begin."""
    time.sleep(0.3)
    return 2 * n


def total(some: list[int], others: list[int]) -> dict[str, object]:
    """Return the sum of all, and the task that comes next."""
    return {"sum": sum(some) + sum(others), "next": "large" if sum(others) > sum(some) else "small"}


def same(value: object) -> object:
    """Return *value*."""
    return value


def token(variables: dict[str, str]) -> dict[str, object]:
    """Return the variable `token`, and how long it is."""
    return {"token": variables["token"], "length": len(variables["token"])}
