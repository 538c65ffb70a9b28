"""Which parts of a template make a text longer than what they are given, and whether that has a bound."""

from __future__ import annotations

from jinja2 import nodes

_GROWING = frozenset({"replace", "join", "tojson"})
_LONGEST_PIECE = 200


def grows(node: nodes.Node) -> bool:
    """Return whether *node* is a filter or method whose result may be longer than what it works on."""
    name, arguments = _called(node)
    return name in _GROWING and not (name == "replace" and _shrinks(arguments))


def is_unbounded(node: nodes.Node) -> bool:
    """Return whether the growing *node* works on long texts of the template, or on what has grown before."""
    inside = list(node.find_all(nodes.Const))
    long = any(len(str(constant.value)) > _LONGEST_PIECE for constant in inside)
    return long or any(grows(part) for part in node.find_all((nodes.Filter, nodes.Call)))


def _called(node: nodes.Node) -> tuple[str, list[nodes.Expr]]:
    if isinstance(node, nodes.Filter):
        return node.name, node.args
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        return node.node.attr, node.args
    return "", []


def _shrinks(arguments: list[nodes.Expr]) -> bool:
    """Return whether a replacement is no longer than what it replaces."""
    pieces = [part.value for part in arguments[:2] if isinstance(part, nodes.Const)]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return len(texts) == 2 and len(texts[1]) <= len(texts[0]) != 0
