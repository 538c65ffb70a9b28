"""A tenant and a manifest with a hole wherever text can stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aerodrome.manifest.dag import DagDifferences, DagManifest, Param, Task, TaskGroup, ValueSchema
from aerodrome.manifest.tenant import Groups, Owner, TenantManifest
from hostile_holes import Hole
from hostile_places import places

from common_plugins.catalogue import entries

HERE, ELSEWHERE = "local", "elsewhere"
FIRST, READER, PAIRS, EACH = "first", "reader", "pairs", "each"
PARTS = 4
OPTIONS = 2
CALL = {"function": "alpha.jobs:run"}
# What an operator needs beside its texts.
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "dag.trigger": {"trigger_dag_id": "sample"},
    "email.send": {"connection": "mail"},
    "http.request": {"connection": "api"},
    "python.call": CALL,
    "spark.submit": {"connection": "cluster"},
    "sql.chart": {"connection": "warehouse"},
    "sql.check": {"connection": "warehouse"},
    "sql.load": {"connection": "warehouse", "table": "t", "mode": "append"},
    "sql.query": {"connection": "warehouse"},
}
# Of two parameters only one may be given.
EITHER: Mapping[str, tuple[str, str]] = {"sql.load": ("file", "package_file")}
NEITHER = ("", "")
SETTINGS: Mapping[str, dict[str, Any]] = {"bash.run": {"queue": "onprem"}}


@dataclass(frozen=True)
class Form:
    """One of the forms of a tenant and its manifest.

    *part*: which of the operators it uses; *option*: which of several types a field has; *mapped*: the
    operators' parameters stand in `expand`.
    """

    part: int
    option: int
    mapped: bool

    @property
    def is_overridden(self) -> bool:
        """Whether the environment's differences hold texts that take the place of others."""
        return (self.option + self.mapped) % 2 == 1

    @cached_property
    def tenant(self) -> dict[str, Any]:
        """The tenant.yaml of this form."""
        whole = {
            **places(TenantManifest, "tenant", self.option),
            "owners": [places(Owner, "owner"), places(Owner, "second")],
            "groups": places(Groups, "groups"),
            "queues": ["default", "onprem"],
            "connections": {
                name: {"type": kind}
                for name, kind in (
                    ("warehouse", "postgres"), ("api", "http"), ("mail", "smtp"), ("cluster", "spark")
                )
            },
            "alert_channels": ["team"],
            "values": {"region": _text("values.region"), "number": 3},
        }  # fmt: skip
        return whole | self._differences({"values": {"region": _text("values.region")}})

    @cached_property
    def dag(self) -> dict[str, Any]:
        """The manifest of this form."""
        tasks = [self._task(uses, said) for uses, said in self.operators.items()]
        whole = {
            **places(DagManifest, "dag", self.option),
            "dag_id": "sample",
            "params": {"plain": _text("plain"), **self._params},
            "task_groups": [{**places(TaskGroup, "group"), "id": "group"}],
            "tasks": [
                {"id": FIRST, "uses": "python.call", "with": CALL},
                *tasks,
                *(_mapped() if self.mapped else []),
                _reader(),
            ],
        }
        added = {f"added_{name}": param for name, param in self._params.items()}
        changed = {**places(DagDifferences, "dag"), "params": {"plain": _text("plain"), **added}}
        # Of tags that others take the place of, only the length is looked at.
        unread = {"tags": fill(whole["tags"], _as_plain)} if self.is_overridden else {}
        return whole | unread | self._differences(changed)

    @property
    def _params(self) -> dict[str, Any]:
        # Airflow copies all params for each task, and checks them for each mapped one.
        return {} if self.mapped or self.part else _params(self.option)

    def _differences(self, changed: Any) -> dict[str, Any]:
        names = [ELSEWHERE, *([HERE] if self.is_overridden else [])]
        return {"environments": {name: _named(changed, name) for name in names}}

    @cached_property
    def operators(self) -> Mapping[str, Mapping[str, Any]]:
        """The parameters with text of each operator of this form."""
        return {uses: self._parameters(uses) for uses in list(entries())[self.part :: PARTS]}

    def _parameters(self, uses: str) -> dict[str, Any]:
        left_out = EITHER.get(uses, NEITHER)[1 - self.option]
        found = places(entries()[uses], task_of(uses), self.option)
        return {name: self._known_late(place) for name, place in found.items() if name != left_out}

    def _task(self, uses: str, said: Mapping[str, Any]) -> dict[str, Any]:
        can_be_mapped = entries()[uses].can_be_mapped
        mapped = {name: [value] for name, value in said.items() if self.mapped and can_be_mapped(name)}
        single = {name: value for name, value in said.items() if name not in mapped}
        return {
            **places(Task, task_of(uses)),
            **{
                "id": task_of(uses),
                "uses": uses,
                "needs": [FIRST],
                "with": {**NEEDED.get(uses, {}), **single},
            },
            **({"group": "group"} if uses.startswith("sql.") else {}),
            **({"expand": mapped} if mapped else {}),
            **SETTINGS.get(uses, {}),
        }

    def _known_late(self, place: Any) -> Any:
        # What a mapped task chooses is known at run time only: any text will do.
        late = {"choice": "template"} if self.mapped else {}
        return fill(place, lambda hole: replace(hole, what=late.get(hole.what, hole.what)))


FORMS = tuple(
    Form(part, option, mapped)
    for mapped in (False, True)
    for option in range(OPTIONS)
    for part in range(PARTS)
)


def task_of(uses: str) -> str:
    """Return the id of the task that uses the operator *uses*."""
    return uses.replace(".", "_")


def fill(skeleton: Any, say: Callable[[Hole], Any]) -> Any:
    """Return *skeleton* with what *say* says in every hole."""
    if isinstance(skeleton, Hole):
        return say(skeleton)
    if isinstance(skeleton, Mapping):
        return {fill(key, say): fill(value, say) for key, value in skeleton.items()}
    if isinstance(skeleton, list):
        return [fill(item, say) for item in skeleton]
    return skeleton


def _text(name: str) -> Hole:
    return Hole(name, "plain")


def _named(skeleton: Any, name: str) -> Any:
    """Return *skeleton* with holes of their own for the environment *name*."""
    own = fill(skeleton, lambda hole: hole.inner(name))
    # What is wrong with the texts of another environment is told there.
    return own if name == HERE else fill(own, _as_plain)


def _as_plain(hole: Hole) -> Hole:
    return replace(hole, what="plain")


def _params(option: int) -> dict[str, Any]:
    one, other, key = _text("param.one"), _text("param.other"), _text("param.key")
    nested = {key: [one, {key: other}]}
    about = places(Param, "param", option)
    about.pop("pattern")
    # Airflow matches a text against the pattern; a number against nothing.
    return {
        "described": {"default": one, "type": "string", "enum": [one, other], **about},
        "matched": {"default": 1, **places(Param, "matched", option)},
        "listed": {
            "default": [one, other],
            "items": {**places(ValueSchema, "items", option), "enum": [one, other]},
        },
        "mapped": {"default": nested, "enum": [nested]},
        "several": [other, one],
        "boxes": [nested, nested],
    }


def _mapped() -> list[dict[str, Any]]:
    """Return tasks of which each copy gets a key and its value, or one of the things that another returned."""
    pair = {Hole("pairs.key", "template key"): Hole("pairs.value", "template")}
    query = {"uses": "sql.query", "with": NEEDED["sql.query"]}
    return [
        {"id": PAIRS, **query, "expand": {"sql": pair}},
        {"id": EACH, **query, "needs": [FIRST], "expand": {"sql": {"$x": FIRST}}},
    ]


def _reader() -> dict[str, Any]:
    """Return a task that reads texts of other places: a param, a tenant's value, another task's result."""
    args = {"param": "{{ params.plain }}", "value": "{{ tenant.region }}", "result": {"$x": FIRST}}
    return {"id": READER, "uses": "python.call", "needs": ["group", FIRST], "with": {**CALL, "args": args}}
