"""Sensors that wait longer than their task may run, so that `timeout` and `soft_fail` would never count."""

from __future__ import annotations

from typing import Any

import pytest

TOLD = (
    "execution_timeout ({}) fails the task before timeout ({}) and a last poke_interval ({}) are over\n"
    "    write a shorter timeout, a longer execution_timeout, or mode: reschedule"
)


def sensor(with_: str, task: str = "", defaults: str = "{}") -> str:
    """Return a manifest with one sensor; → marks a place in *with_*."""
    wait = f"{{id: w, uses: file.wait, with: {{path: x, {with_}}}{task}}}"
    return f"dag_id: daily\ndefaults: {defaults}\ntasks:\n- {wait}\n"


@pytest.mark.parametrize(
    ("manifest", "key", "times"),
    [
        (sensor("mode: poke, timeout: →6h", ", execution_timeout: 10m"), "timeout", ("10m", "6h", "1m")),
        (
            sensor("mode: poke, timeout: →6h", defaults="{execution_timeout: 10m}"),
            "timeout",
            ("10m", "6h", "1m"),
        ),
        (sensor("mode: poke, timeout: →6h"), "timeout", ("1h", "6h", "1m")),
        (sensor("mode: poke, timeout: →1h"), "timeout", ("1h", "1h", "1m")),
        (sensor("mode: poke, timeout: →50m, poke_interval: 11m"), "timeout", ("1h", "50m", "11m")),
        (sensor("mode: poke, soft_fail: →true"), "soft_fail", ("1h", "1h", "1m")),
    ],
)
def test_a_wait_that_execution_timeout_would_end_is_refused(
    repository: Any, manifest: str, key: str, times: tuple[str, ...]
) -> None:
    """Of the task, of the defaults, or the tenant's limit: `timeout` and `soft_fail` would never count."""
    found, place = repository.marked(manifest)
    assert found == [f"{place}tasks.w.with.{key}: {TOLD.format(*times)}"]


@pytest.mark.parametrize(
    "manifest",
    [
        sensor("mode: poke"),
        sensor("mode: poke", ", execution_timeout: 1m"),
        sensor("mode: poke, soft_fail: false"),
        sensor("mode: poke, timeout: 59m"),
        sensor("mode: poke, timeout: 1h", ", execution_timeout: 61m", "{execution_timeout: 10m}"),
        sensor("mode: reschedule, timeout: 6h, soft_fail: true"),
        sensor("mode: defer, timeout: 6h, soft_fail: true"),
    ],
)
def test_a_wait_within_execution_timeout_is_right(repository: Any, manifest: str) -> None:
    """A timeout that is left out is no mistake, and other modes do not run while they wait."""
    assert repository.problems(manifest) == []


def test_the_environment_s_ceiling_counts_too(repository: Any) -> None:
    """The tenant's limit is left out there and lowered to the ceiling."""
    path = repository.root / "environments/local/environment.yaml"
    path.write_text(path.read_text() + "limits: {execution_timeout: 5m}\n")
    found, place = repository.marked(sensor("mode: poke, timeout: →5m"))
    assert found == [f"{place}tasks.w.with.timeout: {TOLD.format('5m', '5m', '1m')}"]


def test_a_broken_execution_timeout_is_told_once(repository: Any) -> None:
    """It is not taken for one that is left out."""
    told = repository.problems(sensor("mode: poke, timeout: 2h", ", execution_timeout: 3 hours"))
    assert [text.split(": ")[1] for text in told] == ["tasks.w.execution_timeout"]
