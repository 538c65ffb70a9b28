"""The company's profile differs from the official chart by the rows of differences.yaml, and by nothing else."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from chart_differences import Row, place, read_rows, refusals, without_writable_mounts
from held_secrets import held_without_need
from recorded_cases import Case, Chart, mismatches, read_cases

HERE = Path(__file__).parent
EACH = int(os.environ.get("CHART_CASES_EACH", "1"))
"""Recorded cases of each topic that are rendered; CHART_CASES_EACH=1000 renders all, in some minutes."""
COMPANY = """
deploymentPolicy:
  images: {registries: [docker.io, quay.io, registry.k8s.io]}
"""


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    """The differences that are meant."""
    return read_rows(HERE / "differences.yaml")


Rendered = dict[Case, tuple[str, list[Any]]]


@pytest.fixture(scope="module")
def releases(
    chart: Path, helm: dict[str, Path], rows: tuple[Row, ...], tmp_path_factory: pytest.TempPathFactory
) -> Rendered:
    """What the company's profile makes of the values of the cases: a refusal, or objects."""
    scratch = tmp_path_factory.mktemp("charts")
    (scratch / "company.yaml").write_text(COMPANY)
    renderer = Chart(helm["helm3"], chart, scratch, scratch / "company.yaml")
    cases = sample(read_cases(HERE / "recorded/cases.jsonl.xz"), rows)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(cases, pool.map(renderer.rendered, cases), strict=True))


@pytest.fixture(scope="module")
def places(releases: Rendered) -> dict[str, str]:
    """Each place of a difference, with the case and line that show it."""
    return {
        where: f"{case.topic} {case.id}: {line}"
        for case, (refusal, objects) in releases.items()
        for where, line in differences(case, refusal, objects)
    }


def differences(case: Case, refusal: str, objects: list[Any]) -> list[tuple[str, str]]:
    """Return place and text of all that is otherwise than *case* records it."""
    if refusal:
        return [(text, text) for text in refusals(refusal)]
    return [(place(line), line) for line in mismatches(case, "", without_writable_mounts(objects))]


def sample(cases: tuple[Case, ...], rows: tuple[Row, ...]) -> list[Case]:
    """Return the first cases of each topic that record objects, and those that the rows name."""
    named = {row.case for row in rows}
    topics = defaultdict(list)
    for case in cases:
        if case.objects and not case.refused:
            topics[case.topic].append(case)
    return [
        case
        for topic in topics.values()
        for number, case in enumerate(topic)
        if number < EACH or case.id in named
    ]


@pytest.mark.timeout(900)
def test_every_difference_has_a_row_with_its_reason(places: dict[str, str], rows: tuple[Row, ...]) -> None:
    """Whoever comes from the official chart finds there what changes."""
    told = [line for where, line in places.items() if not any(row.covers(where) for row in rows)]
    assert not told, "\n".join(told[:40])


def test_no_row_is_left_over(places: dict[str, str], rows: tuple[Row, ...]) -> None:
    """A difference that is gone is no longer promised."""
    left = [row.place for row in rows if not any(row.covers(where) for where in places)]
    assert not left, "\n".join(left)


def test_every_row_says_why(rows: tuple[Row, ...]) -> None:
    """In a sentence."""
    assert [row.place for row in rows if len(row.reason.split()) < 4] == []


def test_no_container_of_a_recorded_case_holds_a_secret_it_does_not_need(releases: Rendered) -> None:
    """Whatever the values are that people wrote for the official chart, since Airflow 3."""
    told = [
        f"{case.topic} {case.id}: {line}"
        for case, (_, objects) in releases.items()
        if str(case.values.get("airflowVersion", "3")).startswith("3")
        for one in objects
        for line in held_without_need(*pod_of(one))
    ]
    assert told == []


def pod_of(one: Any) -> tuple[str, Any]:
    """Return the component and spec of the pods that an object makes; an empty pod where it makes none."""
    spec = one.get("spec") or {}
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    component = (one["metadata"].get("labels") or {}).get("component", "")
    return component, (spec.get("template") or {}).get("spec", {"containers": []})
