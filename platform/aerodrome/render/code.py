"""A small model of Python code: all that a rendered DAG file is made of. Nothing here takes text as code."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Literal:
    """A scalar, written by `repr`."""

    value: Scalar


@dataclass(frozen=True)
class Name:
    """A variable or its attribute: `load`, `load.output`."""

    name: str

    def __post_init__(self) -> None:
        for part in self.name.split("."):
            require_identifier(part)


@dataclass(frozen=True)
class Item:
    """`target[key]`."""

    target: Expression
    key: str


@dataclass(frozen=True)
class Call:
    """`function(*arguments, **keywords)`; *line* is the place in the manifest, for the comment behind it."""

    function: Expression
    arguments: Sequence[Expression] = ()
    keywords: Mapping[str, Expression] = field(default_factory=dict)
    line: int = 0

    def __post_init__(self) -> None:
        for name in self.keywords:
            require_identifier(name)


@dataclass(frozen=True)
class Method:
    """`target.name(**keywords)`."""

    target: Call
    name: str
    keywords: Mapping[str, Expression]

    def __post_init__(self) -> None:
        for name in (self.name, *self.keywords):
            require_identifier(name)


@dataclass(frozen=True)
class ListOf:
    """`[…]`."""

    items: Sequence[Expression]


@dataclass(frozen=True)
class SetOf:
    """`{…}` of at least one item."""

    items: Sequence[Expression]


@dataclass(frozen=True)
class DictOf:
    """`{key: value}`."""

    items: Mapping[str, Expression]


Expression = Literal | Name | Item | Call | Method | ListOf | SetOf | DictOf


@dataclass(frozen=True)
class Assign:
    """`name = value`."""

    name: str
    value: Expression

    def __post_init__(self) -> None:
        require_identifier(self.name)


@dataclass(frozen=True)
class Evaluate:
    """An expression as a statement."""

    value: Expression


@dataclass(frozen=True)
class Shift:
    """`a >> [b, c] >> d`."""

    parts: Sequence[Expression]


@dataclass(frozen=True)
class With:
    """`with value as name:` and its body."""

    value: Expression
    name: str | None
    body: Sequence[Statement]

    def __post_init__(self) -> None:
        if self.name is not None:
            require_identifier(self.name)


@dataclass(frozen=True)
class Blank:
    """An empty line."""


Statement = Assign | Evaluate | Shift | With | Blank


@dataclass(frozen=True)
class Module:
    """A file: comment lines, imported names by module, statements."""

    header: Sequence[str]
    imports: Sequence[Sequence[tuple[str, Sequence[str]]]]
    body: Sequence[Statement]


def require_identifier(name: str) -> None:
    """Raise ValueError where *name* cannot stand for a variable, an attribute or a keyword."""
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise ValueError(f"not an identifier: {name!r}")


def literal(value: Any) -> Expression:
    """Return *value*, made of JSON values, as an expression."""
    if isinstance(value, Mapping):
        return DictOf({str(key): literal(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return ListOf([literal(item) for item in value])
    if value is None or isinstance(value, str | int | float | bool):
        return Literal(value)
    raise TypeError(f"no literal for {type(value).__name__}")
