"""YAML 1.2 text to plain data with places, through libyaml's events: nothing that JSON could not say."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from aerodrome.source import budget
from aerodrome.source.budget import UnreadableError
from aerodrome.source.place import Place
from aerodrome.source.scalars import resolve

# YAML's own set of characters, less those that end a line in YAML 1.1 (which libyaml reads) but not in 1.2.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_BREAK = re.compile(r"\r\n|\r|\n")
_QUOTE = "put the text in quotes"
_REMEDIES = {
    "mapping values are not allowed": "text with ': ' in it needs quotes; otherwise check the indentation",
    "could not find expected ':'": "a key needs ': ' behind it; text with special characters needs quotes",
    "did not find expected key": "check the indentation: this line fits to no key above it",
    "did not find expected '-' indicator": "check the indentation: this line fits to no list above it",
    "did not find expected ',' or": "a bracket that was opened is not closed, or a comma is missing",
    "did not find expected node content": "a value is missing here, or a bracket is not closed",
    "found unknown escape character": "use single quotes for text with a backslash",
    "found unexpected end of stream": "a quote that was opened is not closed",
    "found unexpected document indicator": "a quote that was opened is not closed",
    "found invalid Unicode character escape code": "write the character itself, or \\U with eight digits",
}


class _Node(NamedTuple):
    data: Any
    place: Place
    size: int


class _Open:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "children", "column", "data", "key", "key_column", "key_line", "line", "size")

    def __init__(self, data: Any, line: int, column: int, anchor: str | None) -> None:
        self.data, self.line, self.column, self.anchor = data, line, column, anchor
        self.children: dict[str | int, Place] = {}
        self.key: str | None = None
        self.key_line = self.key_column = 0
        self.size = 1


def read_yaml(text: str) -> tuple[Any, Place]:
    """Return the data and the places of the one document in *text*; UnreadableError where it is none."""
    # yaml costs 20 ms to import; a repository without YAML files does not need it.
    import yaml

    _refuse_characters(text)
    parser = yaml.CBaseLoader(text)
    try:
        return _Reader(parser, text).read()
    except yaml.MarkedYAMLError as problem:
        raise _syntax(problem, text) from None
    except yaml.YAMLError as problem:
        raise UnreadableError(0, 0, f"not YAML: {problem}") from None


class _Reader:
    def __init__(self, parser: Any, text: str) -> None:
        import yaml

        self.parser = parser
        self.text = text
        self.open: list[_Open] = []
        self.anchors: dict[str, _Node] = {}
        self.nodes = 0
        self.handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._mapping,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.DocumentStartEvent: self._document,
        }
        self.end = yaml.StreamEndEvent
        self.result: _Node | None = None

    def read(self) -> tuple[Any, Place]:
        """Return the data and the places of the whole stream."""
        next_event, handlers, end = self.parser.get_event, self.handlers, self.end
        while not isinstance(event := next_event(), end):
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
        if self.result is None:
            raise UnreadableError(1, 1, "the file is empty")
        return self.result.data, self.result.place

    def _document(self, event: Any) -> None:
        line, column = _start(event)
        if self.result is not None:
            raise UnreadableError(
                line, column, "a second document", "one file holds one document: remove the '---'"
            )
        if event.version not in (None, (1, 2)):
            raise UnreadableError(line, column, "files are read as YAML 1.2", "remove the %YAML line")

    def _scalar(self, event: Any) -> None:
        line, column = _start(event)
        self._count(line, column, 1)
        self._refuse_tag(event, line, column)
        value: Any = event.value
        if mistake := budget.unstorable(line, column, value):
            raise mistake
        plain = not event.style
        if plain:
            value = _resolved(value, line, column)
        top = self.open[-1] if self.open else None
        if top is not None and top.key is None and isinstance(top.data, dict):
            self._key(top, value, plain, line, column)
            if event.anchor is not None:
                self.anchors[event.anchor] = _Node(value, Place(line, column, line), 1)
        else:
            mark = event.end_mark
            # A block scalar's end mark stands at the start of the line behind it.
            last = mark.line + (1 if mark.column or not event.style else 0)
            self._add(_Node(value, self._placed(line, column, max(last, line), None), 1), event.anchor)

    def _key(self, top: _Open, key: Any, plain: bool, line: int, column: int) -> None:
        if plain and key == "<<":
            raise UnreadableError(
                line, column, "merge keys are not YAML 1.2", "write the keys out, or use `defaults`"
            )
        if not isinstance(key, str):
            shown = "null" if key is None else str(key).lower()
            raise UnreadableError(
                line, column, f"the key {shown} is not text", f"write it in quotes: '{shown}'"
            )
        if key in top.data:
            raise budget.duplicate_key(line, column, key, top.children[key].key_line)
        top.key, top.key_line, top.key_column = key, line, column

    def _mapping(self, event: Any) -> None:
        self._begin(event, {})

    def _sequence(self, event: Any) -> None:
        self._begin(event, [])

    def _begin(self, event: Any, data: Any) -> None:
        line, column = _start(event)
        self._count(line, column, 1)
        self._refuse_tag(event, line, column)
        if len(self.open) >= budget.MAX_DEPTH:
            raise budget.too_deep(line, column)
        self._refuse_as_key(line, column, "a list or mapping")
        self.open.append(_Open(data, line, column, event.anchor))

    def _close(self, event: Any) -> None:
        done = self.open.pop()
        place = self._placed(done.line, done.column, event.end_mark.line + 1, done.children)
        self._add(_Node(done.data, place, done.size), done.anchor)

    def _alias(self, event: Any) -> None:
        line, column = _start(event)
        self._refuse_as_key(line, column, "an alias")
        node = self.anchors.get(event.anchor)
        if node is None:
            unfinished = any(part.anchor == event.anchor for part in self.open)
            message = "stands inside what it names" if unfinished else "names nothing above it"
            raise UnreadableError(
                line, column, f"the alias *{event.anchor} {message}", f"'&{event.anchor}' must come before it"
            )
        self._count(line, column, node.size)
        place = self._placed(line, column, line, node.place.children)
        self._add(_Node(node.data, place, node.size), None)

    def _add(self, node: _Node, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.open:
            self.result = node
            return
        top = self.open[-1]
        top.size += node.size
        if isinstance(top.data, list):
            top.children[len(top.data)] = node.place
            top.data.append(node.data)
        elif top.key is not None:
            top.children[top.key] = node.place
            top.data[top.key] = node.data
            top.key = None

    def _placed(self, line: int, column: int, last: int, children: dict[str | int, Place] | None) -> Place:
        top = self.open[-1] if self.open else None
        if top is None or top.key is None:
            return Place(line, column, last, 0, 0, children)
        return Place(line, column, last, top.key_line, top.key_column, children)

    def _count(self, line: int, column: int, size: int) -> None:
        self.nodes += size
        if self.nodes > budget.MAX_NODES:
            raise budget.too_many(line, column)

    def _refuse_as_key(self, line: int, column: int, what: str) -> None:
        top = self.open[-1] if self.open else None
        if top is not None and top.key is None and isinstance(top.data, dict):
            raise UnreadableError(line, column, f"{what} cannot be a key", "keys are text")

    def _refuse_tag(self, event: Any, line: int, column: int) -> None:
        if event.tag is not None:
            short = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise UnreadableError(
                line, column, f"the tag {short} is not allowed", "remove it; for text use quotes"
            )


def _start(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _resolved(text: str, line: int, column: int) -> Any:
    try:
        return resolve(text)
    except ValueError as problem:
        raise UnreadableError(
            line, column, str(problem), "if it is meant as text, put it in quotes"
        ) from None


def _refuse_characters(text: str) -> None:
    found = _FORBIDDEN.search(text)
    if found is None:
        return
    before = _BREAK.split(text[: found.start()])
    code = ord(found[0])
    remedy = (
        f'write it as an escape in double quotes: "\\x{code:02x}"' if code <= 0xFF else f'… "\\u{code:04x}"'
    )
    message = f"the character U+{code:04X} must not stand in a YAML file as it is"
    raise UnreadableError(len(before), len(before[-1]) + 1, message, remedy if code else "leave it out")


def _syntax(problem: Any, text: str) -> UnreadableError:
    mark = problem.problem_mark or problem.context_mark
    message = problem.problem or problem.context or "not YAML"
    line, column = mark.line + 1, mark.column + 1
    if message.startswith("found character") and "start any token" in message:
        return _bad_start(line, column, text)
    remedy = next((remedy for start, remedy in _REMEDIES.items() if message.startswith(start)), "")
    since = f" (begun in line {problem.context_mark.line + 1})" if _spans_lines(problem) else ""
    return UnreadableError(line, column, f"not YAML: {message}{since}", remedy)


def _spans_lines(problem: Any) -> bool:
    return bool(
        problem.context_mark
        and problem.problem_mark
        and problem.context_mark.line != problem.problem_mark.line
    )


def _bad_start(line: int, column: int, text: str) -> UnreadableError:
    lines = _BREAK.split(text)
    character = lines[line - 1][column - 1 : column] if line <= len(lines) else ""
    if character == "\t":
        return UnreadableError(line, column, "a tab in the indentation", "YAML is indented with spaces")
    return UnreadableError(line, column, f"text must not start with '{character}'", _QUOTE)
