"""Numbers out of the source of Airflow's half of the platform, which this program does not import."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path


def constant(module: str, name: str) -> int | float:
    """Return the number that *name*, a constant or a field's default, has in *module*; KeyError where it is none."""
    for statement in ast.walk(ast.parse(_source(module).read_text(encoding="utf-8"))):
        match statement:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return _number(value)
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
                return _number(value)
    raise KeyError(f"{module}.{name}")


def _source(module: str) -> Path:
    # Looking for a module inside a package would import the package.
    package, *rest = module.split(".")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise KeyError(module)
    return Path(spec.submodule_search_locations[0], *rest).with_suffix(".py")


def _number(expression: ast.expr) -> int | float:
    match expression:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _number(left) * _number(right)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return int(_number(left) ** _number(right))
    raise KeyError(ast.unparse(expression))
