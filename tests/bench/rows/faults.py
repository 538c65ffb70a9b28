"""One broken, one hostile and one hanging manifest among the corpus: all others are published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus import Flow
from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "publish.py"
BROKEN = "\n  - id: broken\n    uses: sql.qurey\n    with: {connection: warehouse, sql: SELECT 1}\n"
HOSTILE = """
  - id: hostile
    uses: sql.query
    with: {connection: warehouse, sql: "{{ ''.__class__.__mro__[1].__subclasses__() }}"}
"""
# Matching the default against the pattern takes years.
HANGING = """
params:
  code: {default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-, type: string, pattern: "^(a+)+$"}
"""


def faults(shop: Workshop) -> Iterator[Figure]:
    """Yield how many of the others were published, and how many faults were named with file and line."""
    shop.say("publishing with three faults among the corpus")
    repository, target = shop.folder / "faulty", shop.folder / "faulty.git"
    for folder in (repository, target):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shop.repository, repository, ignore=shutil.ignore_patterns(".aerodrome"))
    bad = [
        _spoil(repository, flow, text)
        for flow, text in zip(shop.flows, (BROKEN, HOSTILE, HANGING), strict=False)
    ]
    done = run([PYTHON, PROGRAM, repository, target], clean_environment())
    found = json.loads(done.output.splitlines()[-1])
    good = {f"{flow.tenant}/{flow.name}.py" for flow in shop.flows[len(bad) :]}
    count, problems = len(good & set(found["published"])), found["problems"]
    if set(found["published"]) - good:
        raise RuntimeError(f"published although broken: {sorted(set(found['published']) - good)}")
    details = {"problems": problems, "seconds": done.seconds, "cpu_seconds": done.cpu_seconds}
    what = f"1 broken, 1 hostile, 1 that hangs among {len(shop.flows)}: published"
    yield Figure("faults_published", what, "DAGs", (count,), len(good), "higher", details)
    yield Figure(
        "faults_named",
        "of these three, named with tenant, file and line",
        "errors",
        (_named(bad, problems),),
        3,
        "higher",
    )


def _spoil(repository: Path, flow: Flow, text: str) -> str:
    file = f"tenants/{flow.tenant}/dags/{flow.name}.yaml"
    with (repository / file).open("a", encoding="utf-8") as stream:
        stream.write(text)
    return file


def _named(bad: list[str], problems: list[dict[str, Any]]) -> int:
    return len({problem["file"] for problem in problems if problem["line"] > 0} & set(bad))
