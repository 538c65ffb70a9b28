"""One example: texts into every place of a form, through loader, policy, renderer and Airflow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hostile_documents import FORMS, Form, fill
from hostile_holes import wanted, written
from hostile_repository import WRITERS, Built, Repository
from hostile_texts import Draw, Pool
from hostile_views import Structure, expected, seen, seen_by_airflow, structure
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("AERODROME_HOSTILE_EXAMPLES", "1000"))
# The forms with mapped tasks take Airflow twice the time.
FORM = st.sampled_from([*FORMS, *(form for form in FORMS if not form.mapped)])
WRITER = st.sampled_from(sorted(WRITERS))


def examples(number: int) -> settings:
    """Return the settings of a property with so many examples."""
    phases = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=max(1, number), deadline=None, phases=phases, suppress_health_check=slow)


@dataclass
class Trial:
    """Counts the examples that went through to the end."""

    repository: Repository
    compared: int = 0
    known: dict[Any, Structure] = field(default_factory=dict)

    def run(self, form: Form, pool: Pool, writer: str, *, compare: bool = True, bag: bool = False) -> Any:
        """Return the problems of an example; where there are none, its structure and texts are as they must be.

        *compare*: the texts, too; *bag*: Airflow's DagBag reads the file from disk, instead of Python alone.
        """
        built = self._built(form, pool, writer)
        if built.problems:
            return built.problems
        dag = self.repository.dag_bag(built) if bag else self.repository.execute(built.text)
        must = expected(form, pool)
        same(vars(structure(built, dag)), vars(self._calm_structure(form, pool)))
        if bag:
            given = {name: param["default"] for name, param in must["params"].items()}
            same(seen_by_airflow(dag), {"dag": must["dag"], "params": must["params"], "given": given})
        if compare:
            same(seen(built, dag, must["tasks"]), must)
            self.compared += 1
        return ()

    def _built(self, form: Form, pool: Pool, writer: str) -> Built:
        tenant, dag = (
            fill(skeleton, lambda hole: written(hole, pool)) for skeleton in (form.tenant, form.dag)
        )
        return self.repository.build(tenant, dag, writer)

    def _calm_structure(self, form: Form, pool: Pool) -> Structure:
        """Return the structure of the same form with a harmless text in every place."""
        texts = _empty(form, pool)
        key = (form, *texts)
        if key not in self.known:
            built = self._built(form, Pool([Draw("text", 0)], 0, texts), "JSON")
            assert not built.problems, built.problems
            self.known[key] = structure(built, self.repository.execute(built.text))
        return self.known[key]


def same(found: Any, must: Any) -> None:
    """Fail where *found* is not what it must be, and tell every such place."""
    told = "\n".join(_differences(found, must, ""))
    assert not told, told


def _differences(found: Any, must: Any, place: str) -> list[str]:
    if isinstance(found, Mapping) and isinstance(must, Mapping) and found.keys() == must.keys():
        return [each for key in must for each in _differences(found[key], must[key], f"{place}.{key}")]
    return [] if found == must else [f"{place}: {found!r} is not {must!r}"]


def _empty(form: Form, pool: Pool) -> dict[str, str]:
    # Where these are empty, the rendered file says nothing of them.
    left_out = (form.dag["description"], form.dag["task_groups"][0]["tooltip"])
    return {hole.name: "" for hole in left_out if not wanted(hole, pool)}
