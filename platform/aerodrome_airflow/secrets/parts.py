"""What of a connection or a variable is secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from aerodrome_airflow.secrets.protocol import CONNECTION, Kind

WORDS = frozenset(
    {
        "auth", "authorization", "bearer", "cookie", "dsn", "jwt", "key", "keyfile", "pass", "private", "pwd",
        "sas", "signature", "webhook",
    }
)  # fmt: skip
"""A field of an extra is secret where one of these is a word of its name: `ssh_key`, `apiToken`."""
PARTS = (
    "accesskey",
    "apikey",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "token",
)
"""Or where one of these is a part of a word."""
SHORTEST_TEXT = 8
"""Characters of a text within a variable's JSON that is hidden by itself."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|token|apikey|digest|negotiate)\s+(\S+)")
_PAIR = re.compile(r"([A-Za-z_][\w.-]*)\s*=\s*([^;&\s,]+)")


def secrets_in(kind: Kind, value: Mapping[str, Any]) -> list[str]:
    """Return the texts of *value*, as the store holds it, that nobody may see."""
    found = _of_connection(value) if kind == CONNECTION else _of_variable(str(value.get("value", "")))
    return list(dict.fromkeys(text for text in found if text))


def is_secret_name(name: str) -> bool:
    """Return whether a field called *name* holds a secret."""
    lowered = name.lower()
    words = {word.lower() for word in _WORD.findall(name)}
    return not WORDS.isdisjoint(words) or any(part in lowered for part in PARTS)


def _of_connection(value: Mapping[str, Any]) -> Iterator[str]:
    yield str(value.get("password") or "")
    for field in ("host", "schema", "login"):
        yield from _within(str(value.get(field) or ""))
    yield from _of_extra(_parsed(value.get("extra")), secret=False)


def _of_variable(text: str) -> Iterator[str]:
    yield text
    document = _parsed(text)
    if isinstance(document, dict | list):
        yield from (leaf for leaf in _leaves(document) if len(leaf) >= SHORTEST_TEXT)


def _of_extra(extra: Any, *, secret: bool) -> Iterator[str]:
    if isinstance(extra, Mapping):
        for name, part in extra.items():
            yield from _of_extra(_parsed(part), secret=secret or is_secret_name(str(name)))
            # A document within a document is also printed as it stands there.
            if isinstance(part, str) and (secret or is_secret_name(str(name))):
                yield part
    elif isinstance(extra, list | tuple):
        for part in extra:
            yield from _of_extra(_parsed(part), secret=secret)
    elif isinstance(extra, str):
        yield from (extra,) if secret or "\n" in extra.strip() else ()
        yield from _within(extra)
    elif secret and extra is not None and not isinstance(extra, bool):
        yield str(extra)


def _within(text: str) -> Iterator[str]:
    """Yield what is secret inside of *text*: the password of a URL, the token of a header, a key among pairs."""
    yield from _SCHEME.findall(text)
    yield from (value for name, value in _PAIR.findall(text) if is_secret_name(name))
    if "://" in text and "@" in text:
        try:
            password = urlsplit(text).password
        except ValueError:
            return
        yield from {password, unquote(password)} if password else ()


def _leaves(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _leaves(part)
    elif isinstance(document, str):
        yield document


def _parsed(value: Any) -> Any:
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
