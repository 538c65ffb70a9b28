"""Code model to text: the same bytes for the same model, laid out as a person would."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from aerodrome.render import code
from aerodrome.render.code import Expression

WIDTH = 100
INDENT = "    "
# A piece of text ends behind a line feed; a longer line is cut, behind a space where there is one.
_PIECES = re.compile(r"[^\n]{0,79}\n|[^\n]{1,79} |[^\n]{1,80}")
# Python reads longer integers in hexadecimal only.
_DECIMAL_BITS = 4096


def emit(module: code.Module) -> str:
    """Return the text of *module*."""
    lines = [f"# {_comment(line)}" for line in module.header]
    for block in module.imports:
        lines += ["", *(_import(name, imported) for name, imported in block)]
    lines.append("")
    for statement in module.body:
        lines += _statement(statement, "")
    return "\n".join(lines) + "\n"


def string(text: str) -> str:
    """Return *text* as a literal, in double quotes where nothing in it speaks against them."""
    written = repr(text)
    # repr takes single quotes for a text without any; if it has no double ones either, those do as well.
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text else written


def _comment(text: str) -> str:
    return text if text.isprintable() else repr(text)


def _import(module: str, imported: Sequence[str]) -> str:
    for name in (*module.split("."), *imported):
        code.require_identifier(name)
    return f"from {module} import {', '.join(imported)}"


def _statement(statement: code.Statement, indent: str) -> list[str]:
    match statement:
        case code.Blank():
            return [""]
        case code.Assign(name, value):
            return _lay_out(value, indent, f"{name} = ", "")
        case code.Evaluate(value):
            return _lay_out(value, indent, "", "")
        case code.Shift(parts):
            return _shift(parts, indent)
        case code.With(value, name, body):
            head = _lay_out(value, indent, "with ", f" as {name}:" if name else ":")
            return head + [line for inner in body for line in _statement(inner, indent + INDENT)]


def _shift(parts: Sequence[Expression], indent: str) -> list[str]:
    lines = [indent]
    for index, part in enumerate(parts):
        start = lines[-1] + (" >> " if index else "")
        written = _one_line(part)
        pieces = [written] if len(start) + len(written) <= WIDTH else _taken_apart(part, indent)
        lines[-1] = start + pieces[0]
        lines += pieces[1:]
    return lines


def _lay_out(value: Expression, indent: str, before: str, after: str) -> list[str]:
    note = _note(value)
    if not _has_lines(value):
        line = f"{indent}{before}{_one_line(value)}{after}"
        if len(line) <= WIDTH:
            return [line + note]
    pieces = _taken_apart(value, indent)
    pieces[0] = f"{indent}{before}{pieces[0]}"
    pieces[-1] += after
    pieces[0] += note
    return pieces


def _note(value: Expression) -> str:
    call = value.target if isinstance(value, code.Method) else value
    return f"  # line {call.line}" if isinstance(call, code.Call) and call.line else ""


def _taken_apart(value: Expression, indent: str) -> list[str]:
    """Return *value* with one line for each thing in it; only the first line is without indent."""
    match value:
        case code.Literal(str(text)) if len(pieces := _PIECES.findall(text)) > 1:
            return ["(", *(f"{indent}{INDENT}{string(piece)}" for piece in pieces), f"{indent})"]
        case code.Call(function, arguments, keywords):
            return [f"{_one_line(function)}(", *_arguments(arguments, keywords, indent), f"{indent})"]
        case code.Method(target, name, keywords):
            lines = _taken_apart(target, indent)
            lines[-1] += f".{name}("
            return [*lines, *_arguments((), keywords, indent), f"{indent})"]
        case code.ListOf(items) if items:
            return ["[", *_arguments(items, {}, indent), f"{indent}]"]
        case code.DictOf(items) if items:
            inner = (_lay_out(item, indent + INDENT, f"{string(key)}: ", ",") for key, item in items.items())
            return ["{", *(line for lines in inner for line in lines), f"{indent}}}"]
    return [_one_line(value)]


def _arguments(items: Iterable[Expression], keywords: Mapping[str, Expression], indent: str) -> list[str]:
    inner = indent + INDENT
    lines = [line for item in items for line in _lay_out(item, inner, "", ",")]
    return lines + [
        line for name, item in keywords.items() for line in _lay_out(item, inner, f"{name}=", ",")
    ]


def _has_lines(value: Expression) -> bool:
    """Return whether text inside *value* has several lines, which are then shown as such."""
    match value:
        case code.Literal(str(text)):
            return "\n" in text[:-1]
        case code.Call(_, arguments, keywords):
            return any(map(_has_lines, arguments)) or any(map(_has_lines, keywords.values()))
        case code.Method(target, _, keywords):
            return _has_lines(target) or any(map(_has_lines, keywords.values()))
        case code.ListOf(items):
            return any(map(_has_lines, items))
        case code.DictOf(items):
            # A place in the manifest stands at the end of a line of its own.
            return any(_has_lines(item) or _note(item) for item in items.values())
    return False


def _one_line(value: Expression) -> str:  # noqa: PLR0911 - one for each kind
    match value:
        case code.Literal(scalar):
            return _scalar(scalar)
        case code.Name(name):
            return name
        case code.Item(target, key):
            return f"{_one_line(target)}[{string(key)}]"
        case code.Call(function, arguments, keywords):
            return f"{_one_line(function)}({_joined(arguments, keywords)})"
        case code.Method(target, name, keywords):
            return f"{_one_line(target)}.{name}({_joined((), keywords)})"
        case code.ListOf(items):
            return f"[{_joined(items, {})}]"
        case code.SetOf(items):
            return f"{{{_joined(items, {})}}}"
        case code.DictOf(items):
            return "{" + ", ".join(f"{string(key)}: {_one_line(item)}" for key, item in items.items()) + "}"


def _joined(items: Iterable[Expression], keywords: Mapping[str, Expression]) -> str:
    written = [_one_line(item) for item in items]
    return ", ".join(written + [f"{name}={_one_line(item)}" for name, item in keywords.items()])


def _scalar(value: code.Scalar) -> str:
    if isinstance(value, str):
        return string(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, int) and value.bit_length() > _DECIMAL_BITS:
        return hex(value)
    return repr(value)
