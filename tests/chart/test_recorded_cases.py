"""Values files written for the official chart render the objects that are recorded for them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from recorded_cases import Case, Chart, read_cases

RECORDED = Path(__file__).parent / "recorded"
Mismatches = dict[Case, list[str]]


def exceptions() -> dict[str, str]:
    """Return id → reason of the cases that are known not to match."""
    lines = (RECORDED / "exceptions.txt").read_text().splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def mismatches(chart: Path, helm: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Mismatches:
    """What differs from each case, all of them rendered with the official profile on all cores."""
    scratch = tmp_path_factory.mktemp("charts")
    renderer = Chart(helm["helm3"], chart, scratch, chart / "profiles/official.yaml")
    cases = read_cases(RECORDED / "cases.jsonl.xz")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(cases, pool.map(renderer.mismatches, cases), strict=True))


@pytest.mark.timeout(900)
def test_every_recorded_case_matches_but_the_known_exceptions(mismatches: Mismatches) -> None:
    """A case that matched and no longer does is named with its first differences."""
    known = exceptions()
    told = [
        f"{case.topic} {case.id}: {'; '.join(lines[:3])}"
        for case, lines in mismatches.items()
        if lines and case.id not in known
    ]
    assert not told, "\n".join(told)


def test_no_exception_is_left_that_matches(mismatches: Mismatches) -> None:
    """What has been mended is held from then on."""
    matching = {case.id for case, lines in mismatches.items() if not lines}
    assert not matching & exceptions().keys(), "delete these rows of recorded/exceptions.txt"
