"""What a rendered file imports and what its variables are called."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence

from aerodrome.render.code import Name

# Names that the file uses for other things than tasks and groups.
_TAKEN = frozenset({"dag", "datetime", "timedelta", "float"})
_STANDARD = frozenset({"datetime", "zoneinfo"})


class Imports:
    """Collects the imports of one file while its code is made."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def use(self, module: str, name: str) -> Name:
        """Return *name* and remember that it comes from *module*."""
        self._names.setdefault(module, set()).add(name)
        return Name(name)

    def blocks(self) -> list[list[tuple[str, Sequence[str]]]]:
        """Return module and names in the blocks that people sort them into."""
        by_block: dict[int, list[tuple[str, Sequence[str]]]] = {}
        for module, names in sorted(self._names.items()):
            by_block.setdefault(_block(module), []).append((module, sorted(names, key=_as_ruff_does)))
        return [by_block[block] for block in sorted(by_block)]


def variables(ids: Iterable[str]) -> Mapping[str, str]:
    """Return id → variable: the id itself, with `_` behind it where Python or the file needs the word."""
    known = dict.fromkeys(ids)
    taken = set(known) | _TAKEN
    found: dict[str, str] = {}
    for name in known:
        variable = name
        while variable in _TAKEN or keyword.iskeyword(variable) or (variable != name and variable in taken):
            variable += "_"
        taken.add(variable)
        found[name] = variable
    return found


def _block(module: str) -> int:
    return 0 if module in _STANDARD else 1


def _as_ruff_does(name: str) -> tuple[bool, str]:
    return not name.isupper(), name
