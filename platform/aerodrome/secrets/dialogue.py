"""Asking for a secret's fields, on a terminal that shows nothing of them or as JSON from a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aerodrome.errors import UserError, did_you_mean
from aerodrome.progress import Progress
from aerodrome.secrets.connection_types import EXTRA, TYPES, Field, connection, mistakes
from aerodrome.secrets.entry import Entry
from aerodrome.secrets.values import Value

Ask = Callable[[str], str]
"""Returns what somebody types after a prompt, without showing it."""
VALUE = "value"
TRIES = 5
_VARIABLE = Field(VALUE, "value", required=True, secret=True)
_END = "-----END"


def asked(entry: Entry, ask: Ask, say: Progress) -> Value:
    """Return the value that somebody types, field by field; a text that is not accepted is asked for again."""
    if entry.kind == "variable":
        return {VALUE: _field(_VARIABLE, ask, say)}
    for _ in range(TRIES):
        given = {field.key: text for field in TYPES[entry.type].fields if (text := _field(field, ask, say))}
        wrong = list(mistakes(entry.type, given))
        if not wrong:
            return connection(entry.type, given)
        say(f"{'; '.join(wrong)}: once more from the first field")
    raise _given_up()


def parsed(entry: Entry, text: str) -> Value:
    """Return the value in a JSON document; UserError tells all mistakes of it and none of its values."""
    document = _document(text)
    if entry.kind == "variable":
        if list(document) != [VALUE] or not isinstance(document[VALUE], str) or not document[VALUE]:
            raise UserError(f'a variable is {{"{VALUE}": "…"}}, a text that is not empty')
        return document
    given = dict(_flat(entry.type, document))
    if wrong := list(mistakes(entry.type, given)):
        raise UserError(
            "\n".join(wrong), f"nothing was written; fields of {entry.type}: {_names(entry.type)}"
        )
    return connection(entry.type, given)


def _field(field: Field, ask: Ask, say: Progress) -> str:
    for _ in range(TRIES):
        text = _typed(field, ask)
        why = _refused(field, text) or _differs(field, text, ask)
        if not why:
            return text
        say(f"{field.label}: {why}")
    raise _given_up()


def _given_up() -> UserError:
    return UserError(f"{TRIES} times something that is not accepted", "nothing was written")


def _typed(field: Field, ask: Ask) -> str:
    if field.lines:
        return _lines(field, ask)
    text = ask(_prompt(field))
    # A password may end in a space; in a host's name it came with the paste.
    return text if field.secret else text.strip()


def _differs(field: Field, text: str, ask: Ask) -> str:
    twice = text and field.secret and not field.lines
    return "the two differ" if twice and ask(f"{field.label}, once more: ") != text else ""


def _prompt(field: Field) -> str:
    optional = f"empty: {field.default or 'none'}"
    return f"{field.label}: " if field.required else f"{field.label} ({optional}): "


def _lines(field: Field, ask: Ask) -> str:
    found: list[str] = []
    while line := ask(_prompt(field) if not found else ""):
        found.append(line.strip())
        if line.startswith(_END):
            break
    return "\n".join(found) + "\n" if found else ""


def _refused(field: Field, text: str) -> str:
    if not text:
        return "is required" if field.required else ""
    return field.check(text)


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as problem:
        # The library's text is about the document's shape and quotes nothing of it.
        raise UserError(f"standard input:{problem.lineno}:{problem.colno}: {problem.msg}", _HOW) from None
    except RecursionError:
        raise UserError("standard input is nested too deeply", _HOW) from None
    if not isinstance(found, dict):
        raise UserError("standard input is no JSON object", _HOW)
    return found


_HOW = "give one JSON object on standard input, or run the command on a terminal to be asked"


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UserError("standard input names a field twice", _HOW)
    return found


def _flat(kind: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (key, text) of each field that is not empty; `extra` may be an object with fields of its own."""
    by_name = {name: field for field in TYPES[kind].fields for name in (field.name, field.key)}
    generic = EXTRA in by_name
    for name, value in document.items():
        if name == EXTRA and isinstance(value, dict):
            yield from ((EXTRA, json.dumps(value)),) if generic else _flat(kind, value)
        elif name not in by_name:
            raise UserError(
                f"a connection of type {kind} has no field {name!a}", did_you_mean(name, _all(kind))
            )
        elif value not in (None, ""):
            yield by_name[name].key, _text(name, value, by_name[name])


def _text(name: str, value: Any, field: Field) -> str:
    if isinstance(value, bool) and field.switch:
        return "yes" if value else "no"
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise UserError(f"{name}: must be a text")


def _all(kind: str) -> list[str]:
    return [field.name for field in TYPES[kind].fields]


def _names(kind: str) -> str:
    return ", ".join(f"{field.name}{'' if field.required else '?'}" for field in TYPES[kind].fields)
