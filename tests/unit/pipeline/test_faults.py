"""One broken, several hostile and one hanging manifest among good ones: each harms only itself."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.errors import Problem
from aerodrome.pipeline import Build
from aerodrome.verify import verify

GOOD = {f"{tenant}/{dag}.py" for tenant in ("alpha", "beta", "gamma") for dag in ("daily", "weekly")}
HANGS = """\
dag_id: hangs
schedule: null
params:
  code: {default: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", type: string, pattern: "^(a+)+$"}
tasks:
  - {id: go, uses: flow.empty}
"""
ESCAPE = """\
dag_id: escape
schedule: null
tasks:
  - id: go
    uses: bash.run
    with:
      script: echo {{ ''.__class__.__mro__[1].__subclasses__() }}
"""
HEAD = "schedule: null\ntasks:\n"
BAD = {
    "broken": (f"dag_id: broken\n{HEAD}  - {{id: go, uses: flow.empyt}}\n", 4),
    "takeover": (f"dag_id: beta.daily\n{HEAD}  - {{id: go, uses: flow.empty}}\n", 1),
    "escape": (ESCAPE, 7),
    "foreign": (
        f"dag_id: foreign\n{HEAD}  - {{id: go, uses: dag.trigger, with: {{trigger_dag_id: beta.daily}}}}\n",
        4,
    ),
    "hangs": (HANGS, 4),
}


@pytest.fixture(scope="module")
def found(shared_place: Any) -> Build:
    """What is fit to publish of three tenants, one of which has the bad manifests."""
    for tenant in ("alpha", "beta", "gamma"):
        shared_place.tenant(tenant, "daily", "weekly")
    for name, (text, _) in BAD.items():
        shared_place.dag("alpha", name, text)
    return verify(shared_place.root, "local", progress=lambda _: None, time_limit=2)


def test_exactly_the_other_manifests_are_built(found: Build) -> None:
    """All of all tenants, those of the tenant with the bad ones included."""
    assert {dag.path for dag in found.dags} == GOOD
    assert {f"{tenant}/policy.json" for tenant in ("alpha", "beta", "gamma")} == found.files.keys() - GOOD


@pytest.mark.parametrize("name", BAD)
def test_a_bad_manifest_is_named_with_tenant_file_and_line(found: Build, name: str) -> None:
    """Whoever reads it knows where to look."""
    mine: list[Problem] = [problem for problem in found.problems if problem.file.endswith(f"/{name}.yaml")]
    assert [problem.file for problem in mine] == [f"tenants/alpha/dags/{name}.yaml"]
    assert mine[0].line == BAD[name][1]


def test_nothing_is_said_about_good_manifests(found: Build) -> None:
    """One problem for each bad manifest, none for others."""
    assert len(found.problems) == len(BAD)


def test_a_hang_is_looked_at_again(found: Build, shared_place: Any) -> None:
    """A busy machine may have been the reason: what was good stays known, what hung is tried again."""
    shared_place.dag("alpha", "late", f"dag_id: late\n{HEAD}  - {{id: go, uses: flow.empty}}\n")
    said: list[str] = []
    hung = verify(shared_place.root, "local", progress=said.append, time_limit=0.0001)
    (problem,) = (problem for problem in hung.problems if problem.file.endswith("/late.yaml"))
    assert "it did not end within 0.0001 s" in problem.message
    again = verify(shared_place.root, "local", progress=said.append, time_limit=30)
    assert said == ["importing 1 DAG", "importing 1 DAG"]
    assert {dag.path for dag in again.dags} == {*GOOD, "alpha/late.py"}
