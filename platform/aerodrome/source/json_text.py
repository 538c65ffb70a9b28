"""JSON text to plain data with places."""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from aerodrome.source import budget
from aerodrome.source.budget import UnreadableError
from aerodrome.source.place import Place
from aerodrome.source.scalars import finite, whole

_SPACE = re.compile(r"[ \t\n\r]*")
_BREAK = re.compile(r"\r\n|\r|\n")


def read_json(text: str) -> tuple[Any, Place]:
    """Return the data and the places of the JSON document *text*; UnreadableError where it is none."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = self.nodes = 0
        self.starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self.scalars = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=whole, parse_float=finite)
        self.containers: dict[str, Callable[[], tuple[Any, dict[str | int, Place]]]] = {
            "{": self._object,
            "[": self._array,
        }

    def read(self) -> tuple[Any, Place]:
        """Return the one value of the text."""
        if not self._peek():
            raise UnreadableError(1, 1, "the file is empty")
        data, place = self._value((0, 0))
        if self._peek():
            self._fail("something follows the end of the document", "remove it")
        return data, place

    def _value(self, key: tuple[int, int]) -> tuple[Any, Place]:
        first = self._peek()
        line, column = self._place(self.at)
        self._count(line, column)
        container = self.containers.get(first)
        if container is None:
            data = self._scalar(first)
            return data, Place(line, column, line, *key)
        if self.depth >= budget.MAX_DEPTH:
            raise budget.too_deep(line, column)
        self.depth += 1
        self.at += 1
        data, children = container()
        self.depth -= 1
        return data, Place(line, column, self._place(self.at)[0], *key, children)

    def _object(self) -> tuple[dict[str, Any], dict[str | int, Place]]:
        data: dict[str, Any] = {}
        children: dict[str | int, Place] = {}
        more = self._peek() != "}"
        while more:
            key, place = self._key(children)
            self._expect(":", "a key needs a ':' behind it")
            data[key], children[key] = self._value(place)
            more = self._more("}")
        self._expect("}", "an object that was opened is not closed")
        return data, children

    def _array(self) -> tuple[list[Any], dict[str | int, Place]]:
        data: list[Any] = []
        children: dict[str | int, Place] = {}
        more = self._peek() != "]"
        while more:
            item, place = self._value((0, 0))
            children[len(data)] = place
            data.append(item)
            more = self._more("]")
        self._expect("]", "an array that was opened is not closed")
        return data, children

    def _key(self, known: dict[str | int, Place]) -> tuple[str, tuple[int, int]]:
        if self._peek() != '"':
            self._fail(
                "a key in double quotes belongs here", "JSON allows no comment and no comma before '}'"
            )
        place = self._place(self.at)
        key = str(self._scalar('"'))
        if key in known:
            raise budget.duplicate_key(*place, key, known[key].key_line)
        return key, place

    def _scalar(self, first: str) -> Any:
        start = self.at
        try:
            data, self.at = self.scalars.raw_decode(self.text, start)
        except json.JSONDecodeError as problem:
            self.at = problem.pos
            self._fail(_told(problem, first), "")
        except ValueError as problem:
            self._fail(str(problem), "if it is meant as text, put it in double quotes")
        if isinstance(data, str) and (mistake := budget.unstorable(*self._place(start), data)):
            raise mistake
        return data

    def _more(self, end: str) -> bool:
        found = self._peek()
        if found == ",":
            self.at += 1
            return True
        if found != end:
            self._fail(f"',' or '{end}' belongs here", "")
        return False

    def _expect(self, character: str, remedy: str) -> None:
        if self._peek() != character:
            self._fail(f"'{character}' belongs here", remedy)
        self.at += 1

    def _peek(self) -> str:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def _count(self, line: int, column: int) -> None:
        self.nodes += 1
        if self.nodes > budget.MAX_NODES:
            raise budget.too_many(line, column)

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def _fail(self, message: str, remedy: str) -> NoReturn:
        raise UnreadableError(*self._place(self.at), f"not JSON: {message}", remedy)


def _told(problem: json.JSONDecodeError, first: str) -> str:
    if problem.msg == "Expecting value":
        return (
            "a value belongs here"
            if first in (",", "}", "]", ":", "")
            else "unknown word; text needs double quotes"
        )
    return problem.msg[:1].lower() + problem.msg[1:].removesuffix(" starting at").removesuffix(" at")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON can carry")
