"""The page of limits says the numbers that hold, though the program that writes it does not import them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aerodrome.reference.constants import constant
from aerodrome.reference.limits import limits_page


@pytest.fixture(scope="module")
def page() -> str:
    """The page as it is written now."""
    return limits_page()


def test_the_numbers_are_those_of_the_code(page: str) -> None:
    """Memory, rendered text, and jobs at once."""
    from aerodrome_airflow import rendering_time, task_memory, templating
    from aerodrome_airflow.launcher import config, protocol

    assert f"| {task_memory.ALLOWANCE // 2**30} GiB |" in page
    assert f"| {templating.LONGEST:,} characters |" in page
    assert f"| {rendering_time.SECONDS:g} s |" in page
    assert f"| {config.Config(Path(), None, None, {}).max_jobs_per_tenant} | The task fails, and" in page
    assert f"as JSON | {protocol.JOB_LIMIT // 2**20} MiB |" in page


def test_tenants_read_the_same_numbers_where_they_learn_to_write(page: str, repository: Path) -> None:
    """The how-to names three of them."""
    text = " ".join((repository / "docs/how-to/write-a-manifest.md").read_text().split())
    for said in re.findall(r"1 GiB|[\d,]+ characters|50", page.partition("## Manifests")[0]):
        assert said in text


def test_a_constant_that_is_gone_is_no_silent_gap() -> None:
    """The page is not written without it."""
    with pytest.raises(KeyError, match="NOSUCH"):
        constant("aerodrome_airflow.task_memory", "NOSUCH")
