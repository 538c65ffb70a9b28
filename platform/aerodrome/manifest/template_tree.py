"""Reading a template's syntax tree: which names it uses, and what in it is not allowed.

The allow-list serves two ends. A template reads only what the manifest may see (no `ti`, `conn`, `var`, no
attribute with an underscore), and no short text grows into one that fills a worker's memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from aerodrome.errors import did_you_mean
from aerodrome.manifest.template_growth import grows, is_unbounded
from aerodrome.manifest.templates import DATE_FILTERS, DATES, NAMES, TENANT, Finding, Uses

FILTERS = frozenset(
    {
        *DATE_FILTERS, "default", "d", "upper", "lower", "title", "capitalize", "replace", "trim",
        "join", "string", "int",
        "float", "round", "abs", "tojson", "length", "count", "first", "last", "min", "max", "sum",
        "sort", "list",
    }
)  # fmt: skip
_WITHOUT_ARGUMENTS = frozenset({"min", "max", "sum", "sort", "list", "first", "last", "tojson"})
TESTS = frozenset(
    {
        "defined", "undefined", "none", "string", "number", "boolean", "integer", "float",
        "mapping", "sequence", "iterable",
        "even", "odd", "divisibleby", "in", "eq", "ne", "lt", "le", "gt", "ge", "true", "false",
    }
)  # fmt: skip
DATE_METHODS = frozenset(
    {
        "strftime", "add", "subtract", "in_timezone", "in_tz", "date", "time", "isoformat",
        "format", "to_date_string",
        "to_datetime_string", "to_iso8601_string", "start_of", "end_of", "first_of", "last_of",
        "timestamp", "weekday",
        "isoweekday", "next", "previous",
    }
)  # fmt: skip
TEXT_METHODS = frozenset(
    {
        "upper", "lower", "strip", "lstrip", "rstrip", "replace", "split", "startswith", "endswith",
        "title", "capitalize",
        "items", "keys", "values", "get",
    }
)  # fmt: skip
MACROS = frozenset({"ds_add", "ds_format"})
_DATE_NAMES = frozenset(name for name in DATES if not name.startswith(("ds", "ts"))) | {
    "prev_start_date_success",
    "prev_end_date_success",
}
_MOST_GROWING = 20
_MOST_ITEMS = 100
_NO_XCOM = "read another task's result with {$x: task}"
_INSTEAD = {
    **dict.fromkeys(("ti", "task_instance"), _NO_XCOM),
    "var": "name the variable in the operator's parameter `variables`",
    "conn": "name the connection in the operator's parameter",
    "dag_run": "read the run's values as params.<name>",
    **dict.fromkeys(("execution_date", "next_execution_date"), "use logical_date or data_interval_end"),
    **dict.fromkeys(("yesterday_ds", "prev_ds"), "use macros.ds_add(ds, -1)"),
    **dict.fromkeys(("tomorrow_ds", "next_ds"), "use macros.ds_add(ds, 1)"),
}
_STATEMENTS: dict[type[nodes.Node], str] = {
    nodes.Import: "import", nodes.FromImport: "import", nodes.Include: "include", nodes.Extends:
    "extends", nodes.Block: "block",
    nodes.Macro: "macro", nodes.CallBlock: "call", nodes.FilterBlock: "filter", nodes.With: "with",
    nodes.AssignBlock: "set without a value", nodes.ScopedEvalContextModifier: "autoescape",
}  # fmt: skip
_OPERATORS: dict[type[nodes.Node], str] = {nodes.Mul: "*", nodes.Pow: "**", nodes.Mod: "%"}
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not,
    nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Div, nodes.FloorDiv, nodes.Concat, nodes.CondExpr,
    nodes.List,
    nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Slice, nodes.Const,
)  # fmt: skip


@cache
def _environment() -> Environment:
    return Environment(autoescape=False)  # noqa: S701 - nothing is rendered here


def read(text: str) -> Uses:
    """Return what the template *text* names and what is wrong with it."""
    try:
        tree = _environment().parse(text)
        return _Reader().read(tree)
    except TemplateSyntaxError as problem:
        return Uses(
            findings=[
                Finding(
                    problem.lineno, "", f"not a template: {problem.message}", "{% raw %} keeps braces as text"
                )
            ]
        )
    except (RecursionError, MemoryError, ValueError, OverflowError):
        return Uses(
            findings=[Finding(1, "", "a template that is nested too deeply or holds an absurd number")]
        )


class _Reader:
    def __init__(self) -> None:
        self.uses = Uses()
        self.own: set[str] = set()
        self.assigned: set[str] = set()
        self.growing = 0
        self.in_loop = self.in_assignment = False
        self.handlers: dict[type[nodes.Node], Callable[[Any], None]] = {
            nodes.Name: self._name,
            nodes.Getattr: self._attribute,
            nodes.Getitem: self._item,
            nodes.Filter: self._filter,
            nodes.Test: self._test,
            nodes.Call: self._call,
            nodes.For: self._for,
            nodes.Assign: self._assign,
        }

    def read(self, tree: nodes.Template) -> Uses:
        """Return what is found in *tree*."""
        for target in tree.find_all((nodes.For, nodes.Assign)):
            self._declare(target.target)  # type: ignore[attr-defined]
        self._visit(tree)
        return self.uses

    def _visit(self, node: nodes.Node) -> None:
        handler = self.handlers.get(type(node))
        if handler is not None:
            handler(node)
        elif isinstance(node, _PLAIN):
            self._children(node)
        elif type(node) in _OPERATORS:
            operator = _OPERATORS[type(node)]
            self._refuse(
                node,
                operator,
                f"the operator {operator} is not allowed",
                "compute the value in SQL or Python",
            )
        else:
            word = _STATEMENTS.get(type(node), type(node).__name__.lower())
            self._refuse(node, word, f"'{word}' is not allowed in a template", "only values, if, for and set")

    def _children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self._visit(child)

    def _refuse(self, node: nodes.Node, snippet: str, message: str, remedy: str = "") -> None:
        self.uses.findings.append(Finding(node.lineno, snippet, message, remedy))

    def _declare(self, target: nodes.Node) -> None:
        for name in [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name):
            assert isinstance(name, nodes.Name)
            if name.name in NAMES or name.name in _INSTEAD or name.name.startswith("_"):
                self._refuse(name, name.name, f"'{name.name}' cannot be set", "choose another name")
            self.own.add(name.name)

    def _name(self, node: nodes.Name, *, guarded: bool = False) -> None:
        name = node.name
        if name in self.own or (name == "loop" and self.in_loop):
            if self.in_assignment and name in self.assigned:
                self._refuse(
                    node,
                    name,
                    f"'{name}' was set itself: a value set from another may grow",
                    "use names and params",
                )
        elif name in DATES:
            if not guarded:
                self.uses.dates.append((node.lineno, name))
        elif name in ("params", TENANT, "macros"):
            self._refuse(node, name, f"'{name}' stands alone", f"write {name}.<name>")
        elif name not in NAMES:
            remedy = _INSTEAD.get(name) or did_you_mean(name, NAMES)
            self._refuse(node, name, f"the name '{name}' is not allowed in a template", remedy)

    def _attribute(self, node: nodes.Getattr) -> None:
        self._member(node, node.node, node.attr)

    def _item(self, node: nodes.Getitem) -> None:
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        if (
            isinstance(node.node, nodes.Name)
            and node.node.name in ("params", TENANT, "macros")
            and not isinstance(key, str)
        ):
            self._refuse(
                node,
                node.node.name,
                f"{node.node.name}[…] needs a name in quotes",
                f"write {node.node.name}.<name>",
            )
            return
        if key is None:
            self._visit(node.arg)
        self._member(node, node.node, key if isinstance(key, str) else "")

    def _member(self, node: nodes.Node, owner: nodes.Node, name: str) -> None:
        if name.startswith("_"):
            self._refuse(node, name, f"'{name}' is not allowed: it starts with an underscore")
        elif isinstance(owner, nodes.Name) and owner.name == "params":
            self.uses.params.append((node.lineno, name))
        elif isinstance(owner, nodes.Name) and owner.name == TENANT:
            self.uses.values.append((node.lineno, name))
        elif isinstance(owner, nodes.Name) and owner.name == "macros":
            self._refuse(node, name, f"'macros.{name}' must be called", f"allowed: {_calls(MACROS)}")
        else:
            self._visit(owner)

    def _filter(self, node: nodes.Filter) -> None:
        if node.name not in FILTERS:
            self._refuse(node, node.name, f"unknown filter '{node.name}'", did_you_mean(node.name, FILTERS))
        elif (
            node.kwargs or node.dyn_args or node.dyn_kwargs or (node.args and node.name in _WITHOUT_ARGUMENTS)
        ):
            self._refuse(node, node.name, f"the filter '{node.name}' takes no such arguments here")
        self._check_growth(node, node.name)
        if isinstance(node.node, nodes.Name) and node.name in ("default", "d"):
            self._name(node.node, guarded=True)
            self._visit_all(node.args)
        else:
            self._children(node)

    def _test(self, node: nodes.Test) -> None:
        if node.name not in TESTS:
            self._refuse(node, node.name, f"unknown test '{node.name}'", did_you_mean(node.name, TESTS))
        if isinstance(node.node, nodes.Name) and node.name in ("defined", "undefined"):
            self._name(node.node, guarded=True)
        else:
            self._children(node)

    def _call(self, node: nodes.Call) -> None:
        called = node.node
        name = called.attr if isinstance(called, nodes.Getattr) else getattr(called, "name", "")
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self._refuse(node, name, "arguments with * are not allowed")
        if not isinstance(called, nodes.Getattr):
            self._refuse(
                node, name, f"{name or 'this'}(…) cannot be called", "methods of dates and texts can"
            )
        elif isinstance(called.node, nodes.Name) and called.node.name == "macros":
            if name not in MACROS:
                self._refuse(node, name, f"unknown macro 'macros.{name}'", f"allowed: {_calls(MACROS)}")
        else:
            self._method(node, called)
        self._visit_all([*node.args, *node.kwargs])

    def _method(self, node: nodes.Call, called: nodes.Getattr) -> None:
        before = len(self.uses.findings)
        self._visit(called.node)
        allowed = DATE_METHODS | TEXT_METHODS if _is_date(called.node) else TEXT_METHODS
        # `ti.xcom_pull`: that there is no `ti` says enough.
        if called.attr not in allowed and len(self.uses.findings) == before:
            hint = did_you_mean(called.attr, allowed)
            self._refuse(node, called.attr, f"the method '{called.attr}' is not allowed", hint)
        self._check_growth(node, called.attr)

    def _for(self, node: nodes.For) -> None:
        literal = isinstance(node.iter, nodes.List | nodes.Tuple) and len(node.iter.items) <= _MOST_ITEMS
        if self.in_loop or node.recursive:
            self._refuse(node, "for", "a loop inside a loop is not allowed", "use expand, SQL or Python")
        if not literal and not _is_rooted_in_params(node.iter):
            remedy = f"loop over params.<name> or a list of {_MOST_ITEMS} items at most"
            self._refuse(node, "for", "this cannot be looped over", remedy)
        self._visit(node.iter)
        outer, self.in_loop = self.in_loop, True
        self._visit_all([*([node.test] if node.test else []), *node.body, *node.else_])
        self.in_loop = outer

    def _assign(self, node: nodes.Assign) -> None:
        if not isinstance(node.target, nodes.Name):
            self._refuse(node, "set", "set one name at a time")
            return
        self.in_assignment = True
        self._visit(node.node)
        self.in_assignment = False
        self.assigned.add(node.target.name)

    def _visit_all(self, several: list[Any]) -> None:
        for node in several:
            self._visit(node)

    def _check_growth(self, node: nodes.Filter | nodes.Call, name: str) -> None:
        if not grows(node):
            return
        self.growing += 1
        if self.in_assignment or self.growing > _MOST_GROWING or is_unbounded(node):
            self._refuse(node, name, f"'{name}' could make a very long text here", "do it in SQL or Python")


def _is_date(node: nodes.Node) -> bool:
    """Return whether *node* is a date: a name of one, or what a method of one returns."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        return node.node.attr in DATE_METHODS and _is_date(node.node.node)
    return isinstance(node, nodes.Name) and node.name in _DATE_NAMES


def _is_rooted_in_params(node: nodes.Node) -> bool:
    while (
        isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Call | nodes.Filter) and node.node is not None
    ):
        node = node.node
    return isinstance(node, nodes.Name) and node.name == "params"


def _calls(words: frozenset[str]) -> str:
    return ", ".join(f"macros.{word}(…)" for word in sorted(words))
