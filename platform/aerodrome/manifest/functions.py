"""Which functions a tenant's package defines: read from its text, never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.errors import ProblemsFound, did_you_mean
from aerodrome.source.document import read_text

SOURCE = "src"


@dataclass
class Functions:
    """The functions below *folder*/src; each module is read once."""

    folder: Path
    file: str
    _modules: dict[str, frozenset[str] | str | None] = field(default_factory=dict)

    def mistake(self, function: str) -> tuple[str, str] | None:
        """Return what is wrong with `package.module:name`, and a remedy, or None."""
        module, _, name = function.partition(":")
        if module not in self._modules:
            self._modules[module] = self._names(module)
        names = self._modules[module]
        if names is None:
            return f"no module '{module}'", f"it would be {self.file}/{SOURCE}/{module.replace('.', '/')}.py"
        if isinstance(names, str):
            return names, ""
        if name not in names and "*" not in names:
            return f"'{module}' defines no function '{name}'", did_you_mean(name, names)
        return None

    def _names(self, module: str) -> frozenset[str] | str | None:
        base = self.folder / SOURCE / Path(*module.split("."))
        for path in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
            if path.is_file():
                return _defined(path, f"{self.file}/{path.relative_to(self.folder).as_posix()}")
        return None


def _defined(path: Path, file: str) -> frozenset[str] | str:
    try:
        tree = ast.parse(read_text(path, file))
    except ProblemsFound as found:
        return str(found.problems[0])
    except SyntaxError as problem:
        return f"{file}:{problem.lineno or 1}:{problem.offset or 1}: not Python: {problem.msg}"
    except (ValueError, RecursionError, MemoryError):
        return f"{file}: not Python that can be read"
    return frozenset(name for statement in tree.body for name in _bound(statement))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Return the names that could be a function after *statement*."""
    match statement:
        case ast.FunctionDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        # Without a value it declares a name, and binds none.
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name
        case ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names)
        case ast.If() | ast.Try():
            for inner in ast.iter_child_nodes(statement):
                if isinstance(inner, ast.stmt):
                    yield from _bound(inner)
