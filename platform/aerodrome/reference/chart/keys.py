"""The keys of the chart's values, as helm/schema lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from aerodrome.errors import AerodromeError

ELEMENT = "[]"
"""The part of a key that stands for each element of a list."""
_NAME = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Key:
    """One key: its *parts*, its type in the notation of helm/schema/keys, and what it is for."""

    path: str
    type: str
    about: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The names from the outside in; ELEMENT for each of a list, {name} for each key of a map."""
        return parts(self.path)


def parts(path: str) -> tuple[str, ...]:
    """Return the parts of *path*: "env[].name" is env, [], name."""
    return tuple(part for part in re.split(r"\.|(?=\[\])", path) if part)


def stands_for_many(part: str) -> bool:
    """Return whether *part* is no name of a key but any: of a list's element or of a map."""
    return part == ELEMENT or bool(_NAME.fullmatch(part))


def read_keys(folder: Path) -> tuple[Key, ...]:
    """Return the keys that *folder* lists; AerodromeError names those that nothing is said about."""
    types: dict[str, str] = {}
    for file in sorted((folder / "keys").glob("*.yaml")):
        types |= _mapping(file)
    texts = _texts(folder / "about.yaml")
    found = {path: texts.of(path) for path in types}
    if silent := sorted(path for path, text in found.items() if not text):
        raise AerodromeError(f"{folder}/about.yaml: nothing about {', '.join(silent)}", "add a line for each")
    return tuple(Key(path, kind, found[path]) for path, kind in types.items())


def _mapping(file: Path) -> dict[str, str]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")) or {})


def _texts(file: Path) -> Texts:
    found: dict[str, dict[str, str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Texts(found["about"], found["names"])


@dataclass(frozen=True)
class Texts:
    """What about.yaml says: pattern → text, and the *names* of the components that {it} stands for."""

    about: Mapping[str, str]
    names: Mapping[str, str]

    def of(self, path: str) -> str:
        """Return the text of the pattern that fits *path* and spells out most of it, or nothing."""
        fitting = [pattern for pattern in self.about if _expression(pattern).fullmatch(path)]
        if not fitting:
            return ""
        best = max(fitting, key=_spelt_out)
        return self.about[best].replace("{it}", self.names.get(parts(path)[0], "this"))


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    text = (
        re.escape(pattern).replace(r"\*\*\.", r"(?:.+\.)?").replace(r"\*\*", r".*").replace(r"\*", r"[^.]*")
    )
    return re.compile(text)


def _spelt_out(pattern: str) -> tuple[int, int, int]:
    named: Sequence[str] = [part for part in parts(pattern) if "*" not in part]
    return len(named), -pattern.count("**"), len(pattern.replace("*", ""))
