"""A place for a text: what may stand there, and how a manifest says it there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from aerodrome.manifest.patterns import complaint
from hostile_texts import WAYS, Pool, holds_opener, literal, raw

What = Literal[
    "plain", "template", "choice", "path", "template path", "key", "template key", "tag", "doc", "owner",
    "email", "pattern", "environment", "variable",
]  # fmt: skip
# Unicode's white space: what Python's `\s` has beyond it is allowed.
_NOT_IN_EMAIL = re.compile(r'(?![\x1c-\x1f])[\s,;<>"]')
_NOT_IN_VARIABLE = re.compile(r"[^A-Za-z0-9_]")
_NOT_IN_OWNER = re.compile(r"[,\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Hole:
    """A place for a text; *name* is its path in the document."""

    name: str
    what: What
    least: int = 0
    most: int = 100_000

    def inner(self, step: object) -> Hole:
        """Return the place at *step* in this one."""
        return replace(self, name=f"{self.name}.{step}")


@dataclass(frozen=True)
class Rule:
    """What the reference allows, and how another text becomes one of those."""

    allows: Callable[[str], bool]
    fit: Callable[[str], str]


def _is_relative(text: str) -> bool:
    return bool(text) and not (text.startswith(("/", "~")) or ".." in text.split("/") or "\\" in text)


@cache
def _is_pattern(text: str) -> bool:
    return complaint(text) is None


RULES: Mapping[str, Rule] = {
    # A text without a template names a task.
    "choice": Rule(lambda text: not text or "{" in text, lambda text: "{" + text),
    "doc": Rule(lambda text: not text.endswith(".md"), lambda text: f"{text}."),
    "email": Rule(
        lambda text: (
            [bool(part) for part in text.split("@")] == [True, True] and not _NOT_IN_EMAIL.search(text)
        ),
        lambda text: _NOT_IN_EMAIL.sub("", text.replace("@", ""))[:200] + "#@#",
    ),
    "key": Rule(lambda text: text not in ("$x", "$f"), lambda text: f"#{text}"),
    "owner": Rule(
        lambda text: 0 < len(text) <= 100 and not _NOT_IN_OWNER.search(text),
        lambda text: "#" + _NOT_IN_OWNER.sub("", text)[:99],
    ),
    "path": Rule(_is_relative, lambda text: "#" + text.replace("\\", "|").replace("..", ". .")),
    "pattern": Rule(_is_pattern, lambda text: re.escape(text[:200])),
    "variable": Rule(
        lambda text: bool(text) and not _NOT_IN_VARIABLE.search(text) and not text[0].isdigit(),
        lambda text: "_" + _NOT_IN_VARIABLE.sub("", text),
    ),
    "tag": Rule(
        lambda text: 0 < len(text) <= 100 and not text.startswith("tenant:"), lambda text: f"#{text}"[:100]
    ),
}
ANYTHING = Rule(lambda text: True, lambda text: f"#{text}")


def rule_of(hole: Hole) -> Rule:
    """Return the rule of the texts at *hole*, beside their length."""
    return RULES.get(hole.what.removeprefix("template "), ANYTHING)


def is_acceptable(hole: Hole, text: str) -> bool:
    """Return whether the reference says that *text* may stand at *hole*."""
    storable = "\0" not in text and not re.search("[\ud800-\udfff]", text)
    return storable and hole.least <= len(text) <= hole.most and rule_of(hole).allows(text)


def fitted(hole: Hole, text: str) -> str:
    """Return *text*, changed as little as makes it acceptable at *hole*."""
    return text if is_acceptable(hole, text) else rule_of(hole).fit(text)[: hole.most]


def wanted(hole: Hole, pool: Pool) -> str:
    """Return the text that *pool* has for *hole*."""
    if hole.name in pool.fixed:
        return pool.fixed[hole.name]
    if hole.name not in pool.fitted:
        pool.fitted[hole.name] = _sayable(hole, fitted(hole, pool.draw(hole.name).text))
    return pool.fitted[hole.name]


def _sayable(hole: Hole, text: str) -> str:
    if hole.what == "template path" and holds_opener(text):
        # Without a backslash, only a raw block says it, and not these.
        return text.replace("\r", "").replace("endraw", "")
    return text


def written(hole: Hole, pool: Pool) -> str:
    """Return what stands in the manifest at *hole*: the text, or a template that becomes the text."""
    text = wanted(hole, pool)
    if hole.name in pool.fixed:
        return text
    said = WAYS[pool.draw(hole.name).way](text)
    if hole.what == "choice":
        return said if "{" in said else literal(text)
    if hole.what == "template path":
        # A literal may need a backslash, which no path may hold.
        return next(each for each in (said, raw(text), text) if "\\" not in each)
    return said if hole.what in ("template", "template key") else text


def holes(document: Any) -> Iterator[Hole]:
    """Return every hole of *document*, keys too."""
    if isinstance(document, Hole):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield from holes(key)
            yield from holes(value)
    elif isinstance(document, list):
        for item in document:
            yield from holes(item)
